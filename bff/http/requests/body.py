"""Read a request's body within limits of size and time. Called for every POST."""

from __future__ import annotations

import asyncio

from bff.contract import Problem, Refused
from bff.http.asgi import ClientGone, Exchange, Message
from bff.http.options import Timeouts
from bff.http.requests.budget import BodyBudget, BodyShare
from bff.http.requests.decompression import check_coding, decompress


def take_whole_body(exchange: Exchange, max_bytes: int) -> bytes | None:
    """The body if all of it has arrived, as nearly always; None if `read_body` must wait or decode. Raises Refused."""
    if exchange.direct is None or "content-encoding" in exchange.headers:
        return None
    whole = exchange.direct.whole_body()
    if whole is not None and len(whole) > max_bytes:
        raise _too_large(max_bytes)
    return whole


async def read_body(exchange: Exchange, max_bytes: int, timeouts: Timeouts, budget: BodyBudget) -> bytes:
    """The whole body, decompressed if it is gzip.

    Raises Refused if it has more than `max_bytes`, announced or counted, or does not arrive within `timeouts.body`;
    ClientGone if the client disconnects; SERVER_OVERLOADED if `budget` has no room for it.
    """
    announced = exchange.headers.get("content-length")
    if announced is not None and announced.isdecimal() and (len(announced) > 18 or int(announced) > max_bytes):
        raise _too_large(max_bytes)
    is_compressed = check_coding(exchange.headers.get("content-encoding"))
    share = budget.open()
    limit = timeouts.clock.timeout(timeouts.body)
    try:
        body = await _receive_all(exchange, max_bytes, share)
        return await decompress(body, max_bytes) if is_compressed else body
    except asyncio.CancelledError:
        if limit.is_ours():
            message = f"The request body did not arrive within {timeouts.body:.0f} seconds."
            raise Problem.REQUEST_TIMEOUT.refusal(message) from None
        raise
    finally:
        limit.cancel()
        share.close()


async def _receive_all(exchange: Exchange, max_bytes: int, share: BodyShare) -> bytes:
    message = await exchange.receive()
    body = _take_part(message, max_bytes, 0)
    if not message.get("more_body"):
        return body  # nearly every body comes in one piece
    parts, size = [body], len(body)
    share.take(size)
    while message.get("more_body"):
        message = await exchange.receive()
        parts.append(_take_part(message, max_bytes, size))
        size += len(parts[-1])
        share.take(len(parts[-1]))
    return b"".join(parts)


def _take_part(message: Message, max_bytes: int, received: int) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGone
    part: bytes = message.get("body", b"")
    if received + len(part) > max_bytes:
        raise _too_large(max_bytes)
    return part


def _too_large(max_bytes: int) -> Refused:
    return Problem.BODY_TOO_LARGE.refusal(f"The request body is larger than the {max_bytes} bytes allowed here.")
