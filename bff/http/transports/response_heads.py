"""Send the status and headers that resolvers chose, or log that they cannot be sent. Used by the other transports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bff.contract import Answer, ResponseHead
from bff.http.asgi import Exchange
from bff.http.security_headers import FixedHeaders
from bff.observability.logger import get_logger

log = get_logger("bff.http")


def start_head(exchange: Exchange, answer: Answer, status: int = 200) -> int:
    """The status of the response to one operation, whose headers are put into it."""
    head = answer.head
    if head is None:
        return status
    apply_head(exchange, head)
    return head.status or status


def apply_head(exchange: Exchange, head: ResponseHead) -> None:
    """Put the headers into the response, before it starts; `cache_control` is for the caller to send."""
    own = {name for name, _ in head.lines}
    kept = [(name, value) for name, value in exchange.fixed.lines if name.decode("latin-1") not in own]
    exchange.fixed = FixedHeaders([*_decode(kept), *head.lines])
    exchange.vary = (*exchange.vary, *head.vary)


def apply_heads(exchange: Exchange, answers: Iterable[Answer]) -> Mapping[str, str] | None:
    """Put the headers of all operations of a batch into its one response, in their order; their status is not sent.

    Returns the header of the response that says what caches may do.
    """
    heads = [answer.head for answer in answers if answer.head is not None]
    if not heads:
        return None
    for head in heads:
        exchange.vary = (*exchange.vary, *head.vary)
        if head.status is not None:
            log.warning("response_status_ignored", reason="batch", status=head.status, request_id=exchange.request_id)
    lines = dict.fromkeys(line for head in heads for line in head.lines)
    apply_head(exchange, ResponseHead(lines=tuple(lines)))
    return {"cache-control": "no-store"}


def ignore_head(answer: Answer, request_id: str, *, reason: str) -> None:
    """Log that an answer is sent without the head that its resolvers chose."""
    if answer.head is not None:
        log.warning("response_head_ignored", reason=reason, request_id=request_id, **answer.head.describe())


def _decode(lines: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines]
