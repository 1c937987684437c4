"""Make records of long lists in slices, so that other tasks run in between. Used by `frontend` and the engine.

Converters are plain functions. One that meets a long list, at whatever depth, may put an empty list in its place and
have it filled before the value is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

from connectors.aio.cooperative import SLICE, slices, yield_to_loop

Convert = Callable[[Any], Any]
_DeferredLists = list[tuple[list[Any], Convert, Sequence[Any]]]
_deferred_lists: ContextVar[_DeferredLists | None] = ContextVar("later", default=None)
"""Lists still to be filled; None where the caller of the converter cannot wait."""


def convert_each(convert: Convert, items: Sequence[Any]) -> list[Any]:
    """The converted items, or an empty list that will have them."""
    deferred = _deferred_lists.get() if len(items) > SLICE else None
    if deferred is None:
        return [convert(item) for item in items]
    target: list[Any] = []
    deferred.append((target, convert, items))
    return target


async def convert_in_slices(convert: Convert, value: Any) -> Any:
    """What `convert` makes of a value."""
    result, deferred = _convert_noting(convert, value)
    while deferred:
        target, each, items = deferred.pop()
        for rows in slices(len(items)):
            await yield_to_loop()
            done, more = _convert_noting(partial(_convert_all, each), items[rows.start : rows.stop])
            target += done
            deferred += more
    return result


def _convert_all(convert: Convert, items: Sequence[Any]) -> list[Any]:
    return [convert(item) for item in items]


def _convert_noting(convert: Convert, value: Any) -> tuple[Any, _DeferredLists]:
    deferred: _DeferredLists = []
    token = _deferred_lists.set(
        deferred
    )  # converters are called by converters, and have no place for one more argument
    try:
        return convert(value), deferred
    finally:
        _deferred_lists.reset(token)
