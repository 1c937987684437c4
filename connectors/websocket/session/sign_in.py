"""The message that is sent first over each connection, and the answer that it waits for. Used by `socket`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from connectors.aio.clock import Clock, timeout_after
from connectors.contract import Operation
from connectors.error_details import AnswerFailure
from connectors.error_reply import ErrorReply
from connectors.errors import UpstreamError, UpstreamUnauthenticated, UpstreamUnreachable
from connectors.failures import find_code
from connectors.messages.documents import decode_documents
from connectors.messages.json_slices import Bounds
from connectors.messages.json_text import encode_json
from connectors.websocket.errors import create_close_error
from connectors.websocket.options import Login, Options
from connectors.websocket.session.patterns import Patterns

Receive = Callable[[str | bytes], Awaitable[None]]
"""Takes a message that is not the answer."""


async def sign_in(
    operation: Operation, connection: ClientConnection, options: Options, login: Login, receive: Receive, clock: Clock
) -> None:
    """Send the login message and wait for its answer, if one is configured.

    Raises UpstreamUnauthenticated if the upstream refuses, UpstreamUnreachable if it does not answer in time, and what
    a closed connection means.
    """
    late = UpstreamUnreachable(operation, f"no answer to the login within {login.timeout:.3g} s")
    try:
        async with timeout_after(login.timeout, clock):
            await connection.send(encode_json(operation, login.message), text=True)
            if login.answer or login.error:
                await _wait_for_answer(operation, connection, options, login, receive)
    except TimeoutError:
        raise late from None
    except ConnectionClosed as closed:
        raise _make_close_error(operation, connection, options, closed) from closed


async def _wait_for_answer(
    operation: Operation, connection: ClientConnection, options: Options, login: Login, receive: Receive
) -> None:
    accepted, refused = Patterns([login.answer] if login.answer else []), Patterns([login.error] if login.error else [])
    bounds = Bounds(options.max_depth, options.max_values)
    while True:
        message = await connection.recv()
        found = await decode_documents(message, bounds, options.max_reply_size)
        for each in _list_messages(found.values):
            if refused.match_data(each):
                code = find_code(each)
                reply = ErrorReply(code or None, body=each, details=[AnswerFailure((), each)])
                raise UpstreamUnauthenticated(
                    operation, "the upstream refuses the login", upstream_code=code, reply=reply
                )
            if accepted.match_data(each):
                return
        await receive(message)


def _list_messages(values: list[Any]) -> Iterator[Any]:
    for each in values:
        if isinstance(each, list):
            yield from each
        yield each


def _make_close_error(
    operation: Operation, connection: ClientConnection, options: Options, closed: ConnectionClosed
) -> UpstreamError:
    return create_close_error(
        operation, closed, connection.close_code, options.max_reply_size, connection.close_reason or ""
    )
