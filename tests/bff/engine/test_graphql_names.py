"""Names and arguments towards a GraphQL upstream: both engines request the same and answer the same."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
import strawberry
from graphql import build_schema, graphql_sync

from bff.authoring import SchemaError, argument, computed, frontend, take, upstream_type, via
from bff.gateway.gateway import Gateway
from bff.policies.outbound.options import Options as Policies
from bff.upstreams.upstream import Upstream, UpstreamSettings
from connectors import graphql, rest
from connectors.errors import DefinitionError
from connectors.graphql.connector import connect
from connectors.graphql.options import Options
from tests.bff.engine.comparing import engines
from tests.bff.fakes import ask
from tests.connectors.graphql.shop import graphql_response
from tests.connectors.http_world import HttpWorld, Received, Say

UPSTREAM = build_schema("""
enum Size { SMALL LARGE }
input PostFilter { textHas: String minLikes: Int = 2 size: Size }
type Image { url: String! width(unit: String = "px"): String }
type Post { id: ID! text: String replies(first: Int! = 2): [Post!] }
type Book { title: String cover(size: Int!): String image(size: Size = SMALL): Image }
type Author { name: String posts(first: Int = 3, filter: PostFilter): [Post!]! }
interface Named { name: String }
type Shop implements Named { name: String }
type Brand implements Named { name: String parts(of: Int!): [Part!]! }
type Bolt { size: Int }
type Nut { size: Int! }
union Part = Bolt | Nut
type Left { value: Int }
type Right { value: [String!]! inner: Left }
union Both = Left | Right
union Hit = Book | Author
type Query { hits: [Hit!]! books: [Book!]! author: Author named: [Named!]! parts: [Part!]! both: [Both!]! }
""")


def post(text: str) -> dict[str, Any]:
    return {"id": text, "text": text, "replies": lambda info, first: [post(f"{text}.{n}") for n in range(first)]}


def image(info: Any, size: str) -> Any:
    return {"url": f"/{size}", "width": lambda info, unit: f"7{unit}"}


def posts(info: Any, first: int | None, filter: Any = "none") -> Any:
    return [post(f"{first} {filter}")]


BOOK = {"__typename": "Book", "title": "T", "cover": lambda info, size: f"c{size}", "image": image}
AUTHOR = {"__typename": "Author", "name": "N", "posts": posts}
BRAND = {
    "__typename": "Brand",
    "name": "B",
    "parts": lambda info, of: [{"__typename": each, "size": of} for each in ("Bolt", "Nut")],
}
ROOT = {
    "hits": [BOOK, AUTHOR],
    "books": [BOOK, BOOK],
    "author": AUTHOR,
    "named": [{"__typename": "Shop", "name": "S"}, BRAND],
    "both": [
        {"__typename": "Left", "value": 1},
        {"__typename": "Right", "value": ["x"], "inner": {"__typename": "Left", "value": 2}},
    ],
    "parts": [{"__typename": "Bolt", "size": 1}, {"__typename": "Nut", "size": 2}],
}
api = graphql("api")


@strawberry.enum
class Size(enum.Enum):
    SMALL = "s"
    LARGE = "LARGE"


@strawberry.input
class Filter:
    text_has: str | None = strawberry.UNSET
    likes: int | None = strawberry.field(name="minLikes", default=strawberry.UNSET)


@strawberry.type(name="Message")
class Post:
    text: str | None
    answers: list[Post] | None = take("replies(first: $first)", first=argument(int | None, strawberry.UNSET))


@strawberry.type
class Book:
    title: str | None
    small: str | None = take("cover(size: 10)")
    large: str | None = take("cover(size: $size)", size=99)
    any_size: str | None = take("cover(size: {size})", size=argument(int))
    url: str | None = take("image(size: $size?).url", size=argument(Size | None, strawberry.UNSET))
    width: str | None = take("image(size: LARGE).width(unit: $unit)", unit=argument(str, "em"))

    @computed(needs="small")
    def shouted(self) -> str:
        return (self.small or "").upper()


@strawberry.type(name="Person")
class Author:
    name: str | None
    texts: list[str] = take("posts(first: 2)[].text")
    posts: list[Post] = take(
        "posts(first: $first, filter: $filter)",
        first=argument(int | None, strawberry.UNSET),
        filter=argument(Filter | None, strawberry.UNSET),
    )


@strawberry.interface
class Named:
    name: str | None


@strawberry.type
class Shop(Named):
    pass


@upstream_type("Bolt", "Nut")
@strawberry.type
class SmallPart:
    size: int | None


@upstream_type("Never")
@strawberry.type
class Screw:
    size: int | None


Part = Annotated[SmallPart | Screw, strawberry.union("Part")]


@strawberry.type(name="Label")
class Brand(Named):
    parts: list[Part] = take("parts(of: $of)", of=argument(int, 5))


Hit = Annotated[Book | Author, strawberry.union("Hit")]


@strawberry.type
class Shelf:
    cover: str | None = take("cover(size: $size)", size=argument(int, 3))

    @computed(needs="cover")
    def shouted(self) -> str:
        return str(self.cover)


@strawberry.type
class Left:
    value: int | None


@strawberry.type
class Right:
    value: list[str]
    inner: Left | None


@strawberry.type
class Query:
    both: list[Annotated[Left | Right, strawberry.union("Both")]] | None = via(api.query("both"))
    hits: list[Hit] | None = via(api.query("hits"))
    books: list[Book] | None = via(api.query("books"))
    author: Author | None = via(api.query("author"))
    named: list[Named] | None = via(api.query("named"))
    parts: list[Part] | None = via(api.query("parts"))

    @strawberry.field
    async def resolved(self) -> list[Book]:
        return await api.query("books")()  # type: ignore[no-any-return]  # a reply is what the schema declares


SCHEMA = frontend(query=Query, types=[Shop, Brand])


class Server:
    """The upstream."""

    def __init__(self) -> None:
        self.documents: list[str] = []

    def __call__(self, received: Received) -> Say:
        request = received.json
        if "__schema" not in request["query"]:
            self.documents.append(request["query"])
        result = graphql_sync(UPSTREAM, request["query"], ROOT, variable_values=request.get("variables"))
        return graphql_response(dict(result.formatted))


World = tuple[Server, tuple[Gateway, Gateway], bool]


@pytest.fixture(params=[True, False], ids=["introspection", "no schema"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    server = Server()
    async with HttpWorld(server) as http:
        connector = connect("api", Options(address=f"{http.url}/graphql", introspection=request.param))
        await connector.start()
        settings = UpstreamSettings(
            name="api", kind="graphql", connector=Options(address=f"{http.url}/graphql"), policies=Policies()
        )
        try:
            yield server, engines(SCHEMA, Upstream(settings, connector)), request.param
        finally:
            await connector.close()


CASES: dict[str, tuple[str, dict[str, Any], Any]] = {
    "constants": (
        "{ books { small large shouted } }", {}, {"books": [{"small": "c10", "large": "c99", "shouted": "C10"}] * 2},
    ),
    "aliases": (
        "{ books { a: anySize(size: 1) b: anySize(size: 2) title } }",
        {}, {"books": [{"a": "c1", "b": "c2", "title": "T"}] * 2},
    ),
    "variables": (
        "query ($n: Int!) { books { anySize(size: $n) } }", {"n": 7}, {"books": [{"anySize": "c7"}] * 2},
    ),
    "a path": ("{ books { url w: width x: width(unit: \"cm\") } }", {}, {"books": [{"url": "/SMALL", "w": "7em", "x": "7cm"}] * 2}),
    "an enum": ("{ books { url(size: LARGE) } }", {}, {"books": [{"url": "/LARGE"}] * 2}),
    "left out": ("{ author { posts { text } } }", {}, {"author": {"posts": [{"text": "3 none"}]}}),
    "null": ("{ author { posts(first: null) { text } } }", {}, {"author": {"posts": [{"text": "None none"}]}}),
    "an absent variable": (
        "query ($n: Int) { author { posts(first: $n) { text } } }", {}, {"author": {"posts": [{"text": "3 none"}]}},
    ),
    "nested twice": (
        "{ author { posts(first: 1) { answers { text answers(first: 1) { text } } } } }",
        {},
        {"author": {"posts": [{"answers": [
            {"text": f"1 none.{n}", "answers": [{"text": f"1 none.{n}.0"}]} for n in range(2)]}]}},
    ),
    "through a list": ("{ author { texts } }", {}, {"author": {"texts": ["2 none"]}}),
    "a resolver": ("{ resolved { anySize(size: 3) } }", {}, {"resolved": [{"anySize": "c3"}] * 2}),
    "fragments": (
        "query ($n: Int!) { hits { ...b } } fragment b on Book { anySize(size: $n) }",
        {"n": 8}, {"hits": [{"anySize": "c8"}, {}]},
    ),
}  # fmt: skip
WITH_SCHEMA: dict[str, tuple[str, dict[str, Any], Any]] = {
    "a union": (
        "{ hits { __typename ... on Book { small } ... on Person { name posts(first: 4) { text } } } }",
        {},
        {"hits": [{"__typename": "Book", "small": "c10"}, {"__typename": "Person", "name": "N", "posts": [{"text": "4 none"}]}]},
    ),
    "an interface": (
        "{ named { __typename name ... on Label { parts { __typename ... on SmallPart { size } } } } }",
        {},
        {"named": [
            {"__typename": "Shop", "name": "S"},
            {"__typename": "Label", "name": "B", "parts": [{"__typename": "SmallPart", "size": 5}] * 2},
        ]},
    ),
    "an enum by its name": ("{ books { url(size: SMALL) } }", {}, {"books": [{"url": "/SMALL"}] * 2}),
    "one name with two types": (
        "{ both { __typename ... on Left { a: value } ... on Right { b: value inner { value } } } }",
        {},
        {"both": [{"__typename": "Left", "a": 1}, {"__typename": "Right", "b": ["x"], "inner": {"value": 2}}]},
    ),
    "several types": (
        "{ parts { ... on SmallPart { size } ... on Screw { size } } }", {}, {"parts": [{"size": 1}, {"size": 2}]},
    ),
    "an input": (
        '{ author { posts(first: 1, filter: {textHas: "x", minLikes: 3}) { text } } }',
        {}, {"author": {"posts": [{"text": "1 {'textHas': 'x', 'minLikes': 3}"}]}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [*CASES, *WITH_SCHEMA])
async def test_names_and_arguments_are_passed_on(world: World, name: str) -> None:
    """In one request, by both engines, however often."""
    server, both, has_schema = world
    text, variables, data = {**CASES, **WITH_SCHEMA}[name]
    for engine in both:
        for _ in range(3):
            server.documents.clear()
            answer = await ask(engine, text, **variables)
            if name in WITH_SCHEMA and not has_schema:
                assert answer.errors  # the upstream's names are not known
                continue
            assert answer.errors == []
            assert answer.data == data
            assert len(server.documents) == 1


def test_mistakes_are_found_at_the_definition() -> None:
    """With the place and the nearest name."""
    with pytest.raises(DefinitionError, match=r"test_graphql_names.py:\d+: .* has the variable \$size; write size="):
        take("cover(size: $size)")
    with pytest.raises(DefinitionError, match=r'has no variable \$sice; did you mean "size"'):
        take("cover(size: $size)", size=1, sice=argument(int))
    with pytest.raises(DefinitionError, match="is not a field in GraphQL's syntax"):
        take("cover(size: )")


def test_a_computed_field_cannot_need_what_the_frontend_chooses() -> None:
    """There is no value without arguments."""

    @strawberry.type
    class Wrong:
        shelf: Shelf | None = via(api.query("books"))

    with pytest.raises(SchemaError, match=r'Shelf.shouted: needs="cover" is read by arguments of the frontend'):
        frontend(query=Wrong)


def test_arguments_for_an_upstream_of_another_kind_are_refused() -> None:
    """They would be a name that no record has."""

    @strawberry.type
    class Wrong:
        books: list[Book] | None = via(rest("shop").get("/books"))

    with pytest.raises(SchemaError, match=r"Book.small.*only a GraphQL upstream"):
        frontend(query=Wrong)
