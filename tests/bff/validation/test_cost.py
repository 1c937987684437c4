"""Cost: weights and lengths, from directives where authors gave them and from the usual arguments elsewhere."""

from __future__ import annotations

import time
from typing import Annotated, Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, parse, validate

from bff.authoring import cost, frontend, list_size
from bff.contract import Refused
from bff.validation.cost import CostLimit


@strawberry.type
class Item:
    name: str = ""
    dear: str = strawberry.field(default="", directives=[cost(2.5)])

    @strawberry.field
    def items(self, first: int | None = None, limit: int = 4) -> list[Item]:
        return []


@strawberry.type(directives=[cost(3)])
class Heavy:
    id: int = 0


@strawberry.type
class Edge:
    node: Item


@strawberry.type
class Connection:
    total: int
    edges: list[Edge]


@strawberry.input
class Page:
    size: int | None = None


@strawberry.type
class Query:
    @strawberry.field
    def item(self) -> Item | None: ...

    @strawberry.field
    def by_default(self, first: int = 20) -> list[Item]: ...

    @strawberry.field
    def plain(self, first: int | None = None, limit: int | None = None) -> list[Item]: ...

    @strawberry.field(directives=[cost(10)])
    def search(self, text: Annotated[str, strawberry.argument(directives=[cost(7)])] = "") -> Item: ...

    @strawberry.field(directives=[list_size(5)])
    def heavy(self) -> list[Heavy]: ...

    @strawberry.field(directives=[list_size(slicing=["first", "last"], sized=["edges"])])
    def connection(self, first: int | None = None, last: int | None = None) -> Connection: ...

    @strawberry.field(directives=[list_size(30, slicing=["page.size"])])
    def paged(self, page: Page | None = None) -> list[Item]: ...


schema = frontend(query=Query)


def cost_of(query: str, **variables: Any) -> str:
    """The least limit that lets the query pass, or the code of another refusal."""
    document = parse(query)
    assert not validate(schema._schema, document)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    try:
        CostLimit(schema._schema, -1)(document, operation)(variables)
    except Refused as refusal:
        return refusal.message.partition(";")[0].split()[-1] if refusal.code == "TOO_COSTLY" else refusal.code
    return "none"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", 0),
        ("{ __schema { types { fields { name } } } }", 0),
        ("{ item { name } }", 1),
        ("{ item { name items { name } } }", 2),
        ("{ plain { items { name } } }", 2),
        ("{ plain(first: 10) { items { name } } }", 11),
        ("{ plain(first: 10, limit: 2) { items(limit: 5) { items { name } } } }", 1 + 10 + 50),
        ("{ byDefault { items { name } } }", 21),
        ("{ byDefault { items { items { name } } } }", 1 + 20 + 80),
        ("{ plain(first: -5) { items { name } } }", 2),
        ("query ($n: Int) { plain(first: $n) { items { name } } }", 31),
        ("query ($m: Int = 7) { plain(first: $m) { items { name } } }", 8),
        ("query ($m: Int! = 7) { byDefault(first: $m) { items { name } } }", 8),
        ("query ($x: Int!) { byDefault(first: $x) { items { name } } }", 21),
        ("{ item { dear name } }", 4),  # 3.5, rounded up where it is told
        ("{ plain(first: 10) { dear } }", 26),
        ("{ search { name } }", 10),
        ('{ search(text: "a") { name } }', 17),
        ("{ heavy { id } }", 1 + 5 * 3),
        ("{ connection(first: 10) { total edges { node { name } } } }", 1 + 1 + 10),
        ("{ connection(last: 10) { ...F } } fragment F on Connection { edges { node { name } } }", 1 + 1 + 10),
        ("{ paged { items { name } } }", 31),
        ("{ paged(page: { size: 3 }) { items { name } } }", 4),
        ("query ($p: Page) { paged(page: $p) { items { name } } }", 3),
        (
            "{ plain(first: 3) { ...F } } fragment F on Item { ... { items { name } } ...G } fragment G on Item { dear }",
            12,
        ),
    ],
)
def test_an_operation_costs(query: str, expected: int) -> None:
    """Each field that gives objects 1 for each object it stands in, but for what directives say."""
    assert cost_of(query, n=30, p={"size": 2}) == str(expected)


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("{ connection { total } }", 0),
        ("{ connection(first: 1, last: 1) { total } }", 2),
        ("query ($n: Int) { connection(first: $n) { total } }", 0),
    ],
)
def test_a_list_that_needs_one_slicing_argument(query: str, given: int) -> None:
    """A null, and a variable without a value, do not count."""
    assert cost_of(query) == "LIST_SIZE_NEEDED"
    assert cost_of("{ connection(first: 1, last: null) { total } }") == "1"


@pytest.mark.parametrize("size", [10**9, 10**400, float("inf"), "9" * 6000, 1e308])
def test_no_size_is_too_large_to_be_counted(size: Any) -> None:
    """Nothing overflows, and nothing takes long, however often it is multiplied."""
    nested = "{ name }"
    for _ in range(60):
        nested = f"{{ items(first: $n) {nested} }}"
    began = time.process_time()
    assert cost_of(f"query ($n: Int) {{ item {nested} }}", n=size) == "counted"
    assert time.process_time() - began < 5


@pytest.mark.parametrize("size", [None, -1, -(10**400), float("nan"), "much", [], {}])
def test_nonsense_is_one(size: Any) -> None:
    """The schema refuses it, or takes it for nothing."""
    assert cost_of("query ($n: Int) { plain(first: $n) { items { name } } }", n=size) == "2"


def test_doubling_fragments_are_added_up_without_being_walked() -> None:
    """Each fragment once, with variables and without."""
    levels = 50
    doubling = (
        f"fragment F{i} on Item {{ a: items(first: 2) {{ ...F{i + 1} }} b: items {{ ...F{i + 1} }} }}"
        for i in range(levels)
    )
    text = "{ item { ...F0 } } " + " ".join(doubling) + f" fragment F{levels} on Item {{ name }}"
    began = time.process_time()
    assert (
        cost_of(text) == cost_of(f"query Q($n: Int) {text.replace('first: 2', 'first: 2, limit: $n', 1)}") == "counted"
    )
    assert time.process_time() - began < 10


def test_directives_are_in_the_printed_schema() -> None:
    """As the specification writes them."""
    text = schema.as_str()
    assert 'dear: String! @cost(weight: "2.5")' in text
    assert 'text: String! = "" @cost(weight: "7")' in text
    assert 'type Heavy @cost(weight: "3")' in text
    assert "heavy: [Heavy!]! @listSize(assumedSize: 5)" in text
    assert (
        '@listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"], requireOneSlicingArgument: true)'
        in text
    )


def test_weights_and_lengths_below_zero_are_mistakes() -> None:
    """They would pay for something else."""
    for weight in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="0 or more"):
            cost(weight)
    with pytest.raises(ValueError, match="0 or more"):
        list_size(-1)
