"""Which UpstreamError a status or a code means, wherever it stands: in an HTTP status line, a header, a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.errors import (
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

BY_STATUS: Final[Mapping[int, type[UpstreamError]]] = {
    401: UpstreamUnauthenticated,
    403: UpstreamForbidden,
    404: UpstreamNotFound,
    408: UpstreamTimeout,
    409: UpstreamConflict,
    410: UpstreamNotFound,
    412: UpstreamConflict,
    429: UpstreamRateLimited,
    502: UpstreamUnavailable,
    503: UpstreamUnavailable,
    504: UpstreamUnavailable,
}
"""Statuses of HTTP (RFC 9110 section 15, RFC 6585) that mean more than their class."""
BY_NAME: Final[Mapping[str, type[UpstreamError]]] = {
    "UNAUTHENTICATED": UpstreamUnauthenticated,
    "UNAUTHORIZED": UpstreamUnauthenticated,
    "FORBIDDEN": UpstreamForbidden,
    "PERMISSION_DENIED": UpstreamForbidden,
    "NOT_FOUND": UpstreamNotFound,
    "CONFLICT": UpstreamConflict,
    "ALREADY_EXISTS": UpstreamConflict,
    "RATE_LIMITED": UpstreamRateLimited,
    "TOO_MANY_REQUESTS": UpstreamRateLimited,
    "RESOURCE_EXHAUSTED": UpstreamRateLimited,
    "UNAVAILABLE": UpstreamUnavailable,
    "SERVICE_UNAVAILABLE": UpstreamUnavailable,
    "TIMEOUT": UpstreamTimeout,
    "BAD_REQUEST": UpstreamRejected,
    "BAD_USER_INPUT": UpstreamRejected,
    "INVALID_ARGUMENT": UpstreamRejected,
    "VALIDATION_ERROR": UpstreamRejected,
}
"""Names that many systems use as codes."""


def kind_for_status(status: int) -> type[UpstreamError]:
    """The class for a status of 400 or more."""
    return BY_STATUS.get(status) or (UpstreamRejected if status < 500 else UpstreamFailed)


def kind_for_code(code: Any) -> type[UpstreamError]:
    """The class for a code that an answer reports: like an HTTP status, or by name; else UpstreamFailed."""
    text = str(code) if isinstance(code, int | str) else ""
    if len(text) == 3 and text.isascii() and text.isdecimal() and text >= "400" and text < "600":
        return kind_for_status(int(text))
    return BY_NAME.get(text.upper().replace("-", "_").replace(" ", "_"), UpstreamFailed)
