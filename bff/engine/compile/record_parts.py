"""The parts of a record class: what a selection needs of an upstream's record, and its type. Used by record_classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)

from bff.authoring.records import Slot
from bff.engine.compile.resolvers import Attribute
from bff.engine.compile.shapes import LeafOutput, ListOutput, Output, Shape
from connectors.forms import Part
from connectors.messages.paths import split_at_list

_INT = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_FLOAT = Annotated[float, msgspec.Meta(gt=-(2**53), lt=2**53)]
"""Beyond these, an integer may be another one as a float, which graphql-core refuses."""
LEAF_TYPES: dict[GraphQLLeafType, tuple[Any, tuple[type, ...]]] = {
    GraphQLString: (str, (str,)),
    GraphQLID: (str | int, (str, int)),
    GraphQLBoolean: (bool, (bool,)),
    GraphQLInt: (_INT, (int,)),
    GraphQLFloat: (_FLOAT, (float,)),
}
"""For each type of the specification: what needs no coercion, as msgspec knows it and as Python types."""
_KEYS = (GraphQLString, GraphQLID, GraphQLInt)
"""Scalars that a form keeps as received, so that they can be arguments of calls."""
_KEY = str | int | float | bool | None
"""Types of arguments of calls, as received."""

Names = dict[tuple[str, str], str]
"""The name by which an upstream calls an attribute of a type, where it could have two."""


class NoProjection(Exception):
    """A selection that needs objects of the author's own class, because methods of theirs run."""


class RecordParts:
    """The parts of one class."""

    def __init__(self, slots: Sequence[Slot], names: Names, type_name: str) -> None:
        self._slots = {slot.attribute: slot for slot in slots}
        self._names = names
        self._type_name = type_name
        self.parts: dict[str, Part] = {}

    def find_slot(self, attribute: str) -> Slot:
        """Where an attribute stands. Raises Unprojected for one that no record fills."""
        if attribute not in self._slots:
            raise NoProjection
        return self._slots[attribute]

    def add_typed(self, slot: Slot, type_: Any, output: Output) -> None:
        """An attribute of a known type."""
        default = None if slot.default is None else slot.default()
        if default is not None:
            kinds = LEAF_TYPES[output.type][1] if isinstance(output, LeafOutput) and output.type in LEAF_TYPES else ()
            is_empty_list = isinstance(output, ListOutput) and default == []
            if not is_empty_list and (type(default) not in kinds or (type(default) is int and abs(default) >= 2**31)):
                raise NoProjection
        must_be_there = default is None and not output.is_nullable
        self._add_part(slot, type_, msgspec.NODEFAULT if must_be_there else default)

    def add_whole(self, slot: Slot) -> str:
        """An attribute as it comes; the name that holds it, or what it is in."""
        if len(slot.path) == 1:
            self._add_part(slot, Any, None)
            return slot.attribute
        names, _ = split_at_list(slot.path)
        dotted = tuple(".".join(names[:count]) for count in range(2, len(names) + 1))
        return self._add_untyped(names[0], dotted)

    def add_key(self, attribute: str, shape: Shape) -> None:
        """An attribute that is an argument of calls, as received."""
        slot = self.find_slot(attribute)
        if len(slot.path) > 1:
            raise NoProjection
        leaves = [
            step.output
            for step in shape.steps
            if isinstance(step.resolution, Attribute) and step.resolution.name == attribute
        ]
        if not leaves:
            self._add_part(slot, _KEY, None)
        elif not all(isinstance(leaf, LeafOutput) and leaf.type in _KEYS for leaf in leaves):
            raise NoProjection

    def add_key_list(self, attribute: str, shape: Shape) -> None:
        """An attribute that holds a list of keys, just as they come."""
        slot = self.find_slot(attribute)
        if len(slot.path) > 1:
            raise NoProjection
        outputs = [
            step.output
            for step in shape.steps
            if isinstance(step.resolution, Attribute) and step.resolution.name == attribute
        ]
        if not outputs:
            default = None if slot.default is None else slot.default()
            if default is not None and default != []:
                raise NoProjection
            self._add_part(slot, list[_KEY] if default == [] else list[_KEY] | None, default)
        elif not all(_holds_keys(output) for output in outputs):
            raise NoProjection

    def find_attribute(self, name: str) -> str:
        """The attribute with what stands under a name in the record."""
        for part in self.parts.values():
            if part.name == name:
                if part.type in (_FLOAT, _FLOAT | None):
                    raise NoProjection  # 7 would have become 7.0
                return part.attribute
        return self._add_untyped(name)

    def _add_untyped(self, name: str, rivals: tuple[str, ...] = ()) -> str:
        """A part as it comes. `rivals` are the names with dots that a path could also lead to (messages.paths)."""
        attribute = f"in_{len(self.parts)}_"
        for part in self.parts.values():
            if part.name == name and part.type is Any:
                merged = tuple(dict.fromkeys([*part.rivals, *rivals]))
                self.parts[part.attribute] = replace(part, rivals=merged)
                return part.attribute
        self.parts[attribute] = Part(attribute, name, Any, None, rivals)
        return attribute

    def _add_part(self, slot: Slot, type_: Any, default: Any) -> None:
        first, other = slot.path[0], slot.other
        name = self._names.get((self._type_name, slot.attribute), first)
        rivals = () if first == other else (other if name == first else first,)
        part = Part(slot.attribute, name, type_, default, rivals)
        if self.parts.setdefault(slot.attribute, part) != part:
            raise NoProjection


def _holds_keys(output: Output) -> bool:
    return isinstance(output, ListOutput) and isinstance(output.items, LeafOutput) and output.items.type in _KEYS
