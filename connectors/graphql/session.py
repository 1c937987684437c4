"""Session: the subscriptions of one upstream, by the protocol that it speaks. Used by the connector.

With `subscriptions: auto`, both websocket subprotocols are offered, and the upstream chooses; where there is no
websocket at all, server-sent events are tried.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call
from connectors.errors import UpstreamError
from connectors.graphql.options import Options
from connectors.graphql.session_events import EventStreams
from connectors.graphql.session_websocket import SUBPROTOCOLS, Subprotocol, Websockets

_ABOUT_CALLERS = (401, 403, 407, 408, 429)
"""Refusals of a handshake that say nothing about what the upstream speaks."""


class Subscriptions:
    """The open subscriptions of one upstream."""

    def __init__(self, options: Options, clock: Clock = SYSTEM_CLOCK) -> None:
        self._options = options
        self._websockets = Websockets(options, clock)
        self._events = EventStreams(options, clock)
        self._uses_events = options.uses_event_streams
        self._may_use_events = options.subscriptions == "auto" and options.subscription_url is None
        """Whether it is not known yet that there is a websocket."""

    async def subscribe(self, call: Call, request: bytes) -> AsyncGenerator[msgspec.Raw, None]:
        """Yield execution results, as JSON, until the upstream completes. Closing the generator ends it upstream.

        Raises UpstreamError, which names what was tried.
        """
        refusal: UpstreamError | None = None
        if not self._uses_events:
            try:
                socket, subprotocol = await self._connect(call)
            except UpstreamError as error:
                if not self._may_use_events or not _has_no_websocket(error):
                    raise
                refusal = error
            else:
                self._may_use_events = False
                async with aclosing(self._websockets.subscribe(call, request, socket, subprotocol)) as results:
                    async for result in results:
                        yield result
                return
        try:
            async with aclosing(self._events.subscribe(call, request)) as events:
                async for event in events:
                    self._uses_events, refusal = True, None
                    yield msgspec.Raw(event)
        except UpstreamError as error:
            if refusal is None:
                raise
            raise _describe(refusal, f"and no event stream: {error.detail}") from error

    async def close(self) -> None:
        """End every subscription with UpstreamDisconnected."""
        await self._websockets.close()
        await self._events.close()

    async def _connect(self, call: Call) -> tuple[ClientConnection, Subprotocol]:
        chosen = self._options.subscriptions
        offered = [chosen] if chosen in SUBPROTOCOLS else [*SUBPROTOCOLS]
        try:
            return await self._websockets.connect(call, offered)
        except UpstreamError as error:
            if not isinstance(error.__cause__, InvalidStatus) or _is_about_caller(error.__cause__):
                raise
            raise _describe(error, f"offered was the subprotocol {' or '.join(offered)}") from error.__cause__


def _describe(error: UpstreamError, more: str) -> UpstreamError:
    """The same error with more detail."""
    return type(error)(error.operation, f"{error.detail}; {more}", upstream_code=error.upstream_code, reply=error.reply)


def _is_about_caller(refused: InvalidStatus) -> bool:
    status = refused.response.status_code
    return status in _ABOUT_CALLERS or (status >= 500 and status != 501)


def _has_no_websocket(error: UpstreamError) -> bool:
    """Whether the upstream answered the handshake as a server without websockets does."""
    return isinstance(error.__cause__, InvalidStatus) and not _is_about_caller(error.__cause__)
