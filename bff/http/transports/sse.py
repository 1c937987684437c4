"""Server-sent events: the distinct connections mode of the GraphQL over SSE protocol (graphql-sse, PROTOCOL.md).

These events have no ids and `Last-Event-ID` is ignored: the connection is the subscription, so a client that connects
again subscribes again and misses the events in between. `single_connection` is the mode that can resume.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from bff.contract import Answers, Problem, Refused, make_internal_error
from bff.http.asgi import ClientGone, Exchange
from bff.http.options import Timeouts
from bff.http.responses.encode import encode
from bff.http.transports.heartbeat import add_heartbeats, watch_for_end
from bff.observability.logger import get_logger

log = get_logger("bff.http")

_COMMENT = b":\n\n"
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept"}  # nginx must not collect events


async def send_events(exchange: Exchange, answers: Answers, timeouts: Timeouts, *, status: int = 200) -> None:
    """Send a `next` event for each answer, then `complete`; `send_stream` says how it ends otherwise."""
    await send_stream(exchange, _encode_answers(answers, exchange), timeouts, status=status)


async def send_stream(
    exchange: Exchange, events: AsyncGenerator[bytes, None], timeouts: Timeouts, *, status: int = 200
) -> None:
    """Send events until they end, and a comment after each silence. Closes `events`.

    If the client disconnects, the events end. If the server stops, the stream ends without `complete`, so that clients
    connect again; also if answers end with SERVER_STOPPING. The next event is requested when the last one is written,
    however slowly the client reads it.
    """
    async with aclosing(events), watch_for_end(exchange, also_at_stop=True) as end:
        await exchange.start(status, "text/event-stream; charset=utf-8", _HEADERS)
        async with aclosing(add_heartbeats(events, end, timeouts.sse_keep_alive)) as coming:
            async for event in coming:
                await exchange.write(_COMMENT if event is None else event)
        await exchange.write(b"", is_last=True)


def encode_event(kind: bytes, data: bytes, number: int | None = None) -> bytes:
    """One event as bytes; `data` has no line feeds. An empty `data` field is sent too, because EventSource needs it."""
    id_line = b"" if number is None else b"id: %d\n" % number
    return id_line + b"event: " + kind + b"\ndata:" + (b" " + data if data else b"") + b"\n\n"


async def _encode_answers(answers: Answers, exchange: Exchange) -> AsyncGenerator[bytes, None]:
    async with aclosing(answers):
        try:
            async for answer in answers:
                if exchange.room.is_crowded:
                    await exchange.wait_for_room(answer.body())
                yield encode_event(b"next", encode(answer))
        except ClientGone:
            raise
        except Refused as refusal:
            if refusal.code == Problem.SERVER_STOPPING.name:
                return  # without `complete`, so that clients connect again
            yield encode_event(b"next", encode(refusal.answer()))
        except Exception:
            log.exception("subscription_failed", request_id=exchange.request_id)
            yield encode_event(b"next", encode(make_internal_error(exchange.request_id).answer()))
    yield encode_event(b"complete", b"")
