"""Server-sent events: the distinct connections mode of the GraphQL over SSE protocol (graphql-sse, PROTOCOL.md).

Its events have no ids and `Last-Event-ID` is not looked at: the connection is the subscription, so who connects again
subscribes again, from now on. Who must not miss what came meanwhile uses the other mode, `single_connection`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from bff.contract import Answers, Refused
from bff.http.asgi import Exchange
from bff.http.errors import internal
from bff.http.responses.encode import encode
from bff.http.transports.heartbeat import ending, paced

log = structlog.get_logger("bff.http")

KEEP_ALIVE = 12.0
"""Seconds of silence after which a comment keeps proxies from closing the connection."""
_COMMENT = b":\n\n"
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept"}  # nginx must not collect events


async def send_events(exchange: Exchange, answers: Answers) -> None:
    """Send a `next` event for each answer, then `complete`; see `pour` for other endings."""
    await pour(exchange, _framed(answers, exchange.request_id))


async def pour(exchange: Exchange, events: AsyncGenerator[bytes, None]) -> None:
    """Send events until they end, and a comment in silence. Closes `events`.

    A client that hangs up ends them. A server that stops ends the stream without `complete`, so that clients connect
    again. The next event is asked for when the last one is written, however slowly it is read.
    """
    async with aclosing(events), ending(exchange, also_at_stop=True) as over:
        await exchange.start(200, "text/event-stream; charset=utf-8", _HEADERS)
        async with aclosing(paced(events, over, KEEP_ALIVE)) as coming:
            async for event in coming:
                await exchange.write(_COMMENT if event is None else event)
        await exchange.write(b"", is_last=True)


def event_of(kind: bytes, data: bytes, number: int | None = None) -> bytes:
    """One event as it is sent; `data` has no line feeds. An empty one is sent too, because EventSource needs it."""
    id_line = b"" if number is None else b"id: %d\n" % number
    return id_line + b"event: " + kind + b"\ndata:" + (b" " + data if data else b"") + b"\n\n"


async def _framed(answers: Answers, request_id: str) -> AsyncGenerator[bytes, None]:
    async with aclosing(answers):
        try:
            async for answer in answers:
                yield event_of(b"next", encode(answer))
        except Refused as refusal:
            yield event_of(b"next", encode(refusal.answer()))
        except Exception:
            log.exception("subscription_failed", request_id=request_id)
            yield event_of(b"next", encode(internal(request_id).answer()))
    yield event_of(b"complete", b"")
