"""Errors: those of GraphQL responses and of websockets, as UpstreamErrors. Used by `connector`, `decode`, `session`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed

from connectors.contract import Operation
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
from connectors.transport.websocket import is_too_big

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


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a response (GraphQL specification, section 7.1.2), read leniently."""

    message: str
    path: tuple[str | int, ...] | None
    code: str
    has_locations: bool

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
        return kind(operation, self.message, retry_after=retry_after, upstream_code=upstream_code, quoted=self.message)


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
        return problems[0].to_upstream_error(operation, status=status, retry_after=retry_after)
    return status or UpstreamBadReply(operation, "the response has neither data nor errors")


def create_close_error(operation: Operation, closed: ConnectionClosed, max_reply_size: int) -> UpstreamError:
    """What a closed websocket means for its subscription."""
    if is_too_big(closed):
        return UpstreamReplyTooLarge(operation, f"a message exceeds max_reply_size, {max_reply_size} bytes")
    code = closed.rcvd.code if closed.rcvd is not None else 1006
    kind = _BY_CLOSE_CODE.get(code, UpstreamDisconnected)
    return kind(operation, f"the upstream closed the websocket with {code}", upstream_code=str(code))


def _parse_problem(error: Mapping[str, Any], secrets: Sequence[str]) -> Problem:
    message = str(error.get("message", "an error without a message"))[:_MAX_UNMASKED]
    for secret in secrets:
        message = message.replace(secret, "***")
    extensions = error.get("extensions")
    codes = [extensions.get(key) for key in _CODE_KEYS] if isinstance(extensions, dict) else []
    code = next((each for each in codes if isinstance(each, str) and each), "")
    return Problem(
        message=message[:_MAX_TEXT],
        path=_parse_path(error.get("path")),
        code=code[:_MAX_TEXT],
        has_locations=bool(error.get("locations")),
    )


def _parse_path(path: Any) -> tuple[str | int, ...] | None:
    if not isinstance(path, list) or not all(isinstance(step, str | int) for step in path[:_MAX_PATH]):
        return None
    return tuple(path[:_MAX_PATH])
