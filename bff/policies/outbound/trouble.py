"""Which failures say that an upstream is in trouble, and not that it refused one call. Asked by breaker and cache."""

from __future__ import annotations

from connectors.error_details import AnswerFailure
from connectors.errors import (
    UpstreamDisconnected,
    UpstreamError,
    UpstreamFailed,
    UpstreamFault,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)

_TROUBLE = (UpstreamUnreachable, UpstreamDisconnected, UpstreamTimeout, UpstreamUnavailable, UpstreamFailed)
_CALLERS_FAULT = frozenset({"Client", "Sender"})
"""Fault codes by which a SOAP service blames the message (SOAP 1.1 section 4.4.1, SOAP 1.2 part 1 section 5.4.6)."""


def is_trouble(error: UpstreamError) -> bool:
    """Whether other calls would likely fail too."""
    if isinstance(error, UpstreamFault):
        return error.upstream_code.rpartition(":")[2].partition(".")[0] not in _CALLERS_FAULT
    if type(error) is UpstreamFailed and any(isinstance(each, AnswerFailure) for each in error.details):
        return False  # it answered; what it reports is about this call
    return isinstance(error, _TROUBLE)
