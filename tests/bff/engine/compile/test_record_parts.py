"""Parts of record classes: which attribute of a record holds what, and what no record can hold."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from graphql import GraphQLFloat, GraphQLInt, GraphQLObjectType, GraphQLString

from bff.authoring.records import Slot
from bff.engine.compile.record_parts import LEAF_TYPES, NoProjection, RecordParts
from bff.engine.compile.shapes import LeafOutput, Shape


def slot(attribute: str, *path: str, other: str | None = None, default: Any = None) -> Slot:
    path = path or (attribute,)
    return Slot(attribute, path, other or path[0], lambda value: value, lambda: default)


def parts(*slots: Slot, **names: str) -> RecordParts:
    return RecordParts(slots, {("Item", attribute): name for attribute, name in names.items()}, "Item")


EMPTY = Shape([], lambda sources, columns: [], GraphQLObjectType("Item", {}))
TEXT, NUMBER = LEAF_TYPES[GraphQLString][0], LEAF_TYPES[GraphQLFloat][0]


def test_an_attribute_without_a_default_must_be_there_where_it_may_not_be_null() -> None:
    """Otherwise the default stands in for it."""
    title, size = slot("title"), slot("size", default="M")
    made = parts(title, size)
    made.add_typed(title, TEXT, LeafOutput(GraphQLString, False))
    made.add_typed(size, TEXT, LeafOutput(GraphQLString, False))
    assert made.parts["title"].default is msgspec.NODEFAULT
    assert made.parts["size"].default == "M"


def test_a_default_of_another_type_is_left_to_the_exact_way() -> None:
    """It would have to be coerced."""
    wrong = slot("count", default="many")
    with pytest.raises(NoProjection):
        parts(wrong).add_typed(wrong, int, LeafOutput(GraphQLInt, True))


def test_an_attribute_that_could_have_two_names() -> None:
    """Has the one that the upstream was seen to use, and the other is its rival."""
    own = slot("in_stock", other="inStock")
    for names, expected in (({}, ("in_stock", "inStock")), ({"in_stock": "inStock"}, ("inStock", "in_stock"))):
        made = parts(own, **names)
        made.add_typed(own, TEXT, LeafOutput(GraphQLString, True))
        part = made.parts["in_stock"]
        assert (part.name, *part.rivals) == expected


def test_keys_are_held_as_they_come() -> None:
    """A key deep in the record is read by the author's class."""
    made = parts(slot("id"), slot("owner", "owner", "id"))
    made.add_key("id", EMPTY)
    assert made.find_attribute("id") == "id"
    with pytest.raises(NoProjection):
        made.add_key("owner", EMPTY)
    with pytest.raises(NoProjection):
        made.find_slot("unknown")


def test_a_float_is_no_key() -> None:
    """7 would have become 7.0."""
    weight = slot("weight")
    made = parts(weight)
    made.add_typed(weight, NUMBER, LeafOutput(GraphQLFloat, True))
    with pytest.raises(NoProjection):
        made.find_attribute("weight")


def test_what_is_deeper_is_held_by_its_outermost_name() -> None:
    """Once, however many attributes are in it."""
    name, mail = slot("name", "author", "name"), slot("mail", "author", "mail")
    made = parts(name, mail)
    assert made.add_whole(name) == made.add_whole(mail)
    (part,) = made.parts.values()
    assert part.name == "author"
