"""Errors: those of GraphQL responses and of websockets, as UpstreamErrors. Used by `connector`, `decode`, `session`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from websockets.exceptions import ConnectionClosed

from connectors.contract import Operation
from connectors.error_details import GraphqlError
from connectors.error_reply import MAX_DEPTH, ErrorReply
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
)
from connectors.transport.websocket import is_too_big, make_close_reply

_BY_CODE: dict[str, type[UpstreamError]] = {
    "UNAUTHENTICATED": UpstreamUnauthenticated,
    "FORBIDDEN": UpstreamForbidden,
    "PERMISSION_DENIED": UpstreamForbidden,
    "NOT_FOUND": UpstreamNotFound,
    "CONFLICT": UpstreamConflict,
    "RATE_LIMITED": UpstreamRateLimited,
    "TOO_MANY_REQUESTS": UpstreamRateLimited,
    "UNAVAILABLE": UpstreamUnavailable,
    "SERVICE_UNAVAILABLE": UpstreamUnavailable,
    "TIMEOUT": UpstreamTimeout,
    "BAD_REQUEST": UpstreamRejected,
    "BAD_USER_INPUT": UpstreamRejected,
    "GRAPHQL_PARSE_FAILED": UpstreamRejected,
    "GRAPHQL_VALIDATION_FAILED": UpstreamRejected,
    "OPERATION_RESOLUTION_FAILURE": UpstreamRejected,
    "VALIDATIONERROR": UpstreamRejected,
    "INVALIDSYNTAX": UpstreamRejected,
}
"""Codes of Apollo Server, DGS (`errorType`), graphql-java (`classification`) and others."""
_BY_CLOSE_CODE: dict[int, type[UpstreamError]] = {
    1008: UpstreamRejected,
    1011: UpstreamFailed,
    1012: UpstreamUnavailable,
    1013: UpstreamUnavailable,
    4400: UpstreamRejected,
    4401: UpstreamUnauthenticated,
    4403: UpstreamForbidden,
    4406: UpstreamRejected,
    4408: UpstreamTimeout,
    4429: UpstreamRateLimited,
    4500: UpstreamFailed,
}
"""RFC 6455 section 7.4, the IANA registry beside it, and the protocol's own codes."""
_CODE_KEYS = ("code", "errorType", "classification")
_MAX_PROBLEMS = 1_000
"""Errors of one response that are read."""
_MAX_PATH = 250
"""Steps of a path that are read: more than data may have levels."""
_MAX_TEXT = 500
_MAX_UNMASKED = 10_000
"""Characters of a message that are searched for secrets; what remains is cut to _MAX_TEXT."""
_MIN_SECRET = 6
_MAX_DETAILS, _MAX_ITEMS = 100, 100
"""Errors, and items of a list or object in their extensions, that are kept for those who catch the error."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a response (GraphQL specification, section 7.1.2), read leniently."""

    message: str
    path: tuple[str | int, ...] | None
    code: str
    has_locations: bool
    error: GraphqlError = field(default_factory=GraphqlError)
    """The same as the upstream sent it, for those who catch the error."""

    def to_upstream_error(
        self, operation: Operation, *, status: UpstreamError | None = None, retry_after: float | None = None
    ) -> UpstreamError:
        """The error of an operation. `status` is the error of the HTTP status, if any.

        An error without code or path that has locations rejects the document: errors of execution have paths.
        """
        kind = _BY_CODE.get(self.code.upper().replace(" ", ""))
        if kind is None and status is not None:
            kind = type(status)
        if kind is None:
            is_refusal = not self.code and self.path is None and self.has_locations
            kind = UpstreamRejected if is_refusal else UpstreamFailed
        upstream_code = self.code or (status.upstream_code if status else "")
        return kind(
            operation,
            self.message,
            retry_after=retry_after,
            upstream_code=upstream_code,
            quoted=self.message,
            reply=_make_reply([self], status),
        )


