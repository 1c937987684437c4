"""Which parts of a sequence or choice a message gives: rounds of repeated groups, branches of choices.

Used by connectors.soap.encode_values.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from connectors.soap.decode.occurrence import count_occurrences
from connectors.soap.errors import RequestMismatch
from connectors.soap.schema_types import Types
from connectors.soap.schema_zeep import Choice, Element, has_wildcard, list_particles

_ABSENT = object()


def is_given(types: Types, particle: Any, data: Mapping[str, Any], rest: Mapping[str, Any]) -> bool:
    """Whether a message has anything for this particle."""
    return any(name in data for name in types.list_elements(particle)) or (bool(rest) and has_wildcard(particle))


def has_entries(particle: Any, value: Any) -> bool:
    """Whether a value is a list of the rounds of a repeated group somewhere in a particle."""
    return isinstance(value, list | tuple) and particle is not None and _has_repeated(particle)


def split_rounds(types: Types, particle: Any, data: Mapping[str, Any], rest: dict[str, Any]) -> list[Mapping[str, Any]]:
    """The data of each repetition of a group: the mappings of `_value_1`, or the items of lists by name together."""
    for name in rest:
        if name.startswith("_value_") and has_entries(particle, rest[name]):
            return [each for each in rest.pop(name) if isinstance(each, Mapping)]
    branches = list_particles(particle) if isinstance(particle, Choice) else [particle]
    rounds: list[Mapping[str, Any]] = []
    for branch in branches:
        given = {name: data[name] for name in types.list_elements(branch) if name in data}
        lists = {name: _list_rounds(types, branch, name, value) for name, value in given.items()}
        rounds += [
            {name: item for name, item in zip(lists, items, strict=True) if item is not _ABSENT}
            for items in zip_longest(*lists.values(), fillvalue=_ABSENT)
        ]
    if not rounds and ((rest and has_wildcard(particle)) or particle.min_occurs):
        return [{}]
    return rounds


def choose_branch(types: Types, parts: list[Any], data: Mapping[str, Any], rest: Mapping[str, Any], path: str) -> Any:
    """The branch of a choice that a message gives; None where it need not give one. Raises RequestMismatch."""
    names = {name for part in parts for name in types.list_elements(part)}
    given = {name for name in names if data.get(name) is not None and data[name] != []} or names & data.keys()
    fitting = [part for part in parts if given and given <= types.list_elements(part).keys()]
    if fitting:
        return next((part for part in fitting if _is_complete(part, data)), fitting[0])
    if given:
        raise RequestMismatch(
            f"{path} takes only one of {_describe_branches(types, parts)}, and {', '.join(sorted(given))} are given",
            is_definition=False,
        )
    if rest and (wildcard := next(filter(has_wildcard, parts), None)) is not None:
        return wildcard
    if (
        any(not part.min_occurs or (not isinstance(part, Element) and _is_complete(part, data)) for part in parts)
        or not parts
    ):
        return None
    raise RequestMismatch(f"{path} needs one of {_describe_branches(types, parts)}", is_definition=True)


def _describe_branches(types: Types, parts: list[Any]) -> str:
    return ", ".join(" with ".join(types.list_elements(part)) or "any element" for part in parts)


def _is_complete(part: Any, data: Mapping[str, Any]) -> bool:
    return all(occurs.element.attr_name in data for occurs in count_occurrences(part).values() if occurs.min)


def _list_rounds(types: Types, branch: Any, name: str, value: Any) -> list[Any]:
    """The values of one element by repetition; an element that is a list itself has a list of lists, or one round."""
    if not isinstance(value, list | tuple):
        return [value]
    if types.list_elements(branch)[name].accepts_multiple and not all(isinstance(each, list) for each in value):
        return [list(value)]
    return list(value)


def _has_repeated(particle: Any) -> bool:
    if isinstance(particle, Element):
        return False
    parts = list_particles(particle)
    return bool(parts) and (particle.accepts_multiple or any(map(_has_repeated, parts)))
