"""What is missing in the middle of a reply costs only its own place; what authors hold and send arrives as declared."""

from enum import Enum
from typing import Any

import strawberry

from bff.authoring import argument, frontend, take, via
from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply, UpstreamFailed
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

thing = endpoint("shop: thing")
price_of = batched("shop: price", parameter="sku", key="sku")
gone = UpstreamFailed(Operation(upstream="shop", name="part"), "10.0.0.7 lost it")
CODED = {"code": UpstreamFailed.code}


@strawberry.enum
class Size(Enum):
    SMALL = "s"


@strawberry.type
class Part:
    name: str | None = None


@strawberry.type
class Item:
    sku: str | None = None
    size: Size | None = None
    author: str | None = take("author.name", default=None)
    parts: list[Part | None] | None = None
    grid: list[list[Part | None]] | None = None
    numbers: list[int | None] | None = None
    price: int | None = via(price_of, sku="sku")


@strawberry.type
class Query:
    item: Item | None = via(thing)
    safe: Item | None = via(thing, default=None)


schema = frontend(query=Query)


async def test_a_failed_part_is_an_error_at_its_path_wherever_it_stands() -> None:
    """Leaves, enums, lists, lists of lists, the inside of a `take` path: the rest is intact."""
    record = {
        "sku": "a",
        "size": gone,
        "author": gone,
        "parts": [{"name": "x"}, gone, {"name": gone}],
        "grid": [[{"name": "y"}], [gone]],
        "numbers": [1, gone],
    }
    answer = await ask(
        gateway(schema, shop=FakeUpstream(lambda call: record)),
        "{ item { sku size author parts { name } grid { name } numbers } }",
    )
    assert answer.data == {
        "item": {
            "sku": "a",
            "size": None,
            "author": None,
            "parts": [{"name": "x"}, None, {"name": None}],
            "grid": [[{"name": "y"}], [None]],
            "numbers": [1, None],
        }
    }
    paths = [error["path"] for error in answer.errors]
    assert sorted(paths, key=str) == sorted(
        [
            ["item", "size"],
            ["item", "author"],
            ["item", "parts", 1],
            ["item", "parts", 2, "name"],
            ["item", "grid", 1, 0],
            ["item", "numbers", 1],
        ],
        key=str,
    )
    assert all(error["extensions"] == CODED for error in answer.errors)
    assert "10.0.0.7" not in str(answer.body())


async def test_a_failed_key_asks_nothing_and_says_why() -> None:
    """The field has the error of its key, and the upstream is not asked for a price of an error."""
    upstream = FakeUpstream(lambda call: {"sku": gone})
    answer = await ask(gateway(schema, shop=upstream), "{ item { price } }")
    assert answer.data == {"item": {"price": None}}
    assert answer.errors[0]["path"] == ["item", "price"]
    assert answer.errors[0]["extensions"] == CODED
    assert [call.operation.name for call in upstream.calls] == ["thing"]


async def test_a_default_replaces_a_reply_that_is_a_failure_or_cannot_be_read() -> None:
    """Both are the upstream's failure, whenever they are noticed."""

    def unreadable(payload: Any) -> Any:
        raise UpstreamBadReply(Operation(upstream="shop", name="thing"), "no JSON")

    for reply, code in ((Reply(gone), gone.code), (Reply(b"{", decode=unreadable), "UPSTREAM_BAD_REPLY")):
        app = gateway(schema, shop=FakeUpstream(lambda call, reply=reply: reply))
        answer = await ask(app, "{ safe { sku } }")
        assert not answer.errors
        assert answer.extensions["degraded"] == [{"path": ["safe"], "code": code}]


async def test_one_record_that_python_refuses_costs_only_itself() -> None:
    """A `__post_init__` of the author's is part of one record."""

    @strawberry.type
    class Checked:
        age: int

        def __post_init__(self) -> None:
            if self.age < 0:
                raise ValueError(f"no age is {self.age}")

    @strawberry.type
    class Root:
        people: list[Checked | None] = via(thing)

    app = gateway(frontend(query=Root), shop=FakeUpstream(lambda call: [{"age": 3}, {"age": -77}]))
    answer = await ask(app, "{ people { age } }")
    assert answer.data == {"people": [{"age": 3}, None]}
    assert answer.errors[0]["path"] == ["people", 1]
    assert "77" not in str(answer.body())


async def test_a_reply_held_by_an_object_becomes_the_declared_type() -> None:
    """`Payload(item=await thing())`, as a mutation writes it."""

    @strawberry.type
    class Payload:
        item: Item
        items: list[Item]

    @strawberry.type
    class Root:
        @strawberry.field
        async def payload(self) -> Payload:
            return Payload(item=await thing(), items=[await thing()])

    app = gateway(frontend(query=Root), shop=FakeUpstream(lambda call: {"sku": "a"}))
    answer = await ask(app, "{ payload { item { sku } items { sku } } }")
    assert not answer.errors
    assert answer.data == {"payload": {"item": {"sku": "a"}, "items": [{"sku": "a"}]}}


async def test_enums_and_input_objects_reach_endpoints_as_plain_values() -> None:
    """Without what the frontend left out, by the names of the schema."""
    search = endpoint("shop: search", {"size": True, "where": True})

    @strawberry.input
    class Where:
        brand_name: str
        sizes: list[Size]
        text: str | None = strawberry.UNSET

    @strawberry.type
    class Root:
        found: int = via(search, size=argument(Size), where=argument(Where))

    upstream = FakeUpstream(lambda call: 1)
    answer = await ask(
        gateway(frontend(query=Root), shop=upstream),
        '{ found(size: SMALL, where: { brandName: "Elm", sizes: [SMALL] }) }',
    )
    assert not answer.errors
    assert upstream.calls[0].arguments == {"size": "s", "where": {"brandName": "Elm", "sizes": ["s"]}}
    assert not isinstance(upstream.calls[0].arguments["size"], Enum)
