"""Compiling selection sets: order, aliases, conditions, constant arguments, @defer and @stream."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, build_schema, parse

from bff.engine.compile.selection_sets import find_condition_variables
from bff.engine.compile.shapes import AbstractOutput, ListOutput, ObjectOutput
from tests.bff.engine.compile.world import keys_of, shape_of

SCHEMA = build_schema(
    "directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT "
    "directive @stream(if: Boolean! = true, label: String, initialCount: Int! = 0) on FIELD "
    "input Page { size: Int } "
    "interface Thing { id: ID } type Item implements Thing { id: ID, name(at: Int, page: Page): String, parts: [Item] } "
    "type Query { items: [Item], thing: Thing, item: Item }"
)


def inner(text: str, **variables: Any) -> Any:
    """The shape of `item` in an operation."""
    (step,) = shape_of(SCHEMA, text, **variables).steps
    assert isinstance(step.output, ObjectOutput)
    return step.output.shape


def test_fields_are_in_the_order_of_the_response() -> None:
    """Fields of one key are merged, fragments included."""
    shape = inner("{ item { b: id ...F name } } fragment F on Item { a: id b: id }")
    assert keys_of(shape) == ["b", "a", "name"]
    assert [len(step.nodes) for step in shape.steps] == [2, 1, 1]
    assert [step.order for step in shape.steps] == [0, 1, 2]


@pytest.mark.parametrize(("yes", "keys"), [(True, ["id", "name"]), (False, ["name"])])
def test_conditions_choose_the_fields(yes: bool, keys: list[str]) -> None:
    """By the values of the variables that they name."""
    text = "query ($yes: Boolean!) { item { id @include(if: $yes) name } }"
    assert keys_of(inner(text, yes=yes)) == keys
    operation = parse(text).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert find_condition_variables(operation, {}) == ("yes",)


def test_conditions_of_fragments_count() -> None:
    """Each variable once, in the order of their names."""
    text = "query ($b: Boolean!, $a: Boolean!) { ...F @skip(if: $b) } fragment F on Query { item @skip(if: $a) { id } }"
    operation, fragment = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert isinstance(fragment, FragmentDefinitionNode)
    assert find_condition_variables(operation, {"F": fragment}) == ("a", "b")


@pytest.mark.parametrize(
    ("call", "constant"),
    [
        ("name", {}),
        ("name(at: 3)", {"at": 3}),
        ("name(at: $n)", None),
        ("name(page: {size: 1})", None),  # a resolver could change it
        ('name(at: "x")', None),  # reported where the field runs
    ],
)
def test_arguments_without_variables_are_coerced_once(call: str, constant: Any) -> None:
    """Where no resolver can change them."""
    (step,) = inner(f"query ($n: Int) {{ item {{ {call} }} }}").steps
    assert step.constant_arguments == constant


def test_shapes_of_abstract_types_are_compiled_by_type() -> None:
    """Once each."""
    (step,) = shape_of(SCHEMA, "{ thing { id ... on Item { name } } }").steps
    item: Any = SCHEMA.type_map["Item"]
    assert isinstance(step.output, AbstractOutput)
    shape = step.output.shape_of(item)
    assert keys_of(shape) == ["id", "name"]
    assert step.output.shape_of(item) is shape


def test_deferred_fields_are_groups_of_their_own() -> None:
    """What is selected without @defer too comes first."""
    shape = inner('{ item { id ... @defer(label: "l") { id name } } }')
    assert keys_of(shape) == ["id"]
    assert [each.label for each in shape.deferral.usages] == ["l"]
    assert [keys_of(group) for _, group in shape.deferral.groups] == [["name"]]
    assert inner("{ item { id ... @defer(if: false) { name } } }").deferral is None


@pytest.mark.parametrize(
    ("directive", "count"), [("@stream", 0), ("@stream(initialCount: 2)", 2), ("@stream(if: false)", None)]
)
def test_streamed_lists(directive: str, count: int | None) -> None:
    """With the number of the items that come with the list."""
    (step,) = shape_of(SCHEMA, f"{{ items {directive} {{ id }} }}").steps
    assert isinstance(step.output, ListOutput)
    assert (step.output.stream and step.output.stream.initial_count) == count


def test_a_count_below_zero_is_the_lists_problem() -> None:
    """Reported for each list."""
    (step,) = shape_of(SCHEMA, "{ items @stream(initialCount: -1) { id } }").steps
    assert isinstance(step.output, ListOutput)
    assert step.output.stream is not None
    assert "positive integer" in str(step.output.stream.problem)
