"""From the errors of a GraphQL response to UpstreamErrors. Used by `responses` and `subscribing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract import Operation
from connectors.errors import (
    UpstreamBadReply,
    UpstreamConflict,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamNotFound,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
)

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
"""Apollo Server's codes, those of DGS (`errorType`) and of graphql-java (`classification`), and what others say."""
_CODE_KEYS = ("code", "errorType", "classification")
_MOST_TEXT = 500
_SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a response (GraphQL specification, section 7.1.2), read leniently."""

    message: str
    path: tuple[str | int, ...] | None
    code: str
    has_locations: bool

    def error(
        self, operation: Operation, *, status: UpstreamError | None = None, retry_after: float | None = None
    ) -> UpstreamError:
        """What it means for an operation. `status` is what the HTTP status says, where it says something.

        An error without code or path that points into the document is a refusal of the document: only fields that
        were executed have paths.
        """
        kind = _BY_CODE.get(self.code.upper().replace(" ", ""))
        if kind is None and status is not None:
            kind = type(status)
        if kind is None:
            is_refusal = not self.code and self.path is None and self.has_locations
            kind = UpstreamRejected if is_refusal else UpstreamFailed
        upstream_code = self.code or (status.upstream_code if status else "")
        return kind(operation, self.message, retry_after=retry_after, upstream_code=upstream_code)


def problems_in(errors: Any, headers: Mapping[str, str]) -> tuple[Problem, ...]:
    """The errors of a response. Values of the call's `headers` that an upstream repeats are taken out of its words."""
    if not isinstance(errors, list):
        return ()
    secrets = [part for value in headers.values() for part in (value, *value.split()) if len(part) >= _SHORTEST_SECRET]
    return tuple(_problem(error, secrets) for error in errors if isinstance(error, dict))


def failure(
    operation: Operation,
    problems: Sequence[Problem],
    *,
    status: UpstreamError | None = None,
    retry_after: float | None = None,
) -> UpstreamError:
    """What a response without data means."""
    if problems:
        return problems[0].error(operation, status=status, retry_after=retry_after)
    return status or UpstreamBadReply(operation, "the response has neither data nor errors")


def about(error: UpstreamError, operation: Operation) -> UpstreamError:
    """The same failure, told of another operation that shared the request."""
    if error.operation is operation:
        return error
    told = type(error)(operation, error.detail, retry_after=error.retry_after, upstream_code=error.upstream_code)
    told.__cause__ = error
    return told


def _problem(error: Mapping[str, Any], secrets: Sequence[str]) -> Problem:
    message = str(error.get("message", "an error without a message"))
    for secret in secrets:
        message = message.replace(secret, "***")
    extensions = error.get("extensions")
    codes = [extensions.get(key) for key in _CODE_KEYS] if isinstance(extensions, dict) else []
    code = next((each for each in codes if isinstance(each, str) and each), "")
    return Problem(
        message=message[:_MOST_TEXT],
        path=_path(error.get("path")),
        code=code[:_MOST_TEXT],
        has_locations=bool(error.get("locations")),
    )


def _path(path: Any) -> tuple[str | int, ...] | None:
    if not isinstance(path, list) or not all(isinstance(step, str | int) for step in path):
        return None
    return tuple(path)
