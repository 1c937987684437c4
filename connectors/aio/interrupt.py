"""Cancel the current task from a callback, and know that cancellation from others. For time limits on the hot path.

What `asyncio.timeout` does, at a fifth of its cost: nothing is entered, left or rescheduled.
"""

from __future__ import annotations

import asyncio


class Interrupt:
    """Call it to cancel the task that made it; where CancelledError arrives, ask `is_ours`."""

    __slots__ = ("_has_struck", "_task")

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """`loop` is the running one, for those who have it at hand."""
        task = asyncio.current_task(loop)
        assert task is not None
        self._task = task
        self._has_struck = False

    def __call__(self) -> None:
        """Strike. At most once, and never after the guarded work is over: who sets the timer cancels it."""
        self._has_struck = True
        self._task.cancel()

    def is_ours(self) -> bool:
        """Whether the cancellation that just arrived is this one, and nobody else wants the task to end."""
        return self._has_struck and self._task.uncancel() == 0
