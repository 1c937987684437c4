"""gRPC status codes as UpstreamErrors, and data that does not match a request message. Used by the connector.

Source: gRPC "Status codes and their use in gRPC"; retry push-back from gRFC A6. grpcio reports its own failures under
the same codes; only their texts distinguish them, which are those of grpcio 1.85. With another version,
tests/connectors/grpc/test_errors.py fails first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from grpc import StatusCode
from grpc.aio import AioRpcError

from connectors.contract import Operation
from connectors.error_reply import ErrorReply
from connectors.errors import (
    UpstreamBadReply,
    UpstreamConflict,
    UpstreamDisconnected,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamNotFound,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamReplyTooLarge,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.grpc.encode_metadata import decode_metadata
from connectors.grpc.errors_details import TRAILER, DecodeAny, RichStatus, parse_status

ERRORS: Mapping[StatusCode, type[UpstreamError]] = {
    StatusCode.CANCELLED: UpstreamDisconnected,  # not by us: the server or a proxy gave the call up
    StatusCode.UNKNOWN: UpstreamFailed,
    StatusCode.INVALID_ARGUMENT: UpstreamRejected,
    StatusCode.DEADLINE_EXCEEDED: UpstreamTimeout,
    StatusCode.NOT_FOUND: UpstreamNotFound,
    StatusCode.ALREADY_EXISTS: UpstreamConflict,
    StatusCode.PERMISSION_DENIED: UpstreamForbidden,
    StatusCode.RESOURCE_EXHAUSTED: UpstreamRateLimited,
    StatusCode.FAILED_PRECONDITION: UpstreamConflict,
    StatusCode.ABORTED: UpstreamConflict,
    StatusCode.OUT_OF_RANGE: UpstreamRejected,
    StatusCode.UNIMPLEMENTED: UpstreamFailed,
    StatusCode.INTERNAL: UpstreamFailed,
    StatusCode.UNAVAILABLE: UpstreamUnavailable,
    StatusCode.DATA_LOSS: UpstreamBadReply,
    StatusCode.UNAUTHENTICATED: UpstreamUnauthenticated,
}
"""What each status means when nothing more is known."""

_HTTP_STATUS = re.compile(r"Received http2 header with status: (\d{3})")
"""What grpcio reports of an HTTP response that is not one of gRPC, such as a proxy's page."""
_MILLISECONDS = re.compile("[0-9]{1,9}")
_TOO_LARGE = "CLIENT: Received message larger than max"
_NEVER_CONNECTED = ("failed to connect to all addresses", "errors resolving", "DNS resolution failed")
_LOCAL, _RESET_BY_PEER = "Stream removed (", "Stream removed (RST_STREAM"  # grpcio's own words, and those with a peer's
_UNREADABLE = (
    "Stream removed (Error parsing",
    "Stream removed (Failed parsing",
    "Stream removed (Data frame with END_STREAM",  # no trailers, so no status: cut off, or not gRPC at all
)
_COMPRESSED = ("Compression algorithm", "Stream removed (Compression", "Compression bit")


class RequestMismatch(Exception):
    """Data does not match the type of the request message.

    The text names the path of the field and never its value, which may be secret.
    """

    def __init__(self, reason: str, *, is_definition: bool = False) -> None:
        """`is_definition`: the endpoint's definition is wrong (there is no such field), not the value."""
        super().__init__(reason)
        self.reason = reason
        self.path: tuple[str, ...] = ()
        self.is_definition = is_definition

    def add_outer_step(self, step: object) -> None:
        """Add the field, entry or element that contains the place named so far."""
        self.path = (str(step), *self.path)

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.reason}" if self.path else self.reason


def name_type(value: Any) -> str:
    """Name the type of a value for a message that must not repeat the value."""
    return "null" if value is None else type(value).__name__


