"""GitHub's schema as an upstream: requests for each of its fields, with drawn selections, are valid documents.

Arguments are variables, of root fields and of nested ones; types of interfaces and unions have other names in the
frontend now and then.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
    validate,
)

from connectors.contract import Call, FieldCall, FieldValue, Selection, TypeNames
from connectors.graphql.encode.document import PieceCache, render_document
from connectors.graphql.endpoints import graphql
from connectors.graphql.operations import GraphqlOperation
from connectors.graphql.schema_facts import facts_from_schema
from tests.public_schemas.github import github

up = graphql("github")
_MOST_FIELDS, _MAX_DEPTH = 6, 4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_requests_for_every_field_are_valid(seed: int) -> None:
    """Queries, mutations and what is nested in them."""
    schema = github()
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    roots = [(up.query, each) for each in schema.query_type.fields.items()]
    roots += [(up.mutation, each) for each in schema.mutation_type.fields.items()]
    chance = random.Random(seed)
    calls = 0
    for define, (name, field) in roots:
        arguments = [
            each for each, argument in field.args.items() if is_required_argument(argument) or chance.random() < 0.5
        ]
        text = name + (f"({', '.join(f'{each}: ${each}' for each in arguments)})" if arguments else "")
        operation = define(text).operation
        assert isinstance(operation, GraphqlOperation)
        selection = _draw_selection(chance, get_named_type(field.type), 0)
        facts = facts_from_schema(operation, schema)
        piece = PieceCache().get_piece(
            Call(operation=operation, selection=selection), operation, facts, chance.choice(["", "c0_"])
        )
        document = render_document(operation.kind, [piece])
        assert validate(schema, parse(document)) == [], document
        calls += len(piece.nested)
    assert calls > 300


def _draw_selection(chance: random.Random, type_: GraphQLNamedType, depth: int) -> Selection | None:
    if is_leaf_type(type_):
        return None
    fields: list[tuple[str, Selection | None]] = []
    calls: dict[str, FieldCall] = {}
    own = list(type_.fields.items()) if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) else []
    for name, field in chance.sample(own, min(len(own), _MOST_FIELDS)):
        inner = get_named_type(field.type)
        if depth >= _MAX_DEPTH and not is_leaf_type(inner):
            continue
        for _ in range(chance.choice([1, 1, 2]) if field.args else 1):
            key = name
            if field.args:
                key = f"{name}_{chance.getrandbits(48):x}"  # as connectors are given it: other arguments, another key
                calls[key] = _draw_call(chance, name, field)
            fields.append((key, _draw_selection(chance, inner, depth + 1)))
    on, names = _draw_types(chance, type_, depth)
    return Selection(tuple(fields), on, tuple(calls.items()), names)


def _draw_call(chance: random.Random, name: str, field: GraphQLField) -> FieldCall:
    parts, values = [""], []
    for argument, definition in field.args.items():
        is_needed = is_required_argument(definition)
        if not is_needed and chance.random() < 0.4:
            continue
        parts[-1] += f"{', ' if parts[-1] or len(parts) > 1 else ''}{argument}: "
        parts += [argument, ""]
        if is_needed or definition.default_value is not Undefined or chance.random() < 0.7:
            values.append((argument, FieldValue(1, "1")))
    return FieldCall(name, tuple(parts), tuple(values))


def _draw_types(chance: random.Random, type_: GraphQLNamedType, depth: int) -> tuple[Any, Any]:
    if not isinstance(type_, GraphQLInterfaceType | GraphQLUnionType) or depth >= _MAX_DEPTH:
        return (), ()
    on: list[tuple[str, Selection]] = []
    names: list[tuple[str, TypeNames]] = []
    possible = list(github().get_possible_types(type_))
    for each in chance.sample(possible, min(len(possible), 2)):
        inner = _draw_selection(chance, each, depth + 1)
        assert inner is not None
        name = chance.choice([each.name, f"My{each.name}", "Query"])
        if name == f"My{each.name}":
            names.append((name, chance.choice([TypeNames((name, each.name)), TypeNames((each.name,), is_given=True)])))
        if name not in dict(on):
            on.append((name, Selection() if name == "Query" else inner))
    return tuple(on), tuple(names)
