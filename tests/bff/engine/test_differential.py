"""The compiled engine against graphql-core's executor: drawn queries over every kind of type, values drawn by path.

Values are null, of a wrong type, exceptions or awaitables now and then; data, errors, their paths and the order of
keys must be the same. A fixed seed finds the same cases every time, a fresh one new cases; it is printed on failure.
"""

from __future__ import annotations

import gc
import hashlib
import json
import random
from collections.abc import Generator
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    NoUnusedVariablesRule,
    build_schema,
    execute,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.execute import experimental_execute_incrementally

from bff.engine.executor import SetExecutor, fallbacks, natives

SCHEMA = build_schema(
    """
    scalar Anything
    enum Color { RED GREEN BLUE }
    input Filter { first: Int = 3, color: Color, tags: [String!] }
    interface Named { name: String, friend: Named, id: ID! }
    type Cat implements Named { name: String, friend: Named, id: ID!, lives: Int!, color: Color, owner: Person }
    type Dog implements Named { name: String, friend: Named, id: ID!, weight: Float, barks: Boolean!, owner: Person! }
    union Pet = Cat | Dog
    type Person {
      id: ID! name: String! age: Int any: Anything color(filter: Filter, c: Color = RED): Color!
      pet: Pet pets: [Pet] cats: [Cat!] dogs(first: Int = 2): [Dog!]! named: [Named!]
      friends: [Person!]! matrix: [[Int!]!] grid: [[Person]!]! boss: Person
    }
    type Query { me: Person people(first: Int!): [Person] must: Person! pets: [Pet!]! named: Named scores: [Float!] }
    type Mutation { first: Person second: Int! third: Person! }
    """
)

RULES = [rule for rule in specified_rules if rule is not NoUnusedVariablesRule]

ODD = object()
"""A value of no type."""


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


def values(seed: int, *, trouble: int, is_async: bool) -> Any:
    """A field resolver whose values depend on the seed and the path only; `trouble` in 1000 are wrong."""

    def drawn(info: Any) -> random.Random:
        text = f"{seed}:{info.path.as_list()}"
        return random.Random(hashlib.md5(text.encode()).digest())

    def one(type_: Any, chance: random.Random) -> Any:
        if chance.randrange(1000) < trouble:
            return chance.choice([None, None, ValueError("no luck"), "wrong", 7, [1], {"a": 1}, 1.5, ODD])
        if is_non_null_type(type_):
            return one(type_.of_type, chance)
        if is_list_type(type_):
            return [one(type_.of_type, chance) for _ in range(chance.randrange(4))]
        named = get_named_type(type_)
        if is_leaf_type(named):
            return {
                "String": "text",
                "ID": chance.choice(["a", 5]),
                "Int": chance.randrange(-5, 100),
                "Float": chance.choice([1.5, 2]),
                "Boolean": True,
                "Color": chance.choice(["RED", "BLUE"]),
            }.get(named.name, {"any": [1]})
        name = named.name if isinstance(named, GraphQLObjectType) else chance.choice(["Cat", "Dog"])
        return {"__typename": name}

    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        chance = drawn(info)
        value = one(info.return_type, chance)
        if isinstance(value, Exception) and chance.random() < 0.5:
            raise value
        if is_async and chance.random() < 0.3:
            return Later(value, chance.randrange(3))
        return value

    return resolve


