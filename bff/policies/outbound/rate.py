"""Start no more calls per second than an upstream allows.

A token bucket, kept as one number: the time at which the bucket will be full again (the generic cell rate algorithm,
ITU-T I.371). It holds the calls of one second, or one call when there are fewer.
"""

from __future__ import annotations

from bff.policies.outbound.policy import Policy, Send
from connectors.aio.clock import Clock
from connectors.contract import Call, Reply
from connectors.errors import UpstreamRateLimited


class TooFast(UpstreamRateLimited):
    """The upstream was not asked, because its turn would come after the deadline."""

    retryable = False  # the wait is known, and it is too long
    was_not_sent = True


def rate(per_second: float, clock: Clock) -> Policy:
    """Spread calls evenly; a call waits for its turn, unless that comes after its deadline.

    Turns are given in order of arrival, and who leaves while waiting loses its turn. The deadline bounds the queue.
    """
    gap = 1.0 / per_second
    burst = max(per_second, 1.0) * gap
    full_at = clock.now()

    def around(send: Send) -> Send:
        async def send_at_rate(call: Call) -> Reply:
            nonlocal full_at
            now = clock.now()
            after = max(full_at, now) + gap
            wait = after - now - burst
            if call.deadline is not None and now + wait >= call.deadline:
                detail = f"{per_second:.4g} calls a second are reached; the next turn is in {wait:.3g} s"
                raise TooFast(call.operation, detail, retry_after=wait)
            full_at = after
            if wait > 1e-9:  # below are rounding errors
                await clock.sleep(wait)
            return await send(call)

        return send_at_rate

    return around
