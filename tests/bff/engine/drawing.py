"""Values for any schema, drawn by seed and path, and the same operation on graphql-core's executor and on ours."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Generator
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLSchema,
    execute,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.execute import experimental_execute_incrementally

from bff.authoring import cooperative as authoring_cooperative
from bff.engine.adapters.executor import InSets, SetExecutor
from bff.engine.execute import run
from connectors import forms
from connectors.aio import cooperative
from connectors.messages import json_slices

ODD = object()
"""A value of no type."""
WRONG = [None, None, ValueError("no luck"), "wrong", 7, [1], {"a": 1}, 1.5, ODD, float("nan"), 2**31, True]


class Later:
    """An awaitable that nobody has to await: graphql-core leaves some alone when their object has become null."""

    def __init__(self, value: Any, turns: int) -> None:
        self.value, self.turns = value, turns

    def __await__(self) -> Generator[None, None, Any]:
        for _ in range(self.turns):
            yield
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


class Values:
    """A field resolver and a type resolver. Values depend on the seed and the path; `trouble` in 1000 are wrong."""

    def __init__(self, seed: int, *, trouble: int, is_async: bool) -> None:
        self.seed = seed
        self.trouble = trouble
        self.is_async = is_async
        self.called: list[tuple[str | int, ...]] = []
        """The paths of the fields resolved, in order."""

    def chance(self, info: Any, about: str = "") -> random.Random:
        text = f"{self.seed}:{info.path.as_list()}{about}"
        return random.Random(hashlib.md5(text.encode()).digest())

    def field(self, source: Any, info: Any, **arguments: Any) -> Any:
        """As graphql-core's field resolvers."""
        self.called.append(tuple(info.path.as_list()))
        chance = self.chance(info, repr(sorted(arguments.items(), key=str)) if arguments else "")
        value = self.value(info.schema, info.return_type, chance)
        if isinstance(value, Exception) and chance.random() < 0.5:
            raise value
        return self.maybe_later(value, chance)

    def type(self, value: Any, info: Any, type_: GraphQLAbstractType) -> Any:
        """As graphql-core's type resolvers."""
        name = value.get("__typename") if isinstance(value, dict) else None
        chance = self.chance(info, str(name))
        if chance.randrange(1000) < self.trouble:
            if chance.random() < 0.3:
                raise ValueError("no type")
            name = chance.choice([None, "NoSuch", "Query", 5])
        return self.maybe_later(name, chance)

    def maybe_later(self, value: Any, chance: random.Random) -> Any:
        return Later(value, chance.randrange(3)) if self.is_async and chance.random() < 0.3 else value

    def value(self, schema: GraphQLSchema, type_: Any, chance: random.Random) -> Any:
        """A value of a type, or a wrong one."""
        if chance.randrange(1000) < self.trouble:
            return chance.choice(WRONG)
        if is_non_null_type(type_):
            return self.value(schema, type_.of_type, chance)
        if is_list_type(type_):
            items = [self.value(schema, type_.of_type, chance) for _ in range(chance.randrange(4))]
            return tuple(items) if chance.random() < 0.1 else items
        named = get_named_type(type_)
        if is_leaf_type(named):
            return self.leaf(named, chance)
        possible = [named] if isinstance(named, GraphQLObjectType) else schema.get_possible_types(named)
        return {"__typename": chance.choice(possible).name}

    def leaf(self, type_: Any, chance: random.Random) -> Any:
        if isinstance(type_, GraphQLEnumType):
            return chance.choice([each.value for each in type_.values.values()])
        values: dict[str, list[Any]] = {
            "String": ["text", "", 'é\n"😀\u2028', 7, True],
            "ID": ["a", 5],
            "Int": [chance.randrange(-5, 100), 3.0, "4", True],
            "Float": [1.5, 2, "2.5", 1e300],
            "Boolean": [True, False],
        }
        first, *others = values.get(type_.name, [{"any": [1]}])
        return chance.choice(others) if others and chance.random() < 0.2 else first


def slice_by(patch: pytest.MonkeyPatch, items: int, size: int) -> None:
    """Take lists of so many items, and JSON of so many bytes, for large ones: as if 100,000 were worked on."""
    for module in (cooperative, run, authoring_cooperative):
        patch.setattr(module, "SLICE", items)
    patch.setattr(InSets, "works_in_slices", True)
    patch.setattr(cooperative, "LARGE", size)
    patch.setattr(json_slices, "_WINDOW", size)
    patch.setattr(forms, "_LEAST_DENSE", 1)


def arguments_of(document: DocumentNode, values: Values, variables: dict[str, Any]) -> dict[str, Any]:
    """What graphql-core's functions need to execute a document over drawn values."""
    return {
        "document": document,
        "root_value": {"__typename": "Root"},
        "context_value": values,
        "variable_values": variables,
        "field_resolver": values.field,
        "type_resolver": values.type,
    }


async def outcome(
    schema: GraphQLSchema, document: DocumentNode, values: Values, variables: dict[str, Any], *, ours: bool
) -> ExecutionResult:
    """The result on our engine or on graphql-core's."""
    options: dict[str, Any] = {"executor_class": SetExecutor} if ours else {}
    execute_it: Any = experimental_execute_incrementally if ours else execute
    result: Any = execute_it(schema, **arguments_of(document, values, variables), **options)
    return result if isinstance(result, ExecutionResult) else await result


def text_of(result: ExecutionResult) -> str:
    """The data in the order of its keys."""
    return json.dumps(result.data, default=repr)


def told(result: ExecutionResult) -> list[Any]:
    """The errors, in order."""
    return [(error.path, error.message, error.locations) for error in result.errors or []]


def nulled(result: ExecutionResult) -> set[tuple[str | int, ...]]:
    """Where in the data a null stands for an error."""
    return {reach(result.data, error.path or []) for error in result.errors or []}


def reach(data: Any, path: list[str | int]) -> tuple[str | int, ...]:
    """The null on the way to this path."""
    for length, key in enumerate(path):
        if data is None:
            return tuple(path[:length])
        data = data[key]
    return tuple(path)
