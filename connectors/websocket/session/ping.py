"""Pings that are messages, for upstreams that close connections without them. Used by `socket`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from connectors.aio.clock import Clock
from connectors.contract import Operation
from connectors.errors import UpstreamDisconnected
from connectors.messages.json_text import encode_json
from connectors.websocket.options import Ping


async def keep_pinging(
    operation: Operation,
    ping: Ping,
    send: Callable[[bytes], Awaitable[None]],
    count_received: Callable[[], int],
    clock: Clock,
) -> UpstreamDisconnected:
    """Send a ping at each interval until no message comes within `timeout` of one; return the error that this is.

    Any message shows that the upstream is there. Raises what `send` raises.
    """
    text = ping.message.encode() if isinstance(ping.message, str) else encode_json(operation, ping.message)
    timeout = min(ping.timeout, ping.interval)
    while True:
        await clock.sleep(ping.interval - timeout)
        before = count_received()
        await send(text)
        await clock.sleep(timeout)
        if count_received() == before:
            return UpstreamDisconnected(operation, f"no message came within {timeout:.3g} s of a ping")
