"""Give up on a call that takes too long."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bff.policies.outbound.policy import Clock, Policy, Send
from connectors.contract import Call, Reply
from connectors.errors import UpstreamTimeout


def deadline(seconds: float, clock: Clock) -> Policy:
    """Bound a call by `seconds` from now and by the deadline it already has, and tell everyone further in."""

    def around(send: Send) -> Send:
        async def send_in_time(call: Call) -> Reply:
            now = clock()
            until = now + seconds if call.deadline is None else min(now + seconds, call.deadline)
            if until <= now:
                raise UpstreamTimeout(call.operation, "the deadline had passed before the call could be sent")
            try:
                async with asyncio.timeout(until - now):
                    return await send(replace(call, deadline=until))
            except TimeoutError as late:
                raise UpstreamTimeout(call.operation, f"no reply in {until - now:.3g} s") from late

        return send_in_time

    return around
