"""graphql-transport-ws: queries, mutations and subscriptions over one websocket. The state machine of a connection.

Messages and close codes: GraphQL over WebSocket Protocol (graphql-ws, PROTOCOL.md). Used by `websocket`, and by
`subscriptions_transport_ws` for what the older protocol has in common.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any, Protocol

import msgspec
import orjson

from bff.contract import Answer, Increments, Parts, Problem, Refused, Response, make_internal_error
from bff.http.asgi import ClientGone, Receive, Send
from bff.http.extensions import Inbox
from bff.http.options import Options, Timeouts
from bff.http.requests.params import Params, read_map
from bff.http.responses.encode import encode, encode_errors, to_json
from bff.http.responses.negotiate import parse_accept
from bff.http.transports.connection_init import read_payload_headers
from bff.http.transports.response_heads import ignore_head
from bff.http.transports.slow_consumers import limit_backlog
from bff.observability.logger import get_logger
from connectors.aio.clock import timeout_after
from connectors.messages.json_numbers import parse_json

log = get_logger("bff.http")

SUBPROTOCOL = "graphql-transport-ws"
_SIZE_OF_VALUE = 64
_MAX_ID_LENGTH = 1000
"""Each message of an operation repeats its id."""
_MAX_REASON = 123
"""Bytes of a reason beside the code of a close frame (RFC 6455, section 5.5)."""
_MAX_ID_IN_REASON = _MAX_REASON - len("Subscriber for  already exists")


class Operations(Protocol):
    """What answers the operations of one websocket (`websocket.Gate`)."""

    def new_request_id(self) -> str:
        """The id of the next operation."""

    def answer(
        self,
        params: Params,
        headers: Mapping[str, str],
        payload_headers: Mapping[str, str],
        increments: Increments | None,
    ) -> Coroutine[Any, Any, Response]:
        """Answer one operation. Raises Refused."""


class CloseSocket(Exception):
    """Close the socket with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, _cut_text(reason, _MAX_REASON)


