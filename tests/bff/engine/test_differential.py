"""The compiled engine against graphql-core's executor: drawn operations over every kind of type, values drawn by path.

Values are null, of a wrong type, exceptions or awaitables now and then; data, errors, their paths and the order of
keys must be the same. Fixed seeds find the same cases every time, fresh ones in `make soak` new cases: see tests.seeds.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
from graphql import DocumentNode, GraphQLEnumType, GraphQLObjectType, GraphQLScalarType, build_schema, parse, validate

from bff.engine.adapters.executor import fallbacks, natives
from tests.bff.engine.drawing import Values, nulled, outcome, slice_by, text_of, told
from tests.bff.engine.floors import Comparisons
from tests.bff.engine.writing import Writer
from tests.seeds import scaled, seeds

SCHEMA = build_schema(
    """
    scalar Anything
    scalar Even
    enum Color { RED GREEN BLUE }
    input Filter { first: Int = 3, color: Color = GREEN, tags: [String!], even: Even, inner: Filter, pick: Pick }
    input Pick @oneOf { id: ID, name: String, range: Range, tags: [String!] }
    input Range { from: Int!, to: Int! = 9, step: Float }
    interface Thing { id: ID! }
    interface Named implements Thing { id: ID!, name(upper: Boolean = false): String, friend: Named }
    interface Owned { owner: Thing }
    type Cat implements Named & Thing & Owned {
      id: ID! name(upper: Boolean = false): String friend: Named lives: Int! color: Color owner: Person kittens: [[Cat]!]
    }
    type Dog implements Named & Thing & Owned {
      id: ID! name(upper: Boolean = false, loud: Float): String friend: Dog weight: Float barks: Boolean! owner: Person!
    }
    type Rock implements Thing & Owned { id: ID! owner: Rock even: Even any: [Anything!] lives: String }
    union Pet = Cat | Dog
    union All = Cat | Dog | Rock | Person
    type Person implements Thing {
      id: ID! name: String! age: Int any: Anything color(filter: Filter, c: Color! = RED): Color!
      pet: Pet pets: [Pet] cats: [Cat!] dogs(first: Int! = 2, pick: Pick): [Dog!]! named: [Named!] rock: Rock
      friends: [Person!]! matrix: [[Int!]!] cube: [[[Float]!]] grid: [[Person]!]! boss: Person all: [[All!]!]
      colors: [Color] evens(at: [Even]): [Even!] even: Even! things(by: [[Pick!]]): [Thing] flags: [Boolean!]!
    }
    type Query {
      me: Person people(first: Int!, filters: [Filter!]): [Person] must: Person! pets: [Pet!]! named: Named
      scores: [Float!] all: [All] thing(by: Pick!): Thing! rocks: [Rock!] owned: [[Owned]]
    }
    type Mutation { first(filter: Filter): Person second(by: Pick): Int! third: Person! pet: Pet things: [Thing!] }
    """
)


EVEN, COLOR = SCHEMA.type_map["Even"], SCHEMA.type_map["Color"]
ROCK, DOG = SCHEMA.type_map["Rock"], SCHEMA.type_map["Dog"]
assert isinstance(EVEN, GraphQLScalarType)
assert isinstance(COLOR, GraphQLEnumType)
assert isinstance(ROCK, GraphQLObjectType)
assert isinstance(DOG, GraphQLObjectType)


def even(value: Any) -> Any:
    """A scalar that takes what it likes, and raises what it likes."""
    if isinstance(value, str):
        return value if len(value) % 2 == 0 else None
    if value == [1]:
        raise KeyError("a scalar may raise anything")
    return {"even": value}


def is_dog(value: Any, info: Any) -> Any:
    """A type that looks at its objects, and takes its time."""
    if value == 7:
        raise ValueError("seven")
    answer = isinstance(value, dict)
    return info.context.maybe_later(answer, info.context.chance(info, "dog"))


EVEN.coerce_output_value = EVEN.coerce_input_value = EVEN.serialize = EVEN.parse_value = even  # type: ignore[method-assign]
COLOR.values["RED"].value, COLOR.values["GREEN"].value = 0, ("g",)
ROCK.is_type_of = lambda value, info: isinstance(value, dict) and "a" not in value
DOG.is_type_of = is_dog


class Some:
    """An iterable that is no list, or an async one; scalars get it too, and show it by its `repr`."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __repr__(self) -> str:
        return f"Some({self.items!r})"


