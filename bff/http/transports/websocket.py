"""Websockets: the handshake at /graphql and /graphql/{frontend}. It chooses who speaks: one class per subprotocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from bff.contract import AnswersRequests, Refused
from bff.http.asgi import Receive, Scope, Send, headers_of
from bff.http.errors import Problem
from bff.http.extensions import get_abort
from bff.http.guards.origins import origin_allowed
from bff.http.guards.request_id import RequestIds
from bff.http.options import Options
from bff.http.responses.encode import encode
from bff.http.responses.negotiate import JSON
from bff.http.transports.graphql_transport_ws import SUBPROTOCOL, CloseSocket, Connection
from bff.http.transports.subscriptions_transport_ws import LEGACY, LegacyConnection

CLOSE_SECONDS = 5.0
"""How long a client that breaks the protocol may take to read what was written before the close."""
_SPEAKERS = {SUBPROTOCOL: Connection, LEGACY: LegacyConnection}
"""By subprotocol; of several that a client offers, the first here is taken."""


async def serve_websocket(
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    gateway: Callable[[], AnswersRequests],
    fixed: str | None,
    options: Options,
    ids: RequestIds,
) -> None:
    """Speak with one client until either side ends.

    `fixed` is the frontend in the path, "" for none, and None when the path is not GraphQL's.
    """
    await receive()  # websocket.connect
    headers = headers_of(scope)
    try:
        _check(headers, gateway(), fixed)
    except Refused as refusal:
        await _reject(scope, send, refusal)
        return
    offered = scope.get("subprotocols", ())
    protocol = next((each for each in _SPEAKERS if each in offered), None)
    if protocol is None:
        reason = f"Subprotocol not acceptable: use {SUBPROTOCOL}"
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4406, "reason": reason})
        return
    await send({"type": "websocket.accept", "subprotocol": protocol})
    client = scope.get("client")
    connection = _SPEAKERS[protocol](
        receive,
        send,
        gateway=gateway,
        fixed=fixed or None,
        options=options,
        cut=get_abort(scope),
        headers=headers,
        client=client[0] if client else "",
        ids=ids,
    )
    try:
        await connection.run()
    except CloseSocket as close:
        with suppress(OSError, RuntimeError, TimeoutError):  # it may be closed already, or never be read
            async with asyncio.timeout(CLOSE_SECONDS):
                await send({"type": "websocket.close", "code": close.code, "reason": close.reason})
    finally:
        await connection.end()


def _check(headers: Mapping[str, str], gateway: AnswersRequests, fixed: str | None) -> None:
    """Raise Refused for a path without GraphQL, or a page of another site."""
    if fixed is None:
        raise Problem.NOT_FOUND.refused("There is no websocket here; it is at /graphql and /graphql/{frontend}.")
    names = [card.name for card in gateway.cards]
    if fixed and fixed not in names:
        raise Problem.UNKNOWN_FRONTEND.refused(f"There is no frontend of this name; there is {', '.join(names)}.")
    # At /graphql a frontend is chosen for each operation, and there the origin is checked again.
    if not any(origin_allowed(headers, card) for card in gateway.cards if fixed in ("", card.name)):
        raise Problem.ORIGIN_FORBIDDEN.refused("Pages of another origin may not open a websocket here.")


async def _reject(scope: Scope, send: Send, refusal: Refused) -> None:
    """Answer the handshake with an HTTP error, where the server can (ASGI's Websocket Denial Response)."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 4400 + refusal.status % 100, "reason": refusal.message[:120]})
        return
    lines = [(b"content-type", JSON.encode())]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": lines})
    await send({"type": "websocket.http.response.body", "body": encode(refusal.answer())})