def translate_status(
    operation: Operation, error: AioRpcError, decode_any: DecodeAny, *, is_connected: bool
) -> UpstreamError:
    """Make the UpstreamError of a failed call. `is_connected`: the channel has a connection right after the call.

    `decode_any` decodes details of types that the upstream's schema has.
    """
    code, details = error.code(), error.details() or ""
    kind = _choose_error(code, details, is_connected=is_connected)
    rich = _read_rich_status(error, decode_any)
    hint = "; to accept it, set compression: true" if details.startswith(_COMPRESSED) else ""
    return kind(
        operation,
        f"{code.name}: {details}{hint}" if details else code.name,
        upstream_code=code.name,
        retry_after=_find_delay(error, rich),
        quoted="" if _is_own_text(code, details) else details,
        reply=_make_reply(error, code, details, rich),
    )


def _read_rich_status(error: AioRpcError, decode_any: DecodeAny) -> RichStatus | None:
    """The google.rpc.Status that came with the trailers."""
    for name, value in error.trailing_metadata() or ():
        if name == TRAILER:
            return parse_status(value if isinstance(value, bytes) else value.encode("latin-1", "replace"), decode_any)
    return None


def _make_reply(error: AioRpcError, code: StatusCode, details: str, rich: RichStatus | None) -> ErrorReply:
    """What the upstream sent: its metadata, and the status with its details; nothing where grpcio itself failed."""
    headers = decode_metadata(error.initial_metadata(), error.trailing_metadata())
    headers.pop(TRAILER, None)
    if http := _HTTP_STATUS.match(details):
        headers[":status"] = http[1]
    body = rich.body if rich is not None else None
    if body is None and not _is_own_text(code, details):
        body = {"code": code.value[0], "message": details, "details": []}
    return ErrorReply(code.name, headers=headers, body=body, details=rich.details if rich is not None else ())


def _find_delay(error: AioRpcError, rich: RichStatus | None) -> float | None:
    pushback = _read_pushback(error)
    return pushback if pushback is not None or rich is None else rich.retry_delay


def _is_own_text(code: StatusCode, details: str) -> bool:
    """Whether grpcio wrote the text, about a connection or a limit, and not the upstream."""
    own = details.startswith((*_NEVER_CONNECTED, _LOCAL, *_COMPRESSED)) or _TOO_LARGE in details
    return own or code in (StatusCode.DEADLINE_EXCEEDED, StatusCode.CANCELLED)


def _choose_error(code: StatusCode, details: str, *, is_connected: bool) -> type[UpstreamError]:
    """Choose the class of error by status code and, where grpcio reports a failure of its own in one, by its text."""
    if code is StatusCode.UNAVAILABLE:
        return _choose_unavailable(details, is_connected=is_connected)
    if code is StatusCode.RESOURCE_EXHAUSTED and _TOO_LARGE in details:
        return UpstreamReplyTooLarge
    if code in (StatusCode.INTERNAL, StatusCode.UNKNOWN) and details.startswith(_UNREADABLE + _COMPRESSED):
        return UpstreamBadReply
    return ERRORS.get(code, UpstreamFailed)


def _choose_unavailable(details: str, *, is_connected: bool) -> type[UpstreamError]:
    """UNAVAILABLE has three meanings: no connection, a lost connection, an upstream that reports it about itself."""
    is_lost = details.startswith(_LOCAL) and not details.startswith(_RESET_BY_PEER)
    if is_connected:  # then a text about a failed connection is the upstream's, about an upstream of its own
        return UpstreamDisconnected if is_lost else UpstreamUnavailable
    return UpstreamUnreachable if details.startswith(_NEVER_CONNECTED) else UpstreamDisconnected


def _read_pushback(error: AioRpcError) -> float | None:
    """Read how many seconds the server asks us to wait (`grpc-retry-pushback-ms`); None without it or for "never"."""
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-retry-pushback-ms" and isinstance(value, str) and _MILLISECONDS.fullmatch(value):
            return int(value) / 1000
    return None
