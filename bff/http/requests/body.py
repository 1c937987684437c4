"""Reading a request's body within its bounds. Called for every POST."""

from __future__ import annotations

import asyncio

from bff.contract import Refused
from bff.http.asgi import ClientGone, Exchange, Message
from bff.http.errors import Problem
from bff.http.requests.decompression import check_coding, decoded
from connectors.aio.timeout import Timeout

SECONDS = 15.0
"""How long a body may take to arrive."""


def whole_body(exchange: Exchange, most: int) -> bytes | None:
    """The body where it is here as it is, as nearly always; else None, and `read_body` waits. Raises Refused."""
    if exchange.direct is None or "content-encoding" in exchange.headers:
        return None
    whole = exchange.direct.whole_body()
    if whole is not None and len(whole) > most:
        raise _too_large(most)
    return whole


async def read_body(exchange: Exchange, most: int) -> bytes:
    """The whole body, unpacked when it comes as gzip.

    Raises Refused when it has more than `most` bytes, announced or counted, or comes too slowly; ClientGone when the
    client hangs up.
    """
    announced = exchange.headers.get("content-length")
    if announced is not None and announced.isdecimal() and (len(announced) > 18 or int(announced) > most):
        raise _too_large(most)
    is_packed = check_coding(exchange.headers.get("content-encoding"))
    limit = Timeout(SECONDS)
    try:
        body = await _parts(exchange, most)
        return await decoded(body, most) if is_packed else body
    except asyncio.CancelledError:
        if limit.is_ours():
            message = f"The request body did not arrive within {SECONDS:.0f} seconds."
            raise Problem.REQUEST_TIMEOUT.refused(message) from None
        raise
    finally:
        limit.cancel()


async def _parts(exchange: Exchange, most: int) -> bytes:
    message = await exchange.receive()
    body = _part(message, most, 0)
    if not message.get("more_body"):
        return body  # nearly every body comes in one piece
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await exchange.receive()
        parts.append(_part(message, most, size))
        size += len(parts[-1])
    return b"".join(parts)


def _part(message: Message, most: int, already: int) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGone
    part: bytes = message.get("body", b"")
    if already + len(part) > most:
        raise _too_large(most)
    return part


def _too_large(most: int) -> Refused:
    return Problem.BODY_TOO_LARGE.refused(f"The request body is larger than the {most} bytes allowed here.")