class Connection:
    """One accepted websocket. `run` reads, one task per operation writes."""

    NEXT = "next"
    """The type of a message that holds a result."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        *,
        gate: Operations,
        options: Options,
        timeouts: Timeouts,
        abort: Callable[[], None],
        inbox: Inbox,
        headers: Mapping[str, str],
    ) -> None:
        self._receive, self._send = receive, send
        self._gate, self._headers = gate, headers
        self._payload_headers: Mapping[str, str] = {}
        self._increments = self._choose_increments(headers)
        self._max_message, self._subscriptions = options.websocket.max_message_size, options.subscriptions
        self._timeouts, self._abort, self._inbox = timeouts, abort, inbox
        self._size = 0
        """What the newest message takes in memory, about."""
        self._is_acknowledged = False
        self._by_id: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """All running operations, with those whose id is free again but which are still ending."""

    async def run(self) -> None:
        """Handle messages until the client disconnects. Raises CloseSocket if the client breaks the protocol."""
        try:
            async with timeout_after(self._timeouts.connection_init, self._timeouts.clock):
                while not self._is_acknowledged:
                    await self._handle_message(await self._read_message())
            while True:
                await self._handle_message(await self._read_message())
                await asyncio.sleep(0)  # thousands may have come at once: let other tasks run between them
        except TimeoutError:
            raise CloseSocket(4408, "Connection initialisation timeout") from None
        except ClientGone:
            return

    async def close(self) -> None:
        """Cancel all operations and wait for them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read_message(self) -> dict[str, Any]:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise ClientGone
        text = message.get("text")
        if text is None:
            raise CloseSocket(4400, "Invalid message: send text, not binary")
        if len(text) > self._max_message:
            raise CloseSocket(4400, "Invalid message: too large")
        self._size = _estimate_size(text)
        try:
            decoded = parse_json(text)
        except (msgspec.DecodeError, RecursionError, ValueError):
            raise CloseSocket(4400, "Invalid message: not JSON") from None
        if not isinstance(decoded, dict) or not isinstance(decoded.get("type"), str):
            raise CloseSocket(4400, "Invalid message: send an object with a type")
        return decoded

    async def _handle_message(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                await self._start_operation(message)
            case "complete":
                await self._complete_operation(message)
            case "ping":
                payload = _read_payload(message)
                await self._send_message({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
            case "pong":
                _read_payload(message)
            case "connection_init":
                await self._acknowledge(message)
            case other:
                raise CloseSocket(4400, f"Invalid message: {other[:40]!a} is not a message type of clients")

    async def _acknowledge(self, message: dict[str, Any]) -> None:
        if self._is_acknowledged:
            raise CloseSocket(4429, "Too many initialisation requests")
        try:
            self._payload_headers = read_payload_headers(_read_payload(message) or {})
        except ValueError as error:
            raise CloseSocket(4400, f"Invalid message: {error}") from None
        if "accept" in self._payload_headers:
            self._increments = self._choose_increments(self._payload_headers)
        self._is_acknowledged = True
        self._inbox.allow_large_messages()
        await self._send_message({"type": "connection_ack"})

    async def _start_operation(self, message: dict[str, Any]) -> None:
        if not self._is_acknowledged:
            raise CloseSocket(4401, "Unauthorized")
        id = message.get("id")  # noqa: A001 - the protocol's word
        if not isinstance(id, str) or not id:
            raise CloseSocket(4400, f"Invalid message: {message['type']} needs an id")
        if len(id) > _MAX_ID_LENGTH:
            raise CloseSocket(4400, f"Invalid message: an id has at most {_MAX_ID_LENGTH} characters")
        try:
            params = read_map(message.get("payload"))
        except Refused as invalid:
            await self._refuse_payload(id, invalid)
            return
        if id in self._by_id:
            raise CloseSocket(4409, f"Subscriber for {_cut_text(id, _MAX_ID_IN_REASON)} already exists")
        if len(self._tasks) >= self._subscriptions.max_operations:
            refusal = Problem.TOO_MANY_OPERATIONS.refusal(
                f"At most {self._subscriptions.max_operations} operations may run on one websocket."
            )
            await self._send_errors(id, refusal.answer())
            return
        size = self._size
        if not self._inbox.try_begin(size):
            refusal = Problem.TOO_MANY_OPERATIONS.refusal(
                "The running operations of websockets hold too much memory; complete one, or send smaller variables."
            )
            await self._send_errors(id, refusal.answer())
            return
        task = asyncio.ensure_future(self._run_operation(id, params))
        self._by_id[id] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._forget_task(done, size))

    def _choose_increments(self, headers: Mapping[str, str]) -> Increments | None:
        """The form in which parts of an answer are sent, by the `Accept` of the handshake or of connection_init."""
        return parse_accept(headers.get("accept")).increments or Increments.PATHS

    async def _refuse_payload(self, id: str, refusal: Refused) -> None:  # noqa: A002 - the protocol's word
        """Handle a payload that holds no GraphQL request."""
        raise CloseSocket(4400, f"Invalid message: {refusal.message}")

    def _forget_task(self, task: asyncio.Task[None], size: int) -> None:
        self._tasks.discard(task)
        self._inbox.end(size)

    async def _complete_operation(self, message: dict[str, Any]) -> None:
        """End an operation; an id without a running operation is ignored, because both sides may complete at once."""
        id = message.get("id")  # noqa: A001 - the protocol's word
        if not isinstance(id, str) or not id:
            raise CloseSocket(4400, f"Invalid message: {message['type']} needs an id")
        task = self._by_id.pop(id, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=self._timeouts.operation_end)

    async def _run_operation(self, id: str, params: Params) -> None:  # noqa: A002 - the protocol's word
        """One operation from subscribe to its end. Raises nothing but cancellation."""
        request_id = self._gate.new_request_id()
        try:
            await self._send_results(id, params, request_id)
        except ClientGone:
            pass
        except Refused as refusal:
            await self._send_refusal(id, refusal)
        except Exception:
            log.exception("operation_failed", request_id=request_id)
            await self._send_refusal(id, make_internal_error(request_id))

    async def _send_results(self, id: str, params: Params, request_id: str) -> None:  # noqa: A002
        try:
            headers = {**self._headers, "x-request-id": request_id}
            answer = await self._gate.answer(params, headers, self._payload_headers, self._increments)
        except Refused as refusal:
            answer = refusal.answer()
        if isinstance(answer, Answer | Parts):
            ignore_head(answer.first if isinstance(answer, Parts) else answer, request_id, reason="websocket")
        if isinstance(answer, Parts):
            async with aclosing(answer.more):
                await self._send_result(id, answer.first)
                async for part in answer.more:
                    await self._send_result(id, part)
        elif not isinstance(answer, Answer):
            async with aclosing(limit_backlog(answer, self._subscriptions, self._abort, self._timeouts)) as events:
                async for event in events:
                    await self._send_result(id, event)
        elif answer.was_executed:
            await self._send_result(id, answer)
        else:
            self._by_id.pop(id, None)
            await self._send_errors(id, answer)
            return
        self._by_id.pop(id, None)  # before complete is sent, because the client may use the id again at once
        await self._send_message({"id": id, "type": "complete"})

    async def _send_refusal(self, id: str, refusal: Refused) -> None:  # noqa: A002 - the protocol's word
        self._by_id.pop(id, None)
        try:
            await self._send_errors(id, refusal.answer())
        except ClientGone:
            return

    async def _send_result(self, id: str, answer: Answer) -> None:  # noqa: A002 - the protocol's word
        await self._send_message({"id": id, "type": self.NEXT, "payload": orjson.Fragment(encode(answer))})

    async def _send_errors(self, id: str, answer: Answer) -> None:  # noqa: A002 - the protocol's word
        codes = {error.get("extensions", {}).get("code") for error in answer.errors}
        if Problem.SERVER_STOPPING.name in codes:  # no error of the operation, after which clients would not come back
            await self._close(1012, "Service restart: the configuration was reloaded")
            return
        await self._send_message({"id": id, "type": "error", "payload": self._encode_errors(answer)})
        if Problem.CREDENTIAL_EXPIRED.name in codes:  # clients get a new credential and connect again
            await self._close(4403, "Forbidden: credential expired")

    async def _close(self, code: int, reason: str) -> None:
        with suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    def _encode_errors(self, answer: Answer) -> orjson.Fragment:
        """The payload of a message of type error."""
        return orjson.Fragment(encode_errors(answer.errors))

    async def _send_message(self, message: dict[str, Any]) -> None:
        """Send one message. Waits for a client that reads slowly (backpressure); raises ClientGone."""
        try:
            await self._send({"type": "websocket.send", "text": to_json(message).decode()})
        except (OSError, RuntimeError) as error:  # ASGI specifies OSError; uvicorn raises RuntimeError after a close
            raise ClientGone from error


def _cut_text(text: str, max_bytes: int) -> str:
    """The beginning of a text, of at most so many bytes in UTF-8."""
    return text.encode("utf-8", "replace")[:max_bytes].decode("utf-8", "ignore")


def _estimate_size(text: str) -> int:
    """Bytes of a message and of the values that it is decoded to: a list of two characters takes 64 bytes."""
    return len(text) + _SIZE_OF_VALUE * (text.count(",") + text.count("[") + text.count("{"))


def _read_payload(message: Mapping[str, Any]) -> dict[str, Any] | None:
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise CloseSocket(4400, "Invalid message: payload must be an object")
    return payload
