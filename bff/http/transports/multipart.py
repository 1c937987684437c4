"""multipart/mixed: answers in parts (@defer, @stream), and subscriptions as Apollo's clients take them.

Both write the delimiter that ends a part together with the part, because clients read a part only when they see it.
"""

from __future__ import annotations

from contextlib import aclosing

import structlog

from bff.contract import Answer, Answers, Increments, Parts, Refused
from bff.http.asgi import Exchange
from bff.http.errors import Problem, internal
from bff.http.responses.encode import encode, encode_errors
from bff.http.transports.heartbeat import ending, paced

log = structlog.get_logger("bff.http")

HEARTBEAT = 5.0
"""Seconds of silence in a subscription after which an empty part keeps proxies from closing the connection."""
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept"}  # nginx must not collect parts
_PART = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"


async def send_parts(exchange: Exchange, parts: Parts, increments: Increments) -> None:
    """Send each part as soon as it is there. A client that hangs up ends what is under way."""
    async with aclosing(parts.more), ending(exchange, also_at_stop=False) as over:
        await exchange.start(200, f'multipart/mixed; boundary="-"; {increments.value}', _HEADERS)
        await exchange.write(b"\r\n---" + _PART + encode(parts.first) + b"\r\n---")
        async with aclosing(paced(parts.more, over, None)) as answers:
            async for answer in answers:
                assert answer is not None
                await exchange.write(_PART + encode(answer) + b"\r\n---")
        await exchange.write(b"--\r\n", is_last=True)


async def send_subscription(exchange: Exchange, events: Answers) -> None:
    """Send each event as `{"payload": ...}` and `{}` in silence (Apollo's multipart subscription protocol 1.0).

    What ends a subscription but its own end is said with `{"payload": null, "errors": [...]}`.
    """
    async with aclosing(events), ending(exchange, also_at_stop=True) as over:
        await exchange.start(200, 'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0', _HEADERS)
        await exchange.write(b"\r\n--graphql" + _PART + b"{}\r\n--graphql")  # says that it has begun
        try:
            async with aclosing(paced(events, over, HEARTBEAT)) as answers:
                async for answer in answers:
                    await exchange.write(_PART + _payload(answer) + b"\r\n--graphql")
            problem = Problem.SERVER_STOPPING.refused("The server stops; subscribe again.") if over.done() else None
        except OSError:
            raise  # the client is gone
        except Refused as refusal:
            problem = refusal
        except Exception:
            log.exception("subscription_failed", request_id=exchange.request_id)
            problem = internal(exchange.request_id)
        if problem is not None:
            await exchange.write(_PART + _failure(problem) + b"\r\n--graphql")
        await exchange.write(b"--\r\n", is_last=True)


def _payload(answer: Answer | None) -> bytes:
    return b"{}" if answer is None else b'{"payload":' + encode(answer) + b"}"


def _failure(problem: Refused) -> bytes:
    return b'{"payload":null,"errors":' + encode_errors(problem.answer().errors) + b"}"
