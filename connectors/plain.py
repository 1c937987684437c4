"""Plain values: what authors and frontends give, as connectors take it, without what was not given.

Endpoints convert their arguments before a call is made, so that no connector ever sees an argument that was left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from types import NoneType
from typing import Any, Final

import msgspec


class NotGiven(Enum):
    """The type of NOT_GIVEN."""

    NOT_GIVEN = "not given"

    def __repr__(self) -> str:
        return "NOT_GIVEN"

    def __bool__(self) -> bool:
        return False


NOT_GIVEN: Final = NotGiven.NOT_GIVEN
"""An argument that is left out on the wire, which is not the same as null: the upstream's own default holds."""

_SCALARS = frozenset({NoneType, str, int, float, bool})
Plain = Callable[[Any], Any]
Convert = Callable[[Any, Plain], Any]
_families: list[tuple[Callable[[type], bool], Convert]] = []


def register_plain(accepts: Callable[[type], bool], convert: Convert) -> None:
    """Add a family of values: `convert(value, plain)` makes plain data, or NOT_GIVEN, of values of accepted classes.

    `plain` converts what is in the value.
    """
    _families.append((accepts, convert))


def to_plain(value: Any, *, keeps_enums: bool = False) -> Any:
    """The value as connectors take it, at every depth: entries and items that are not given are left out.

    NOT_GIVEN where the value itself is not given. Enums become their values, unless the connector knows from the
    upstream whether the value or the name is wanted; unknown classes stay as they are.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if value is NOT_GIVEN or value is msgspec.UNSET:
        return NOT_GIVEN
    if isinstance(value, Enum):
        return value if keeps_enums else value.value
    plain: Plain = partial(to_plain, keeps_enums=True) if keeps_enums else to_plain
    if isinstance(value, list | tuple):
        return value if _SCALARS.issuperset(map(type, value)) else _drop_absent(map(plain, value))
    if isinstance(value, Mapping):
        return plain_entries(value, keeps_enums=keeps_enums)
    for accepts, convert in _families:
        if accepts(kind):
            return convert(value, plain)
    return value


def plain_entries(entries: Mapping[Any, Any], *, keeps_enums: bool = False) -> Mapping[Any, Any]:
    """The entries that are given, plain; the mapping itself where all of them are scalars."""
    if _SCALARS.issuperset(map(type, entries.values())):
        return entries
    plain = {name: to_plain(value, keeps_enums=keeps_enums) for name, value in entries.items()}
    return {name: value for name, value in plain.items() if value is not NOT_GIVEN}


def _drop_absent(values: Any) -> list[Any]:
    return [value for value in values if value is not NOT_GIVEN]
