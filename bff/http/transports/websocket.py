"""Websockets: the handshake at /graphql and /graphql/{frontend}, and the table of subprotocols. Called by the door.

A new subprotocol is one class in this folder and one row in `_CONNECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bff.contract import AnswersRequests, FrontendCard, Increments, Problem, Refused, Response
from bff.http.asgi import Receive, Scope, Send, get_client, read_headers
from bff.http.extensions import get_abort, get_inbox
from bff.http.guards.addresses import Addresses
from bff.http.guards.allowed_hosts import AllowedHosts
from bff.http.guards.host import check_host
from bff.http.guards.origins import is_origin_allowed
from bff.http.guards.request_id import RequestIds
from bff.http.guards.trusted_proxies import FORWARDED, TrustedProxies
from bff.http.options import Options, Timeouts
from bff.http.requests.params import Params
from bff.http.responses.encode import encode
from bff.http.responses.negotiate import JSON
from bff.http.security_headers import DATA
from bff.http.transports.connection_init import add_payload_headers
from bff.http.transports.graphql_transport_ws import SUBPROTOCOL, CloseSocket, Connection
from bff.http.transports.subscriptions_transport_ws import LEGACY, LegacyConnection
from bff.observability.metrics import count_refusal
from connectors.aio.clock import timeout_after

_CONNECTIONS = {SUBPROTOCOL: Connection, LEGACY: LegacyConnection}
"""By subprotocol; if a client offers several, the first of this table is used."""


class Gate:
    """A websocket's only way to the gateway: each operation chooses its frontend and has its origin checked."""

    def __init__(
        self, gateway: Callable[[], AnswersRequests], fixed: str | None, scope: Scope, ids: RequestIds
    ) -> None:
        """`gateway` returns the current one; `fixed` is the frontend in the path; `scope` is that of the handshake."""
        self._gateway, self._fixed, self._scope, self._client = gateway, fixed, scope, get_client(scope)
        self.new_request_id = ids.new

    def answer(
        self,
        params: Params,
        headers: Mapping[str, str],
        payload_headers: Mapping[str, str],
        increments: Increments | None,
    ) -> Coroutine[Any, Any, Response]:
        """Answer one operation; `payload_headers` are what connection_init offers besides the handshake's `headers`.

        Raises Refused if there is no frontend for it, or the page's origin is not allowed.
        """
        gateway = self._gateway()
        card = gateway.choose(_add_choosing_headers(headers, payload_headers, gateway.cards), self._fixed)
        headers = add_payload_headers(headers, payload_headers, card.payload_headers)
        # The handshake at /graphql lets in the pages of all frontends.
        if "origin" in headers and not is_origin_allowed(headers, card):
            raise Problem.ORIGIN_FORBIDDEN.refusal("Pages of this origin may not send requests to this frontend.")
        request = params.to_request(card.name, headers, self._client, increments=increments, asgi_scope=self._scope)
        return gateway.answer(request)


def _add_choosing_headers(
    headers: Mapping[str, str], payload_headers: Mapping[str, str], cards: Sequence[FrontendCard]
) -> Mapping[str, str]:
    """The headers by which a frontend is chosen: a payload may have those that any frontend is chosen by."""
    if not payload_headers:
        return headers
    return add_payload_headers(headers, payload_headers, {name for card in cards for name in card.chosen_by})


async def serve_websocket(
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    gateway: Callable[[], AnswersRequests],
    fixed: str | None,
    options: Options,
    timeouts: Timeouts,
    ids: RequestIds,
    hosts: AllowedHosts,
    proxies: TrustedProxies,
    addresses: Addresses,
) -> None:
    """Serve one client until either side ends.

    `fixed` is the frontend in the path, "" for none, and None if the path is not GraphQL's.
    """
    await receive()  # websocket.connect
    headers = read_headers(scope)
    if not FORWARDED.isdisjoint(headers):
        scope = proxies.apply(scope, headers)
    try:
        check_host(headers, scope)
        hosts.check(headers)
        _check_handshake(headers, gateway(), fixed)
        address = get_client(scope)
        addresses.take(address)
    except Refused as refusal:
        await _reject_handshake(scope, send, refusal)
        return
    try:
        await _serve_admitted(scope, receive, send, gateway, fixed, options, timeouts, ids, headers)
    finally:
        addresses.release(address)


async def _serve_admitted(
    scope: Scope,
    receive: Receive,
    send: Send,
    gateway: Callable[[], AnswersRequests],
    fixed: str | None,
    options: Options,
    timeouts: Timeouts,
    ids: RequestIds,
    headers: Mapping[str, str],
) -> None:
    offered = scope.get("subprotocols", ())
    protocol = next((each for each in _CONNECTIONS if each in offered), None)
    if protocol is None:
        reason = f"Subprotocol not acceptable: use {SUBPROTOCOL}"
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4406, "reason": reason})
        return
    await send({"type": "websocket.accept", "subprotocol": protocol})
    connection = _CONNECTIONS[protocol](
        receive,
        send,
        gate=Gate(gateway, fixed or None, scope, ids),
        options=options,
        timeouts=timeouts,
        abort=get_abort(scope),
        inbox=get_inbox(scope),
        headers=headers,
    )
    try:
        await connection.run()
    except CloseSocket as close:
        with suppress(OSError, RuntimeError, TimeoutError):  # it may be closed already, or the client does not read
            async with timeout_after(timeouts.close, timeouts.clock):
                await send({"type": "websocket.close", "code": close.code, "reason": close.reason})
    finally:
        await connection.close()


def _check_handshake(headers: Mapping[str, str], gateway: AnswersRequests, fixed: str | None) -> None:
    """Raise Refused for a path without GraphQL or of an unknown frontend, or a page of another site."""
    if fixed is None:
        raise Problem.NOT_FOUND.refusal("This path has no websocket; use /graphql or /graphql/{frontend}.")
    if fixed:
        gateway.choose(headers, fixed)
    # At /graphql each operation chooses its frontend, and `Gate` checks the origin again.
    if not any(is_origin_allowed(headers, card) for card in gateway.cards if fixed in ("", card.name)):
        raise Problem.ORIGIN_FORBIDDEN.refusal("Pages of this origin may not open a websocket here.")


async def _reject_handshake(scope: Scope, send: Send, refusal: Refused) -> None:
    """Answer the handshake with an HTTP error if the server can (ASGI's Websocket Denial Response)."""
    count_refusal(refusal.code)
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 4400 + refusal.status % 100, "reason": refusal.message[:120]})
        return
    own = ((name.encode("latin-1"), value.encode("latin-1")) for name, value in refusal.headers.items())
    lines = [*DATA.lines, (b"content-type", JSON.encode()), *own]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": lines})
    await send({"type": "websocket.http.response.body", "body": encode(refusal.answer())})
