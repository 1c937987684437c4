"""Websockets: the handshake at /graphql and /graphql/{frontend}. Who passes it speaks graphql-transport-ws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from bff.contract import AnswersRequests, Refused
from bff.http.asgi import Receive, Scope, Send, headers_of
from bff.http.encode import encode
from bff.http.errors import Problem
from bff.http.negotiate import JSON
from bff.http.request_id import RequestIds
from bff.http.transport_ws import SUBPROTOCOL, CloseSocket, Connection


async def serve_websocket(
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    gateway: Callable[[], AnswersRequests],
    fixed: str | None,
    most: int,
    ids: RequestIds,
) -> None:
    """Speak with one client until either side ends.

    `fixed` is the frontend in the path, "" for none, and None when the path is not GraphQL's; `most` is the largest
    message in bytes.
    """
    await receive()  # websocket.connect
    headers = headers_of(scope)
    try:
        _check(headers, gateway(), fixed)
    except Refused as refusal:
        await _reject(scope, send, refusal)
        return
    if SUBPROTOCOL not in scope.get("subprotocols", ()):
        await send({"type": "websocket.accept"})
        await send(
            {"type": "websocket.close", "code": 4406, "reason": f"Subprotocol not acceptable: use {SUBPROTOCOL}"}
        )
        return
    await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
    client = scope.get("client")
    connection = Connection(
        receive,
        send,
        gateway=gateway,
        fixed=fixed or None,
        most=most,
        headers=headers,
        client=client[0] if client else "",
        ids=ids,
    )
    try:
        await connection.run()
    except CloseSocket as close:
        with suppress(OSError, RuntimeError):  # it may be closed already
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
    if not same_origin(headers):
        raise Problem.ORIGIN_FORBIDDEN.refused("Pages of another origin may not open a websocket here.")


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether one of our own pages asks, or a program; only browsers send Origin (RFC 6455, section 10.2).

    A browser sends a visitor's cookies with a websocket of any page, so this is what stands between them.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    host = urlsplit(origin).netloc if origin.count("//") == 1 else ""
    return bool(host) and host.lower() == headers.get("host", "").lower()


async def _reject(scope: Scope, send: Send, refusal: Refused) -> None:
    """Answer the handshake with an HTTP error, where the server can (ASGI's Websocket Denial Response)."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 4400 + refusal.status % 100, "reason": refusal.message[:120]})
        return
    lines = [(b"content-type", JSON.encode())]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": lines})
    await send({"type": "websocket.http.response.body", "body": encode(refusal.answer())})
