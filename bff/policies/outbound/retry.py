"""Ask again after a failure that may pass.

Back-off is exponential with full jitter (Brooker, "Exponential Backoff and Jitter", 2015). A budget keeps repetitions
to a tenth of all calls, so that an upstream in trouble is not asked twice as much as before.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from bff.policies.outbound.options import Retry
from bff.policies.outbound.policy import Policy, Send
from connectors.aio.clock import Clock
from connectors.contract import Call, Reply
from connectors.errors import UpstreamError

SHARE, RESERVE = 0.1, 10.0
"""Repetitions earned by each call, and the most that can be saved up."""


class Budget:
    """Retries that are left. Begins full, so that a rare call can be retried too."""

    def __init__(self) -> None:
        self._left = RESERVE

    def earn(self) -> None:
        """Count a call."""
        self._left = min(RESERVE, self._left + SHARE)

    def spend(self) -> bool:
        """Take one repetition; False when there is none."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def retry(
    options: Retry,
    clock: Clock,
    *,
    draw: Callable[[float, float], float] = random.uniform,
) -> Policy:
    """Repeat calls whose error is retryable, when they are idempotent or surely were not sent.

    The last error is raised when attempts, budget or time run out. `retry_after` of an error is waited for in full.
    """
    budget = Budget()

    def around(send: Send) -> Send:
        async def send_again(call: Call) -> Reply:
            budget.earn()
            for repetition in range(options.attempts):
                try:
                    return await send(call)
                except UpstreamError as error:
                    pause = min(options.initial_delay * 2**repetition, options.max_delay)
                    wait = (error.retry_after or 0.0) + draw(0.0, pause)
                    in_time = call.deadline is None or clock.now() + wait < call.deadline
                    if not (may_repeat(call, error) and in_time and budget.spend()):
                        raise
                await clock.sleep(wait)
            return await send(call)

        return send_again

    return around


def may_repeat(call: Call, error: UpstreamError) -> bool:
    """Whether asking again can help and cannot do harm (RFC 9110 section 9.2.2)."""
    return error.retryable and (call.operation.is_idempotent or error.was_not_sent)
