"""What an HTTP status outside of 2xx means, as an UpstreamError. Used by the connectors that speak over HTTP."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from connectors.contract import Operation
from connectors.error_kinds import kind_for_status
from connectors.error_reply import ErrorReply
from connectors.errors import UpstreamBadReply, UpstreamError
from connectors.transport.contract import HttpReply

_MAX_WAIT = 86_400.0 * 365


def error_for_status(operation: Operation, reply: HttpReply) -> UpstreamError | None:
    """What a status means (RFC 9110 section 15); None for 2xx. The body is in the error's `reply` alone."""
    status = reply.status
    if 200 <= status < 300:
        return None
    words = f"HTTP {status} {_find_phrase(status)}".strip()
    sent = ErrorReply(status, headers=reply.headers, payload=reply.body)
    if status < 400:
        hint = "redirects are not followed; put the final address into bff.yaml"
        return UpstreamBadReply(operation, f"{words}: {hint}", reply=sent)
    wait = retry_after(reply.headers.get("retry-after"))
    kind = kind_for_status(status)
    return kind(operation, words, retry_after=wait, upstream_code=str(status), reply=sent)


def retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header: a number or a date (RFC 9110 section 10.2.3); None when it is unreadable."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), _MAX_WAIT)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _find_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
