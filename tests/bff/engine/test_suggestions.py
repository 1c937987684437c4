"""What error texts tell of a schema: with suggestions the nearest name, without them nothing to whoever tries names."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import strawberry

from bff.authoring import frontend
from bff.contract import Answer, Request
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from tests.bff.fakes import AllReady, ask
from tests.waiting import GENEROUS


@strawberry.input
class ProductFilter:
    category: str
    maximum: int = 3


@strawberry.type
class Product:
    title: str = ""


@strawberry.type
class Query:
    @strawberry.field
    def products(self, where: ProductFilter, first: int = 1) -> list[Product]:
        return []

    @strawberry.field
    def product(self) -> Product:
        return Product()

    @strawberry.field
    def version(self) -> str:
        return "1"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def remove(self, id: strawberry.ID) -> Product:
        return Product()


SCHEMA = frontend(query=Query, mutation=Mutation)
FALSE = ["produkt", "produkts", "versiom", "remov", "titel", "wher", "firs", "categori", "maximun", "Produkt", "xyzzy"]
TRUE = ["product", "products", "version", "remove", "title", "where", "first", "category", "maximum", "Product"]
INPUTS = ["ProductFilter", "ProduktFilter", "Int", "ID"]


def app(**options: Any) -> Gateway:
    chosen = Options.model_validate({"schema": "tests", **options})
    return Gateway({"app": make_frontend("app", chosen, SCHEMA)}, {}, request_timeout=GENEROUS, readiness=AllReady())


def probes(word: str) -> list[str]:
    """What the method of clairvoyance sends to learn whether a word is a name, of what, and of which type."""
    return [
        f"{{ {word} {{ {word} }} }}",  # a leaf with fields, or an unknown field
        f"{{ {word} {{ lmno }} }}",
        f"{{ {word}(lmno: 1) {{ lmno }} }}",
        f"{{ product {{ {word} {{ lmno }} }} }}",
        f"{{ product({word}: 7) {{ title }} }}",
        f"{{ products({word}: 7) {{ title }} }}",
        f"{{ products(where: {{ {word}: 7.5 }}) {{ title }} }}",
        f"{{ products(where: {{ category: 7, {word}: true }}) {{ title }} }}",
        f"mutation {{ {word} {{ lmno }} }}",
        f"mutation {{ remove({word}: {{}}) {{ title }} }}",
        f"subscription {{ {word} }}",
        f"{{ ... on {word} {{ lmno }} }}",
        f"fragment F on {word} {{ lmno }} {{ ...F }}",
        f"query ($v: {word}) {{ product(lmno: $v) {{ title }} }}",
        f"{{ product @{word} {{ lmno }} }}",
    ]


@pytest.mark.parametrize("options", [{"introspection": False}, {"suggestions": False}])
async def test_trying_names_tells_nothing(options: dict[str, Any]) -> None:
    """Every probe with a true name reads as one with a false name, down to the last byte."""
    gateway = app(**options)
    seen: dict[str, str] = {}
    for word in TRUE + FALSE:
        for query in probes(word):
            answer = await ask(gateway, query)
            seen[str(answer)] = query
    assert len(seen) == 1, seen
    [text] = seen
    assert "The document does not fit the schema." in text
    assert "locations" not in text


async def test_a_missing_selection_or_argument_reads_like_an_unknown_name() -> None:
    """Fields that exist but need more."""
    gateway = app(introspection=False)
    unknown = await ask(gateway, "{ xyzzy }")
    for query in (
        "{ product }",
        "{ version { a } }",
        "{ products { title } }",
        "{ products(where: {}) { title } }",
        '{ products(where: { category: "a" }, first: "b") { title } }',
        "{ __typename { a } }",
    ):
        assert await ask(gateway, query) == unknown
    assert (await ask(gateway, "{ version }")).data == {"version": "1"}


async def test_trying_names_in_variables_tells_nothing() -> None:
    """Names inside of input objects, what they need, and of which type they are."""
    gateway = app(introspection=False)
    query = "query ($where: ProductFilter!, $n: Int = 1) { products(where: $where, first: $n) { title } }"
    wheres: list[Any] = [None, 7, "a", [], {}]
    wheres += [
        {word: value} for word, value in product(TRUE + FALSE, (7, "a", None, {})) if (word, value) != ("category", "a")
    ]
    wheres += [{"category": "a", word: True} for word in TRUE + FALSE]
    seen: dict[str, Any] = {}
    for where in wheres:
        seen[str(await ask(gateway, query, where=where))] = where
    seen[str(await ask(gateway, query))] = "missing"
    seen[str(await ask(gateway, query, where={"category": "a"}, n="much"))] = "wrong n"
    assert len(seen) == 1, seen
    [text] = seen
    assert "The variables do not fit the operation." in text
    assert (await ask(gateway, query, where={"category": "a"})).errors == []


async def test_types_of_variables_tell_nothing() -> None:
    """A type that exists but is not an input, and one that does not fit where it is used."""
    gateway = app(introspection=False)
    texts = {
        str(await ask(gateway, f"query ($v: {kind}) {{ product {{ title }} }}", v={}))
        for kind in (*TRUE, *FALSE, *INPUTS)
    }
    assert len(texts) == 1


async def test_with_suggestions_errors_explain() -> None:
    """The default, also where introspection is on; and by choice where it is off."""
    for gateway in (app(), app(introspection=False, suggestions=True)):
        answer = await ask(gateway, "{ produkt { title } }")
        assert "Did you mean 'product'" in answer.errors[0]["message"].replace('"', "'")
        assert answer.errors[0]["locations"]


async def test_a_document_that_does_not_parse_is_explained() -> None:
    """The parser knows no schema."""
    answer = await app(introspection=False).answer(Request(frontend="app", query="{ product"))
    assert isinstance(answer, Answer)
    assert answer.errors[0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert answer.errors[0]["locations"]


async def test_the_method_finds_names_where_errors_explain() -> None:
    """So that finding none is worth something."""
    gateway = app()
    found: set[str] = set()
    for word in FALSE:
        for query in probes(word):
            for error in (await ask(gateway, query)).errors:
                _, _, hints = error["message"].partition("Did you mean ")
                found.update(name for name in TRUE if f"'{name}'" in hints.replace('"', "'"))
    assert found >= {"product", "products", "version", "where", "first", "category", "maximum", "remove", "Product"}