class Writer:
    """Writes valid queries."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.fragments: list[str] = []

    def document(self) -> str:
        operation = "mutation" if self.chance.random() < 0.1 else "query"
        root = SCHEMA.mutation_type if operation == "mutation" else SCHEMA.query_type
        body = self.selection(root, 3)
        return f"{operation} ($yes: Boolean!, $n: Int = 2, $filter: Filter) {body}\n" + "\n".join(self.fragments)

    def selection(self, type_: Any, depth: int) -> str:
        parts = ["__typename"] if self.chance.random() < 0.3 else []
        fields = {} if isinstance(type_, GraphQLUnionType) else type_.fields
        names = list(fields)
        for name in self.chance.sample(names, min(len(names), self.chance.randrange(1, 6))):
            parts.append(self.field(name, fields[name], depth))
        if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            parts += [f"... on {each} {self.selection(SCHEMA.get_type(each), depth - 1)}" for each in ("Cat", "Dog")]
        elif self.chance.random() < 0.2 and depth > 0:
            name = f"F{len(self.fragments)}"
            self.fragments.append("")
            self.fragments[int(name[1:])] = f"fragment {name} on {type_.name} {self.selection(type_, depth - 1)}"
            parts.append(f"...{name}")
        self.chance.shuffle(parts)
        return "{ " + " ".join(part for part in parts if part) + (" __typename" if not any(parts) else "") + " }"

    def field(self, name: str, field: GraphQLField, depth: int) -> str:
        named = get_named_type(field.type)
        if not is_leaf_type(named) and depth <= 0:
            return ""
        arguments = []
        for key, argument in field.args.items():
            if isinstance(argument.type, GraphQLNonNull) or self.chance.random() < 0.5:
                arguments.append(f"{key}: {self.argument(key)}")
        given = f"({', '.join(arguments)})" if arguments else ""
        alias = f"{name}{self.chance.randrange(100000)}: " if arguments or self.chance.random() < 0.3 else ""
        directive = self.chance.choice(["", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: false)"])
        inner = "" if is_leaf_type(named) else " " + self.selection(named, depth - 1)
        return f"{alias}{name}{given}{directive}{inner}"

    def argument(self, key: str) -> str:
        choices = {"first": ["1", "$n"], "filter": ["$filter", '{first: $n, tags: ["a"]}', "{color: RED}"]}
        return self.chance.choice(choices.get(key, ["GREEN", "BLUE"]))


async def run(document: Any, resolver: Any, variables: dict[str, Any], *, ours: bool) -> ExecutionResult:
    options: dict[str, Any] = {"executor_class": SetExecutor} if ours else {}
    run_it = experimental_execute_incrementally if ours else execute
    result: Any = run_it(SCHEMA, document, {}, variable_values=variables, field_resolver=resolver, **options)
    return result if isinstance(result, ExecutionResult) else await result


def text_of(result: ExecutionResult) -> str:
    """The data in the order of its keys."""
    return json.dumps(result.data, default=repr)


def told(result: ExecutionResult) -> list[Any]:
    return [(error.path, error.message, error.locations) for error in result.errors or []]


def cases(count: int) -> list[int]:
    fresh = random.SystemRandom().randrange(10**9)
    return [*range(count), *(fresh + n for n in range(count // 4))]


@pytest.mark.parametrize("trouble", [0, 20, 150])
async def test_the_same_answers(trouble: int) -> None:
    """Without anything to wait for: the same data, errors, paths and orders."""
    before = natives.total(), fallbacks.total()
    for seed in cases(400):
        text = Writer(seed).document()
        document = parse(text)
        if validate(SCHEMA, document, RULES):
            continue  # drawn fields with one name and different arguments cannot be merged
        variables = {"yes": seed % 2 == 0, "filter": {"color": "RED"}}
        resolver = values(seed, trouble=trouble, is_async=False)
        expected = await run(document, resolver, variables, ours=False)
        actual = await run(document, resolver, variables, ours=True)
        assert text_of(actual) == text_of(expected), f"seed {seed}: {text}"
        assert told(actual) == told(expected), f"seed {seed}: {text}"
    assert natives.total() - before[0] > 300
    assert fallbacks.total() == before[1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # graphql-core's own: see `Later`
@pytest.mark.parametrize("trouble", [0, 20, 150])
async def test_the_same_data_when_values_come_later(trouble: int) -> None:
    """With awaitables the order of errors is that of the document; which of several is told for one null may differ."""
    for seed in cases(200):
        document = parse(text := Writer(seed).document())
        if validate(SCHEMA, document, RULES):
            continue
        variables = {"yes": seed % 2 == 0, "filter": None}
        resolver = values(seed, trouble=trouble, is_async=True)
        expected = await run(document, resolver, variables, ours=False)
        actual = await run(document, resolver, variables, ours=True)
        assert text_of(actual) == text_of(expected), f"seed {seed}: {text}"
        assert bool(actual.errors) == bool(expected.errors), f"seed {seed}: {text}"
    gc.collect()  # so that what graphql-core left alone is found here and not in another test
