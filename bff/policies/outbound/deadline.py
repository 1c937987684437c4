"""Give up on a call that takes too long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from msgspec.structs import replace

from bff.policies.outbound.policy import Policy, Send
from connectors.aio.clock import Clock
from connectors.contract import Call, Reply
from connectors.errors import UpstreamTimeout


def deadline(seconds: float, clock: Clock, *, is_kept: bool = False) -> Policy:
    """Bound a call by `seconds` from now and by the deadline it already has, and tell everyone further in.

    `is_kept` says that an inner policy or the connector keeps `call.deadline` by itself, so that setting it is enough.
    """

    def narrow_deadline(call: Call) -> tuple[float, float]:
        """Now, and when the call must be over."""
        now = clock.now()
        until = now + seconds
        if call.deadline is not None and call.deadline < until:
            until = call.deadline
        if until <= now:
            raise UpstreamTimeout(call.operation, "the deadline had passed before the call could be sent")
        return now, until

    def around(send: Send) -> Send:
        def send_on(call: Call) -> Awaitable[Reply]:
            return send(replace(call, deadline=narrow_deadline(call)[1]))

        async def send_in_time(call: Call) -> Reply:
            now, until = narrow_deadline(call)
            limit = clock.timeout(until - now)
            try:
                return await send(replace(call, deadline=until))
            except asyncio.CancelledError as late:
                if limit.is_ours():
                    raise UpstreamTimeout(call.operation, f"no reply in {until - now:.3g} s") from late
                raise
            finally:
                limit.cancel()

        return send_on if is_kept else send_in_time

    return around
