"""graphql-transport-ws: queries, mutations and subscriptions over one websocket. The state machine of a connection.

Messages and close codes: GraphQL over WebSocket Protocol (graphql-ws, PROTOCOL.md). Used by `websocket`, and by
`subscriptions_transport_ws` for what the older protocol says alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec
import orjson
import structlog

from bff.contract import Answer, AnswersRequests, Increments, Parts, Refused, Request
from bff.http.asgi import ClientGone, Receive, Send
from bff.http.errors import Problem, internal
from bff.http.guards.origins import origin_allowed
from bff.http.guards.request_id import RequestIds
from bff.http.options import Options
from bff.http.requests.params import from_map
from bff.http.responses.encode import encode, encode_errors, to_json
from bff.http.transports.connection_init import with_payload
from bff.http.transports.slow_consumers import unless_slow

log = structlog.get_logger("bff.http")

SUBPROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 5.0
"""How long a client may take to say connection_init."""
ENDING_SECONDS = 1.0
"""How long a completed operation may take to end before the next message is read."""


class CloseSocket(Exception):
    """Close the socket with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason[:120]  # a close frame holds 125 bytes (RFC 6455, section 5.5)


class Connection:
    """One accepted websocket. `run` reads, one task per operation writes."""

    NEXT = "next"
    """The type of a message that holds a result."""
    INCREMENTS: Increments | None = Increments.PATHS
    """How parts of an answer are sent; None when they are not."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        *,
        gateway: Callable[[], AnswersRequests],
        fixed: str | None,
        options: Options,
        cut: Callable[[], None],
        headers: Mapping[str, str],
        client: str,
        ids: RequestIds,
    ) -> None:
        self._receive, self._send = receive, send
        self._gateway, self._fixed = gateway, fixed
        self._most, self._subscriptions, self._cut = options.max_body_size, options.subscriptions, cut
        self._headers, self._client, self._ids = headers, client, ids
        self._is_acknowledged = False
        self._by_id: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """Also those whose id is free again but which are still ending."""

    async def run(self) -> None:
        """Handle messages until the client goes. Raises CloseSocket when the client breaks the protocol."""
        try:
            async with asyncio.timeout(INIT_SECONDS):
                while not self._is_acknowledged:
                    await self._handle(await self._next())
            while True:
                await self._handle(await self._next())
                await asyncio.sleep(0)  # thousands may have come at once; others get their turns between them
        except TimeoutError:
            raise CloseSocket(4408, "Connection initialisation timeout") from None
        except ClientGone:
            return

    async def end(self) -> None:
        """Cancel what is under way and wait for it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _next(self) -> dict[str, Any]:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise ClientGone
        text = message.get("text")
        if text is None:
            raise CloseSocket(4400, "Invalid message: send text, not binary")
        if len(text) > self._most:
            raise CloseSocket(4400, "Invalid message: too large")
        try:
            decoded = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, ValueError):
            raise CloseSocket(4400, "Invalid message: not JSON") from None
        if not isinstance(decoded, dict) or not isinstance(decoded.get("type"), str):
            raise CloseSocket(4400, "Invalid message: send an object with a type")
        return decoded

    async def _handle(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                await self._complete(message)
            case "ping":
                payload = _payload(message)
                await self._say({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
            case "pong":
                _payload(message)
            case "connection_init":
                await self._acknowledge(message)
            case other:
                raise CloseSocket(4400, f"Invalid message: no message of clients has the type {other[:40]!a}")

    async def _acknowledge(self, message: dict[str, Any]) -> None:
        if self._is_acknowledged:
            raise CloseSocket(4429, "Too many initialisation requests")
        try:
            self._headers = with_payload(self._headers, _payload(message) or {})
        except ValueError as error:
            raise CloseSocket(4400, f"Invalid message: {error}") from None
        self._is_acknowledged = True
        await self._say({"type": "connection_ack"})

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if not self._is_acknowledged:
            raise CloseSocket(4401, "Unauthorized")
        id = message.get("id")  # noqa: A001 - the protocol's word
        if not isinstance(id, str) or not id or not isinstance(message.get("payload"), dict):
            raise CloseSocket(4400, "Invalid message: subscribe needs an id and a payload")
        if id in self._by_id:
            raise CloseSocket(4409, f"Subscriber for {id[:60]!a} already exists")
        if len(self._tasks) >= self._subscriptions.max_operations:
            problem = Problem.TOO_MANY_OPERATIONS
            most = self._subscriptions.max_operations
            refusal = problem.refused(f"At most {most} operations may be under way on one websocket.")
            await self._say_error(id, refusal.answer())
            return
        task = asyncio.ensure_future(self._operate(id, message["payload"]))
        self._by_id[id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _complete(self, message: dict[str, Any]) -> None:
        """End an operation; an id that is not under way is ignored, because both sides may complete at once."""
        id = message.get("id")  # noqa: A001 - the protocol's word
        if not isinstance(id, str):
            raise CloseSocket(4400, "Invalid message: complete needs an id")
        task = self._by_id.pop(id, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=ENDING_SECONDS)

    async def _operate(self, id: str, payload: dict[str, Any]) -> None:  # noqa: A002 - the protocol's word
        """One operation from subscribe to its end. Never raises but for cancellation."""
        request_id = self._ids.new()
        try:
            await self._answer(id, payload, request_id)
        except ClientGone:
            pass
        except Refused as refusal:
            await self._fail(id, refusal)
        except Exception:
            log.exception("operation_failed", request_id=request_id)
            await self._fail(id, internal(request_id))

    async def _answer(self, id: str, payload: dict[str, Any], request_id: str) -> None:  # noqa: A002
        try:
            gateway = self._gateway()
            answer = await gateway.answer(self._request(gateway, payload, request_id))
        except Refused as refusal:
            answer = refusal.answer()
        if isinstance(answer, Parts):
            async with aclosing(answer.more):
                await self._say_next(id, answer.first)
                async for part in answer.more:
                    await self._say_next(id, part)
        elif not isinstance(answer, Answer):
            async with aclosing(unless_slow(answer, self._subscriptions, self._cut)) as events:
                async for event in events:
                    await self._say_next(id, event)
        elif answer.was_executed:
            await self._say_next(id, answer)
        else:
            self._by_id.pop(id, None)
            await self._say_error(id, answer)
            return
        self._by_id.pop(id, None)  # before complete is sent, because the client may use the id again at once
        await self._say({"id": id, "type": "complete"})

    def _request(self, gateway: AnswersRequests, payload: dict[str, Any], request_id: str) -> Request:
        params = from_map(payload)
        headers = {**self._headers, "x-request-id": request_id}
        card = gateway.choose(headers, self._fixed)
        # Who opened /graphql may be a page of another frontend's list.
        if "origin" in headers and not origin_allowed(headers, card):
            raise Problem.ORIGIN_FORBIDDEN.refused("Pages of this origin may not ask this frontend.")
        return params.request(card.name, headers, self._client, increments=self.INCREMENTS)

    async def _fail(self, id: str, refusal: Refused) -> None:  # noqa: A002 - the protocol's word
        self._by_id.pop(id, None)
        try:
            await self._say_error(id, refusal.answer())
        except ClientGone:
            return

    async def _say_next(self, id: str, answer: Answer) -> None:  # noqa: A002 - the protocol's word
        await self._say({"id": id, "type": self.NEXT, "payload": orjson.Fragment(encode(answer))})

    async def _say_error(self, id: str, answer: Answer) -> None:  # noqa: A002 - the protocol's word
        await self._say({"id": id, "type": "error", "payload": orjson.Fragment(encode_errors(answer.errors))})

    async def _say(self, message: dict[str, Any]) -> None:
        """Send one message. Waits while the client does not read (backpressure); raises ClientGone when it is gone."""
        try:
            await self._send({"type": "websocket.send", "text": to_json(message).decode()})
        except (OSError, RuntimeError) as error:  # ASGI says OSError; uvicorn says RuntimeError after a close
            raise ClientGone from error


def _payload(message: Mapping[str, Any]) -> dict[str, Any] | None:
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise CloseSocket(4400, "Invalid message: payload must be an object")
    return payload
