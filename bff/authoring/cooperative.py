"""Make records of long lists in slices, so that others have their turn. Used by `frontend` and the engine.

Converters are plain functions. One that meets a long list, at whatever depth, may put an empty list in its place and
have it filled before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

from connectors.aio.cooperative import SLICE, slices, yield_to_loop

Convert = Callable[[Any], Any]
_Later = list[tuple[list[Any], Convert, Sequence[Any]]]
_later: ContextVar[_Later | None] = ContextVar("later", default=None)
"""Lists still to be filled; None where whoever converts cannot wait."""


def each_of(convert: Convert, items: Sequence[Any]) -> list[Any]:
    """The converted items, or an empty list that will have them."""
    later = _later.get() if len(items) > SLICE else None
    if later is None:
        return [convert(item) for item in items]
    made: list[Any] = []
    later.append((made, convert, items))
    return made


async def converted(convert: Convert, value: Any) -> Any:
    """What `convert` makes of a value."""
    result, later = _noting(convert, value)
    while later:
        made, each, items = later.pop()
        for rows in slices(len(items)):
            await yield_to_loop()
            done, more = _noting(partial(_all, each), items[rows.start : rows.stop])
            made += done
            later += more
    return result


def _all(convert: Convert, items: Sequence[Any]) -> list[Any]:
    return [convert(item) for item in items]


def _noting(convert: Convert, value: Any) -> tuple[Any, _Later]:
    later: _Later = []
    token = _later.set(later)  # converters are called by converters, and have no place for one more argument
    try:
        return convert(value), later
    finally:
        _later.reset(token)
