"""multipart/mixed: answers in parts (@defer, @stream), and subscriptions in the form that Apollo's clients read.

Both write the delimiter that ends a part together with the part, because clients read a part only when they see it.
"""

from __future__ import annotations

from contextlib import aclosing

from bff.contract import Answer, Answers, Increments, Parts, Problem, Refused, make_internal_error
from bff.http.asgi import ClientGone, Exchange
from bff.http.options import Timeouts
from bff.http.responses.encode import encode, encode_errors
from bff.http.transports.heartbeat import add_heartbeats, watch_for_end
from bff.observability.logger import get_logger

log = get_logger("bff.http")

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept"}  # nginx must not collect parts
_PART = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"


async def send_parts(exchange: Exchange, parts: Parts, increments: Increments, *, status: int = 200) -> None:
    """Send each part as soon as it is ready. If the client disconnects, the rest of the work is cancelled."""
    async with aclosing(parts.more), watch_for_end(exchange, also_at_stop=False) as end:
        await exchange.start(status, f'multipart/mixed; boundary="-"; {increments.value}', _HEADERS)
        await _wait_for_room(exchange, parts.first)
        await exchange.write(b"\r\n---" + _PART + encode(parts.first) + b"\r\n---")
        async with aclosing(add_heartbeats(parts.more, end, None)) as answers:
            async for answer in answers:
                assert answer is not None
                await _wait_for_room(exchange, answer)
                await exchange.write(_PART + encode(answer) + b"\r\n---")
        await exchange.write(b"--\r\n", is_last=True)


async def send_subscription(exchange: Exchange, events: Answers, timeouts: Timeouts) -> None:
    """Send each event as `{"payload": ...}` and `{}` in silence (Apollo's multipart subscription protocol 1.0).

    If anything but its own end ends the subscription, the last part is `{"payload": null, "errors": [...]}`.
    """
    async with aclosing(events), watch_for_end(exchange, also_at_stop=True) as end:
        await exchange.start(200, 'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0', _HEADERS)
        await exchange.write(b"\r\n--graphql" + _PART + b"{}\r\n--graphql")  # confirms the subscription
        try:
            async with aclosing(add_heartbeats(events, end, timeouts.multipart_heartbeat)) as answers:
                async for answer in answers:
                    await _wait_for_room(exchange, answer)
                    await exchange.write(_PART + _encode_payload(answer) + b"\r\n--graphql")
            problem = Problem.SERVER_STOPPING.refusal("The server stops; subscribe again.") if end.done() else None
        except (OSError, ClientGone):
            raise  # the client has disconnected
        except Refused as refusal:
            problem = refusal
        except Exception:
            log.exception("subscription_failed", request_id=exchange.request_id)
            problem = make_internal_error(exchange.request_id)
        if problem is not None:
            await exchange.write(_PART + _encode_failure(problem) + b"\r\n--graphql")
        await exchange.write(b"--\r\n", is_last=True)


async def _wait_for_room(exchange: Exchange, answer: Answer | None) -> None:
    if exchange.room.is_crowded and answer is not None:
        await exchange.wait_for_room(answer.body())


def _encode_payload(answer: Answer | None) -> bytes:
    return b"{}" if answer is None else b'{"payload":' + encode(answer) + b"}"


def _encode_failure(problem: Refused) -> bytes:
    return b'{"payload":null,"errors":' + encode_errors(problem.answer().errors) + b"}"
