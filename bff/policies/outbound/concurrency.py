"""Keep the number of calls under way at once within what an upstream can take."""

from __future__ import annotations

from bff.policies.outbound.policy import Policy, Send
from connectors.aio.semaphore import Semaphore
from connectors.contract import Call, Reply
from connectors.errors import UpstreamRateLimited


class QueueFull(UpstreamRateLimited):
    """The call was not sent, because too many calls wait already."""

    retryable = False  # repeating it would only lengthen the queue
    was_not_sent = True


def concurrency(max_calls: int, max_waiting: int) -> Policy:
    """Let some calls run and some wait, in order; refuse the others at once. The deadline bounds the wait."""
    semaphore = Semaphore(max_calls)
    waiting = 0

    def around(send: Send) -> Send:
        async def send_in_turn(call: Call) -> Reply:
            nonlocal waiting
            if not semaphore.try_acquire():
                if waiting >= max_waiting:
                    raise QueueFull(call.operation, f"{max_calls} calls are under way and {max_waiting} wait already")
                waiting += 1
                try:
                    await semaphore.acquire()
                finally:
                    waiting -= 1
            try:
                return await send(call)
            finally:
                semaphore.release()

        return send_in_turn

    return around
