"""Cooperative work: what takes long is done in slices, and the event loop runs other tasks between them.

Used where records are decoded, created and completed. Small work is done in one go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

SLICE: Final = 1_000
"""Items of a list in one slice: about a millisecond of work."""
LARGE: Final = 500_000
"""Bytes that are decoded in one go: about two milliseconds of usual JSON."""

LARGE_TYPED: Final = 4_000_000
"""The same where records are decoded as what is selected of them."""


async def yield_to_loop() -> None:
    """Let other tasks run."""
    await asyncio.sleep(0)


def slices(count: int) -> Iterator[range]:
    """The indexes of one slice after the other."""
    return (range(start, min(start + SLICE, count)) for start in range(0, count, SLICE))
