"""Cooperative work: what takes long is done in slices, and the event loop runs other tasks between them.

Used where records are decoded, created and completed. Small work is done in one go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

SLICE: Final = 1_000
"""Items of a list in one slice: about a millisecond of work."""
LARGE: Final = 500_000
"""Bytes that are decoded in one slice: about two milliseconds."""

LARGE_TYPED: Final = 4_000_000
"""The same where records are decoded as what is selected of them."""

_list_of_raw = msgspec.json.Decoder(list[msgspec.Raw])
_object_of_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])


async def yield_to_loop() -> None:
    """Let other tasks run."""
    await asyncio.sleep(0)


def slices(count: int) -> Iterator[range]:
    """The indexes of one slice after the other."""
    return (range(start, min(start + SLICE, count)) for start in range(0, count, SLICE))


async def decode_in_slices(body: bytes | msgspec.Raw) -> Any:
    """JSON as plain Python, a large body piece by piece. Raises what msgspec raises."""
    size = memoryview(body).nbytes
    first = bytes(memoryview(body)[:1])
    if size <= LARGE or first not in (b"[", b"{"):
        return msgspec.json.decode(body)
    await yield_to_loop()
    if first == b"{":
        return {name: await decode_in_slices(each) for name, each in _object_of_raw.decode(body).items()}
    return await _decode_items(_list_of_raw.decode(body), size)


async def _decode_items(raw: Sequence[msgspec.Raw], size: int) -> list[Any]:
    several = LARGE * len(raw) // size  # as many as are large together
    if several <= 1:
        return [await decode_in_slices(each) for each in raw]
    items: list[Any] = []
    for start in range(0, len(raw), several):
        await yield_to_loop()
        items += msgspec.json.decode(b"[" + b",".join(raw[start : start + several]) + b"]")
    return items
