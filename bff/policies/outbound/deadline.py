"""Give up on a call that takes too long."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from bff.policies.outbound.policy import Clock, Policy, Send
from connectors.contract import Call, Reply
from connectors.errors import UpstreamTimeout
from connectors.timelimit import TimeLimit


def deadline(seconds: float, clock: Clock) -> Policy:
    """Bound a call by `seconds` from now and by the deadline it already has, and tell everyone further in."""

    def around(send: Send) -> Send:
        async def send_in_time(call: Call) -> Reply:
            now = clock()
            until = now + seconds if call.deadline is None else min(now + seconds, call.deadline)
            if until <= now:
                raise UpstreamTimeout(call.operation, "the deadline had passed before the call could be sent")
            limit = TimeLimit(until - now)
            try:
                return await send(replace(call, deadline=until))
            except asyncio.CancelledError as late:
                if limit.is_ours():
                    raise UpstreamTimeout(call.operation, f"no reply in {until - now:.3g} s") from late
                raise
            finally:
                limit.lift()

        return send_in_time

    return around
