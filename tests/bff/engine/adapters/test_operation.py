"""Compiled operations: what is kept between requests, and for how many."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from graphql import FragmentDefinitionNode, GraphQLError, OperationDefinitionNode, build_schema, parse

from bff.engine.adapters.operation import MAX_SHAPES, CompiledOperation, IdentityKey, compile_operation
from bff.engine.graphql_core import VariableValues
from tests.bff.engine.compile.world import keys_of

SCHEMA = build_schema("type Query { a: Int b: Int }")


def compiled(text: str) -> tuple[OperationDefinitionNode, CompiledOperation]:
    definitions = parse(text).definitions
    operation = definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    return operation, CompiledOperation(operation, fragments)


def executor(operation: OperationDefinitionNode, **variables: Any) -> Any:
    """As far as compiling needs one."""
    return SimpleNamespace(
        schema=SCHEMA,
        operation=operation,
        fragments={},
        variable_values=VariableValues({}, variables),
        hide_suggestions=False,
    )


def test_a_shape_for_each_choice_of_fields() -> None:
    """Compiled once for each."""
    operation, made = compiled("query ($yes: Boolean!, $n: Int) { a b @include(if: $yes) }")
    with_b, without = (made.get_shape(executor(operation, yes=yes, n=1)) for yes in (True, False))
    assert (keys_of(with_b), keys_of(without)) == (["a", "b"], ["a"])
    assert made.get_shape(executor(operation, yes=True, n=2)) is with_b


def test_the_shapes_of_one_operation_are_bounded() -> None:
    """Variables come from clients."""
    names = [f"v{number}" for number in range(6)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    operation, made = compiled(f"query ({declared}) {{ {' '.join(f'k{n}: a @skip(if: ${n})' for n in names)} b }}")
    for number in range(2 ** len(names)):
        values = {name: bool(number & 1 << bit) for bit, name in enumerate(names)}
        made.get_shape(executor(operation, **values))
        assert len(made._shapes) <= MAX_SHAPES


def test_a_schema_without_such_a_root() -> None:
    """Is the request's error."""
    operation, made = compiled("mutation { a }")
    with pytest.raises(GraphQLError, match="not configured to execute mutation"):
        made.get_shape(executor(operation))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ a }", None),
        ("{ a @skip(if: true) }", None),
        ("{ a @stream }", "incremental delivery"),
        ("{ ... { ... @defer { a } } }", "incremental delivery"),
        ("{ ...F } fragment F on Query { ... @defer { a } }", "incremental delivery"),
    ],
)
def test_what_other_executors_are_left_with(text: str, reason: str | None) -> None:
    """Wherever in the document the directive is."""
    assert compiled(text)[1].reason == reason


def test_the_same_nodes_are_compiled_once() -> None:
    """Nodes that look alike are others."""
    one, two = (parse("{ a }").definitions[0] for _ in range(2))
    keys = [IdentityKey(each) for each in (one, one, two)]
    assert keys[0] == keys[1] != keys[2]
    made = [compile_operation(IdentityKey(SCHEMA), key, ()) for key in keys]
    assert made[0] is made[1] is not made[2]
