"""BrokerErrors, and failures that responders report, as UpstreamErrors. Used by the connector at its border.

Sources of headers: NATS "Services framework" (ADR-32) for `Nats-Service-Error`, NATS "Headers" (ADR-4) for `Status`.
"""

from __future__ import annotations

from connectors.contract import Operation
from connectors.error_details import ServiceError
from connectors.error_kinds import kind_for_code
from connectors.error_reply import ErrorReply
from connectors.errors import (
    UpstreamDisconnected,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamUnreachable,
)
from connectors.queue.brokers.contract import (
    ERROR_HEADER,
    BrokerDenied,
    BrokerDisconnected,
    BrokerError,
    BrokerFull,
    BrokerRefused,
    BrokerUnreachable,
    Message,
    NoResponders,
)

ERRORS: tuple[tuple[type[BrokerError], type[UpstreamError]], ...] = (
    (BrokerFull, UpstreamRateLimited),
    (BrokerDenied, UpstreamForbidden),
    (BrokerRefused, UpstreamRejected),
    (NoResponders, UpstreamUnreachable),
    (BrokerUnreachable, UpstreamUnreachable),
    (BrokerDisconnected, UpstreamDisconnected),
)
"""The first class that fits counts, so that subclasses stand before their base."""


_MAX_CODE, _MAX_TEXT = 64, 500
"""Characters of a responder's code and words that are kept."""
_NATS_ERROR, _NATS_CODE = "nats-service-error", "nats-service-error-code"


def translate_error(operation: Operation, error: BrokerError) -> UpstreamError:
    """Make the UpstreamError of what a broker raised, with it as the cause."""
    kind = next((ours for theirs, ours in ERRORS if isinstance(error, theirs)), UpstreamFailed)
    details = [ServiceError(error.code, error.description)] if error.code or error.description else []
    status = int(error.code) if error.code.isascii() and error.code.isdecimal() else error.code or None
    reply = ErrorReply(status, details=details)
    translated = kind(operation, str(error), upstream_code=error.code, quoted=error.description, reply=reply)
    translated.__cause__ = error
    return translated


def find_failure(operation: Operation, answer: Message) -> UpstreamError | None:
    """The failure that a responder reports in the headers of its answer; None for a good one."""
    found = _find_service_error(answer)
    if found is None:
        return None
    reply = ErrorReply(
        int(found.code) if found.code.isascii() and found.code.isdecimal() else found.code or None,
        headers={"content-type": answer.content_type, **answer.headers},
        payload=answer.body if answer.body != b"null" else b"",
        details=[found],
    )
    kind = kind_for_code(found.code)
    words = "the responder reports a failure"  # and none of its own words, which may repeat secrets that it was sent
    return kind(operation, words, upstream_code=found.code, quoted=found.description, reply=reply)


def _find_service_error(answer: Message) -> ServiceError | None:
    headers = answer.headers
    if ERROR_HEADER in headers:
        return ServiceError(headers[ERROR_HEADER][:_MAX_CODE])
    if _NATS_ERROR in headers or headers.get(_NATS_CODE, "")[:1] in ("4", "5"):
        return ServiceError(headers.get(_NATS_CODE, "")[:_MAX_CODE], headers.get(_NATS_ERROR, "")[:_MAX_TEXT])
    status = headers.get("status", "")
    if not answer.body and len(status) == 3 and status.isascii() and status.isdecimal() and status >= "400":
        return ServiceError(status, headers.get("description", "")[:_MAX_TEXT])
    return None