def parse_problems(errors: Any, headers: Mapping[str, str]) -> tuple[Problem, ...]:
    """The errors of a response. Values of the call's `headers` that the upstream repeats are masked."""
    if not isinstance(errors, list):
        return ()
    secrets = [part for value in headers.values() for part in (value, *value.split()) if len(part) >= _MIN_SECRET]
    return tuple(_parse_problem(error, secrets) for error in errors[:_MAX_PROBLEMS] if isinstance(error, dict))


def create_error(
    operation: Operation,
    problems: Sequence[Problem],
    *,
    status: UpstreamError | None = None,
    retry_after: float | None = None,
) -> UpstreamError:
    """The error of a response without data."""
    if problems:
        error = problems[0].to_upstream_error(operation, status=status, retry_after=retry_after)
        error.reply = _make_reply(problems, status)
        return error
    return status or UpstreamBadReply(operation, "the response has neither data nor errors")


def _make_reply(problems: Sequence[Problem], status: UpstreamError | None) -> ErrorReply:
    """What the upstream sent: the first error as the body, all as details; of the HTTP response, its headers."""
    first = problems[0].error
    body: dict[str, Any] = {"message": first.message}
    if first.path is not None:
        body["path"] = list(first.path)
    if first.extensions:
        body["extensions"] = first.extensions
    code = problems[0].code or (status.status if status is not None else None)
    headers = status.headers if status is not None else None
    return ErrorReply(code, headers=headers, body=body, details=[each.error for each in problems[:_MAX_DETAILS]])


def create_close_error(operation: Operation, closed: ConnectionClosed, max_reply_size: int) -> UpstreamError:
    """What a closed websocket means for its subscription."""
    if is_too_big(closed):
        return UpstreamReplyTooLarge(operation, f"a message exceeds max_reply_size, {max_reply_size} bytes")
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd is not None else (1006, "")
    kind = _BY_CLOSE_CODE.get(code, UpstreamDisconnected)
    return kind(
        operation,
        f"the upstream closed the websocket with {code}" + (f": {reason}" if reason else ""),
        upstream_code=str(code),
        quoted=reason,
        reply=make_close_reply(code, reason),
    )


def create_init_error(operation: Operation, payload: Any, headers: Mapping[str, str]) -> UpstreamError:
    """What a `connection_error` of the older subprotocol says: nearly always about the caller."""
    problems = parse_problems([payload] if isinstance(payload, dict) else payload, headers)
    if problems and problems[0].code:
        return problems[0].to_upstream_error(operation)
    if not problems:
        return UpstreamRejected(operation, "the upstream refused connection_init")
    message = problems[0].message
    return UpstreamRejected(operation, message, quoted=message, reply=_make_reply(problems, None))


def _parse_problem(error: Mapping[str, Any], secrets: Sequence[str]) -> Problem:
    message = str(error.get("message", "an error without a message"))[:_MAX_UNMASKED]
    for secret in secrets:
        message = message.replace(secret, "***")
    extensions = _mask(error.get("extensions"), secrets)
    path = _parse_path(error.get("path"))
    codes = [extensions.get(key) for key in _CODE_KEYS] if isinstance(extensions, dict) else []
    code = next((each for each in codes if isinstance(each, str) and each), "")
    kept = extensions if isinstance(extensions, dict) else {}
    return Problem(
        message=message[:_MAX_TEXT],
        path=path,
        code=code[:_MAX_TEXT],
        has_locations=bool(error.get("locations")),
        error=GraphqlError(message[:_MAX_TEXT], path, kept),
    )


def _mask(value: Any, secrets: Sequence[str], depth: int = 0) -> Any:
    """Data without what repeats a secret, of at most so many levels and items."""
    if isinstance(value, str):
        text = value[:_MAX_UNMASKED]
        for secret in secrets:
            text = text.replace(secret, "***")
        return text
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {str(name): _mask(each, secrets, depth + 1) for name, each in islice(value.items(), _MAX_ITEMS)}
    return [_mask(each, secrets, depth + 1) for each in value[:_MAX_ITEMS]] if isinstance(value, list) else value


def _parse_path(path: Any) -> tuple[str | int, ...] | None:
    if not isinstance(path, list) or not all(isinstance(step, str | int) for step in path[:_MAX_PATH]):
        return None
    return tuple(path[:_MAX_PATH])
