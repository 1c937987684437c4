"""What objects hold: the values of attributes, methods and entries for a whole set. Used by bff.engine.execute.run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import NoneType
from typing import Any

from bff.engine.compile.resolvers import Attribute, Method
from connectors.contract import Event, Reply

Values = list[Any]
_SCALARS = frozenset({NoneType, str, int, float, bool})
_MAY_HOLD = (Reply, Event, Mapping, list, tuple)
"""Kinds of values in which an author may have left what an endpoint gave."""


def read_attributes(resolution: Attribute | Method, sources: Values, *others: Iterator[Any]) -> Values:
    """Attributes, or what methods return, each called once; exceptions are values."""
    values: Values = []
    rest = iter(sources)
    while len(values) < len(sources):
        try:
            values.extend(map(resolution.get, rest, *others))  # keeps what came before an exception
        except Exception as error:  # noqa: BLE001 - authors' code may raise anything
            values.append(error)
        else:
            if len(values) < len(sources):
                values.append(StopIteration())  # which ended the map
    if _SCALARS.issuperset(kinds := set(map(type, values))) or not any(issubclass(each, _MAY_HOLD) for each in kinds):
        return values
    return [_catch_error(resolution.unwrap_value, value) for value in values]


def read_entries(name: str, sources: Values) -> Values:
    """Entries of mappings, attributes of other objects; exceptions are values."""
    if set(map(type, sources)) == {dict}:
        return [source.get(name) for source in sources]
    values: Values = []
    for source in sources:
        try:
            values.append(source.get(name) if isinstance(source, Mapping) else getattr(source, name, None))
        except Exception as error:  # noqa: BLE001 - a property may raise anything
            values.append(error)
    return values


def _catch_error(work: Callable[[Any], Any], value: Any) -> Any:
    try:
        return work(value)
    except Exception as error:  # noqa: BLE001 - as above
        return error
