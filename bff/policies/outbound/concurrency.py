"""Keep the number of calls under way at once within what an upstream can take."""

from __future__ import annotations

import asyncio

from bff.policies.outbound.policy import Policy, Send
from connectors.contract import Call, Reply
from connectors.errors import UpstreamRateLimited


class QueueFull(UpstreamRateLimited):
    """The upstream was not asked, because too many calls wait for their turn already."""

    retryable = False  # repeating it would only lengthen the queue
    was_not_sent = True


def concurrency(most: int, waiting: int) -> Policy:
    """Let `most` calls run and `waiting` wait, in order; refuse the others at once. The deadline bounds the wait."""
    turns = asyncio.Semaphore(most)
    in_line = 0

    def around(send: Send) -> Send:
        async def send_in_turn(call: Call) -> Reply:
            nonlocal in_line
            if turns.locked():
                if in_line >= waiting:
                    raise QueueFull(call.operation, f"{most} calls are under way and {waiting} wait already")
                in_line += 1
                try:
                    await turns.acquire()
                finally:
                    in_line -= 1
            else:
                await turns.acquire()
            try:
                return await send(call)
            finally:
                turns.release()

        return send_in_turn

    return around
