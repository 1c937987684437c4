"""Response maps: from a column of values for each response key to a dict for each object. Used by the compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

Row = dict[str, Any]
MakeRows = Callable[[Sequence[Any], Sequence[Sequence[Any]]], list[Row]]
"""From objects, and a column of values for some of the steps, to a response map for each object."""
MAX_CACHED_CHARACTERS = 500
"""Of the keys of one map: the functions for more are not kept for other shapes."""


def compile_rows(keys: tuple[str, ...]) -> MakeRows:
    """A function that makes response maps of these keys; kept for the next shape that has them, unless it is large."""
    is_small = sum(map(len, keys)) <= MAX_CACHED_CHARACTERS
    return _compile_display(keys) if is_small else _compile_display.__wrapped__(keys)


@lru_cache(maxsize=1000)
def _compile_display(keys: tuple[str, ...]) -> MakeRows:
    """A dict display is three times as fast as `dict(zip(...))`, so one is written for each shape."""
    names = [f"v{index}" for index in range(len(keys))]
    entries = ", ".join(f"{key!r}: {name}" for key, name in zip(keys, names, strict=True))
    source = f"lambda sources, columns: [{{{entries}}} for {', '.join(names)}, in zip(*columns)]"
    make_rows: MakeRows = eval(source) if keys else _make_no_rows  # noqa: S307 - GraphQL names
    return make_rows


def _make_no_rows(sources: Sequence[Any], columns: Sequence[Sequence[Any]]) -> list[Row]:
    return []
