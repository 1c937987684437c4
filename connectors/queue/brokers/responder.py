"""The answering side of request and reply, for services and tests that speak through a Broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from connectors.queue.brokers.contract import ERROR_HEADER, Broker, BrokerError, Message

Handler = Callable[[Message], Awaitable[bytes]]
"""Answers a request with a JSON text. Raises Refusal to report a failure."""


class Refusal(Exception):
    """Raised by a handler: the answer is a failure with this code, and with a JSON text that explains it."""

    def __init__(self, code: str, body: bytes = b"null") -> None:
        super().__init__(code)
        self.code = code
        self.body = body


async def respond(
    broker: Broker, topic: str, handler: Handler, *, group: str = "responders", at_once: int = 64
) -> None:
    """Answer the requests of a topic until cancelled; one member of the group answers each, `at_once` at a time.

    The code of a failure is that of Refusal, and `INTERNAL` for any other exception of the handler. Raises BrokerError
    when the connection is lost.
    """
    subscription = await broker.subscribe(topic, group=group)
    room = asyncio.Semaphore(at_once)
    answering: set[asyncio.Task[None]] = set()

    def finish(task: asyncio.Task[None]) -> None:
        answering.discard(task)
        room.release()

    try:
        async for request in subscription:
            if request.reply_to is not None:
                await room.acquire()
                task = asyncio.create_task(_answer_request(broker, request, request.reply_to, handler))
                answering.add(task)
                task.add_done_callback(finish)
    finally:
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)
        await subscription.aclose()


async def _answer_request(broker: Broker, request: Message, reply_to: str, handler: Handler) -> None:
    headers: Mapping[str, str] = {}
    try:
        body = await handler(request)
    except Refusal as refusal:
        body, headers = refusal.body, {ERROR_HEADER: refusal.code}
    except Exception:  # noqa: BLE001 - the caller must not wait for an answer that will not come
        body, headers = b"null", {ERROR_HEADER: "INTERNAL"}
    answer = Message(topic=reply_to, body=body, headers=headers, correlation_id=request.correlation_id)
    with suppress(BrokerError):  # the subscription raises when the connection is lost
        await broker.publish(answer)