class Iterated(Some):
    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


class Streamed(Some):
    async def __aiter__(self) -> AsyncGenerator[Any, None]:
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            yield item


class InLists(Values):
    """Lists are now and then any iterable, or an async one."""

    def maybe_later(self, value: Any, chance: Any) -> Any:
        if isinstance(value, list) and chance.random() < 0.2:
            value = Streamed(value) if self.is_async and chance.random() < 0.5 else Iterated(value)
        return super().maybe_later(value, chance)


def drawn(numbers: Iterator[int], mutations: float = 0.1) -> Iterator[tuple[int, DocumentNode, dict[str, Any], str]]:
    """For each seed whose drawn document is valid: it, its variables and what to say of it."""
    for seed in numbers:
        writer = Writer(SCHEMA, seed)
        document = parse(text := writer.document(mutations=mutations))
        if not validate(SCHEMA, document):
            yield seed, document, writer.variables, f"seed {seed}, {writer.variables}: {text}"


@pytest.mark.soak
@pytest.mark.parametrize(("trouble", "is_large"), [(0, False), (20, False), (150, False), (150, True)])
async def test_the_same_answers(trouble: int, is_large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anything to wait for: the same data, errors, paths and orders."""
    if is_large:
        slice_by(monkeypatch, 1, 20)
    before = natives.total(), fallbacks.total()
    tried, done = 0, Comparisons()
    for seed, document, variables, label in drawn(seeds(350)):
        tried += 1
        asked, expected_of = (InLists(seed, trouble=trouble, is_async=False) for _ in range(2))
        expected = await outcome(SCHEMA, document, expected_of, variables, ours=False)
        actual = await outcome(SCHEMA, document, asked, variables, ours=True)
        done.note(expected)
        assert text_of(actual) == text_of(expected), label
        if is_large:  # sets are then worked on in turns: see the test below
            assert nulled(actual) == nulled(expected), label
        else:
            assert told(actual) == told(expected), label
    assert tried > scaled(300)
    done.check(soak=250, short=40)
    assert (natives.total() - before[0], fallbacks.total()) == (tried, before[1])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # graphql-core's own: see `Later`
@pytest.mark.soak
@pytest.mark.parametrize("trouble", [0, 20, 150])
async def test_the_same_data_when_values_come_later(trouble: int) -> None:
    """Of several errors for one null either may be told, because which comes first decides; all else is the same."""
    done = Comparisons()
    for seed, document, variables, label in drawn(seeds(200)):
        asked, expected_of = (InLists(seed, trouble=trouble, is_async=True) for _ in range(2))
        expected = await outcome(SCHEMA, document, expected_of, variables, ours=False)
        actual = await outcome(SCHEMA, document, asked, variables, ours=True)
        done.note(expected)
        assert text_of(actual) == text_of(expected), label
        assert nulled(actual) == nulled(expected), label
    done.check(soak=120, short=20)
    gc.collect()  # so that what graphql-core left alone is found here and not in another test


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.soak
@pytest.mark.parametrize("is_async", [False, True])
async def test_mutations_have_their_effects_in_the_same_order(is_async: bool) -> None:
    """One root field after the other, each with everything below it; after a failure that takes all, none."""
    for seed, document, variables, label in drawn(seeds(200), mutations=1):
        asked, expected_of = (InLists(seed, trouble=20, is_async=is_async) for _ in range(2))
        await outcome(SCHEMA, document, expected_of, variables, ours=False)
        await outcome(SCHEMA, document, asked, variables, ours=True)
        ours, theirs = effects(asked), effects(expected_of)
        assert ours == list(dict.fromkeys(theirs)), label
        assert is_async or ours == theirs, label
    gc.collect()


def effects(values: Values) -> list[str | int]:
    """The root fields in the order in which something happened under them.

    graphql-core goes on to the next one before all has ended that a null has made needless; we do not.
    """
    roots = [path[0] for path in values.called]
    return [root for index, root in enumerate(roots) if index == 0 or roots[index - 1] != root]
