"""Shapes: compiled when they are needed, once."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, GraphQLString

from bff.engine.compile.shapes import (
    AbstractOutput,
    Batchability,
    LeafOutput,
    ListOutput,
    ObjectOutput,
    Shape,
    innermost,
)

ITEM, OTHER = GraphQLObjectType("Item", {}), GraphQLObjectType("Other", {})


class Compiler:
    """Notes what it compiles."""

    def __init__(self) -> None:
        self.types: list[str] = []

    def __call__(self, type_: GraphQLObjectType) -> Shape:
        self.types.append(type_.name)
        return Shape([], lambda sources, columns: [], type_)


def test_objects_are_compiled_at_first_use() -> None:
    """And not again."""
    compiler = Compiler()
    output = ObjectOutput(ITEM, compiler, is_nullable=True)
    assert compiler.types == []
    assert output.shape is output.shape is output.shape_of(ITEM)
    assert compiler.types == ["Item"]


def test_abstract_outputs_have_a_shape_for_each_type() -> None:
    """An interface may have many; those that turn up are compiled."""
    compiler = Compiler()
    details: list[Any] = []
    output = AbstractOutput(GraphQLSchema(), GraphQLInterfaceType("Thing", {}), details, compiler, is_nullable=True)
    assert output.shape_of(ITEM) is output.shape_of(ITEM)
    assert output.shape_of(OTHER).type is OTHER
    assert compiler.types == ["Item", "Other"]


def test_what_lists_are_of() -> None:
    """At any depth."""
    leaf = LeafOutput(GraphQLString, True)
    assert innermost(ListOutput(ListOutput(leaf, False), True)) is leaf
    assert innermost(leaf) is leaf


def test_objects_are_made_alone_where_nothing_is_shared() -> None:
    """One batched call among what they wait for is enough to make them together."""
    assert Batchability(waits=True).is_alone
    assert not Batchability(is_batched=True, waits=True).is_alone
    assert not Batchability().is_alone
