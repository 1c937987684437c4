"""Errors: HTTP responses that are no usable reply, as UpstreamErrors. Used by `connector` and `decode`."""

from __future__ import annotations

from connectors.contract import Call, Operation
from connectors.errors import UpstreamBadReply
from connectors.rest.operations import RestOperation
from connectors.transport import HttpReply

_CONDITIONS = frozenset(("if-none-match", "if-modified-since"))
"""Fields of a conditional request (RFC 9110 section 13.1), to which 304 is an answer."""
_MISSING = (404, 410)


def is_empty_answer(call: Call, operation: RestOperation, status: int) -> bool:
    """Whether a status outside of 2xx answers the call with null: not modified, or missing="null"."""
    if status == 304:
        return not _CONDITIONS.isdisjoint(call.headers)
    return status in _MISSING and operation.missing_is_null


def bad_reply(operation: Operation, response: HttpReply, reason: str, *, expected: str = "JSON") -> UpstreamBadReply:
    """The error of a body that is not of the expected format."""
    kind = response.headers.get("content-type", "no content type").partition(";")[0][:80]
    return UpstreamBadReply(
        operation,
        f"expected {expected}, got {len(response.body)} bytes of {kind}: {reason}",
        upstream_code=str(response.status),
    )
