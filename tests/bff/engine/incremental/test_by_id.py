"""@defer and @stream through the gateway: what comes first, what comes together, and that nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
import strawberry

from bff.authoring import frontend, via
from bff.contract import Answer, Increments, Parts, Request
from bff.gateway.gateway import Gateway
from connectors.contract import Operation
from connectors.errors import UpstreamTimeout
from tests.bff.engine.merging import merged
from tests.bff.fakes import FakeUpstream, batched, gateway

price_of = batched("shop: price", parameter="sku", key="")
rating_of = batched("shop: rating", parameter="sku", key="")


class Gates:
    """Resolvers wait until a test lets them go on."""

    now: Gates

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.waiting = 0
        self.cancelled = 0

    async def passed(self) -> None:
        self.waiting += 1
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


@strawberry.type
class Maker:
    name: str
    country: str = "NL"


@strawberry.type
class Item:
    sku: str
    maker: Maker
    price: int | None = via(price_of, sku="sku", default=None)
    rating: int | None = via(rating_of, sku="sku")

    @strawberry.field
    async def slow(self) -> str:
        await Gates.now.passed()
        return f"slow {self.sku}"

    @strawberry.field
    def broken(self) -> str | None:
        raise ValueError("the password is hunter2")

    @strawberry.field
    async def needed(self) -> str:
        raise ValueError("the password is hunter2")


ITEMS = [Item(sku=sku, maker=Maker(name=sku.upper())) for sku in "abc"]


@strawberry.type
class Query:
    @strawberry.field
    def items(self) -> list[Item]:
        return ITEMS

    @strawberry.field
    def item(self) -> Item:
        return ITEMS[0]

    @strawberry.field
    async def arriving(self) -> strawberry.Streamable[Item]:
        yield ITEMS[0]
        await Gates.now.passed()
        yield ITEMS[1]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> Item:
        return ITEMS[0]


SCHEMA = frontend(query=Query, mutation=Mutation)
BOTH = pytest.mark.parametrize("increments", Increments)


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> Gates:
    """Closed at first."""
    made = Gates()
    monkeypatch.setattr(Gates, "now", made, raising=False)
    return made


@pytest.fixture
def shop() -> FakeUpstream:
    """Knows the price and the rating of everything."""
    return FakeUpstream(lambda call: dict.fromkeys(call.keys, 7))


@pytest.fixture(params=["compiled", "reference"])
def app(shop: FakeUpstream, request: pytest.FixtureRequest) -> Gateway:
    """One frontend over the shop, on each engine."""
    return gateway(SCHEMA, timeout=60, options={"engine": request.param}, shop=shop)


async def start(app: Gateway, query: str, increments: Increments | None = Increments.PATHS, **variables: Any) -> Parts:
    """The first part is here, the others may be taken."""
    answer = await app.answer(Request(frontend="app", query=query, variables=variables, increments=increments))
    assert isinstance(answer, Parts)
    return answer


async def rest(parts: Parts) -> list[Mapping[str, Any]]:
    """All parts as they are sent."""
    return [parts.first.body(), *[part.body() async for part in parts.more]]


async def whole(app: Gateway, query: str, **variables: Any) -> Answer:
    """The answer to a client that takes no parts."""
    answer = await app.answer(Request(frontend="app", query=query, variables=variables))
    assert isinstance(answer, Answer)
    return answer


async def test_the_first_part_does_not_wait_for_what_is_deferred(app: Gateway, gates: Gates) -> None:
    """It is there while the deferred field still waits; the field comes with its path and label."""
    parts = await start(app, '{ item { sku ... @defer(label: "later") { slow } } }')
    assert parts.first.body() == {"data": {"item": {"sku": "a"}}, "hasNext": True}
    gates.open.set()
    assert (await rest(parts))[1:] == [
        {"incremental": [{"data": {"slow": "slow a"}, "path": ["item"], "label": "later"}], "hasNext": False}
    ]


async def test_the_newer_form_has_ids(app: Gateway, gates: Gates) -> None:
    """Pending, incremental, completed."""
    gates.open.set()
    query = '{ item { sku ... @defer(label: "later") { slow } } }'
    assert await rest(await start(app, query, Increments.IDS)) == [
        {
            "data": {"item": {"sku": "a"}},
            "pending": [{"id": "0", "path": ["item"], "label": "later"}],
            "hasNext": True,
        },
        {"incremental": [{"data": {"slow": "slow a"}, "id": "0"}], "completed": [{"id": "0"}], "hasNext": False},
    ]


async def test_a_client_without_parts_gets_a_whole_answer(app: Gateway, gates: Gates) -> None:
    """As if the directives were not there."""
    gates.open.set()
    answer = await whole(app, "{ items @stream { sku ... @defer { slow } } }")
    assert answer.body() == {"data": {"items": [{"sku": sku, "slow": f"slow {sku}"} for sku in "abc"]}}


async def test_a_frontend_without_parts_answers_everybody_whole(shop: FakeUpstream) -> None:
    """`incremental: false`."""
    app = gateway(SCHEMA, options={"incremental": False}, shop=shop)
    answer = await app.answer(
        Request(frontend="app", query="{ item { ... @defer { sku } } }", increments=Increments.PATHS)
    )
    assert isinstance(answer, Answer)
    assert answer.body() == {"data": {"item": {"sku": "a"}}}


@pytest.mark.parametrize(("count", "kind"), [(20, Parts), (21, Answer)])
async def test_too_much_is_not_deferred(app: Gateway, count: int, kind: type) -> None:
    """A document with more directives than that is answered whole."""
    deferred = " ".join(f"... @defer {{ a{number}: price }}" for number in range(count))
    answer = await app.answer(
        Request(frontend="app", query=f"{{ item {{ sku {deferred} }} }}", increments=Increments.PATHS)
    )
    assert isinstance(answer, kind)
    data = merged(await rest(answer))[0] if isinstance(answer, Parts) else answer.data
    assert data["item"] == {"sku": "a"} | {f"a{number}": 7 for number in range(count)}


async def test_introspection_shows_the_directives_and_the_sdl_does_not(shop: FakeUpstream) -> None:
    """Tools ask for them; compilers of clients bring their own."""
    app = gateway(SCHEMA, shop=shop)
    answer = await whole(app, "{ __schema { directives { name } } }")
    assert {"defer", "stream"} <= {each["name"] for each in answer.data["__schema"]["directives"]}
    assert "@defer" not in app.frontends["app"].sdl
    assert "@stream" not in app.frontends["app"].sdl


@pytest.mark.parametrize("later", ["false", "$later"])
async def test_if_false_defers_nothing(app: Gateway, later: str) -> None:
    """One response, by a literal and by a variable."""
    query = f"query ($later: Boolean = false) {{ item {{ sku ... @defer(if: {later}) {{ price }} }} }}"
    query = query if later == "$later" else query.replace("($later: Boolean = false)", "")
    answer = await app.answer(Request(frontend="app", query=query, increments=Increments.PATHS))
    assert isinstance(answer, Answer)
    assert answer.body() == {"data": {"item": {"sku": "a", "price": 7}}}


@BOTH
async def test_what_is_deferred_in_a_list_is_still_one_call(
    app: Gateway, shop: FakeUpstream, increments: Increments
) -> None:
    """And the same call as for those that are not deferred."""
    parts = await rest(await start(app, "{ item { price } items { sku ... @defer { price } } }", increments))
    assert merged(parts)[0]["items"] == [{"sku": sku, "price": 7} for sku in "abc"]
    assert [sorted(call.keys) for call in shop.calls] == [["a", "b", "c"]]


@BOTH
@pytest.mark.parametrize("count", [0, 1, 3])
async def test_the_items_of_a_stream_are_one_call(
    app: Gateway, shop: FakeUpstream, count: int, increments: Increments
) -> None:
    """However many of them come first."""
    query = f'{{ items @stream(initialCount: {count}, label: "more") {{ sku price }} }}'
    parts = await rest(await start(app, query, increments))
    assert parts[0]["data"]["items"] == [{"sku": sku, "price": 7} for sku in "abc"[:count]]
    assert merged(parts)[0] == {"items": [{"sku": sku, "price": 7} for sku in "abc"]}
    assert [sorted(call.keys) for call in shop.calls] == [["a", "b", "c"]]


@BOTH
async def test_items_come_as_their_resolver_makes_them(app: Gateway, gates: Gates, increments: Increments) -> None:
    """An async generator, one of whose items is late."""
    parts = await start(app, "{ arriving @stream { sku } }", increments)
    second = await anext(parts.more)
    assert second.body()["incremental"][0]["items"] == [{"sku": "a"}]
    assert second.body()["hasNext"]
    gates.open.set()
    last = await anext(parts.more)
    assert last.body()["incremental"][0]["items"] == [{"sku": "b"}]


async def test_deferred_fragments_nest(app: Gateway, gates: Gates) -> None:
    """The inner one comes after the outer one, never before."""
    query = '{ item { ... @defer(label: "outer") { sku maker { name } ... @defer(label: "inner") { slow } } } }'
    parts = await start(app, query)
    outer = await anext(parts.more)
    assert outer.body() == {
        "incremental": [{"data": {"sku": "a", "maker": {"name": "A"}}, "path": ["item"], "label": "outer"}],
        "hasNext": True,
    }
    gates.open.set()
    inner = await anext(parts.more)
    assert inner.body()["incremental"] == [{"data": {"slow": "slow a"}, "path": ["item"], "label": "inner"}]


async def test_a_fragment_comes_with_all_its_fields(app: Gateway, gates: Gates) -> None:
    """Also those that came before, deep in a list: Relay reads a fragment by itself."""
    gates.open.set()
    query = """
        { items { sku maker { name } } ...Later @defer(label: "later") }
        fragment Later on Query { items { sku maker { ...OfMaker } slow } }
        fragment OfMaker on Maker { name country }
    """
    parts = await rest(await start(app, query))
    items = [{"sku": s, "maker": {"name": s.upper(), "country": "NL"}, "slow": f"slow {s}"} for s in "abc"]
    assert parts[1]["incremental"] == [{"data": {"items": items}, "path": [], "label": "later"}]


@BOTH
async def test_errors_of_deferred_fields_are_masked(app: Gateway, increments: Increments) -> None:
    """Safe words, a code and the whole path, in the part they belong to."""
    parts = await rest(await start(app, "{ item { sku ... @defer { broken } } }", increments))
    data, errors = merged(parts)
    assert data == {"item": {"sku": "a", "broken": None}}
    assert [(error["path"], error["extensions"]["code"]) for error in errors] == [(["item", "broken"], "INTERNAL")]
    assert "hunter2" not in str(parts)


async def test_a_null_that_may_not_be_fails_the_fragment_alone(app: Gateway) -> None:
    """What came before stays; the fragment is null, and its errors say why."""
    parts = await rest(await start(app, '{ item { sku ... @defer(label: "x") { needed } ... @defer { price } } }'))
    entries = {entry.get("label"): entry for part in parts[1:] for entry in part["incremental"]}
    assert entries["x"]["data"] is None
    assert entries["x"]["errors"][0]["path"] == ["item", "needed"]
    assert entries[None] == {"data": {"price": 7}, "path": ["item"]}
    assert "hunter2" not in str(parts)


async def test_a_null_that_may_not_be_ends_a_stream(app: Gateway) -> None:
    """The items that were whole stay."""
    parts = await rest(await start(app, "{ items @stream(initialCount: 0) { sku needed } }"))
    assert parts[0]["data"] == {"items": []}
    assert parts[1]["incremental"][0]["items"] is None
    assert parts[1]["incremental"][0]["path"] == ["items", 0]
    assert parts[1]["incremental"][0]["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_a_null_above_ends_what_was_deferred_below(app: Gateway, gates: Gates) -> None:
    """Nobody waits for a part whose place is gone."""
    answer = await app.answer(
        Request(frontend="app", query="{ item { needed ... @defer { slow } } }", increments=Increments.PATHS)
    )
    assert isinstance(answer, Answer)
    assert answer.data is None
    assert answer.errors[0]["extensions"]["code"] == "INTERNAL"
    assert gates.waiting == gates.cancelled


@BOTH
async def test_what_is_degraded_later_is_said_later(app: Gateway, shop: FakeUpstream, increments: Increments) -> None:
    """In the extensions of the piece that holds the default."""
    shop.answer = lambda call: UpstreamTimeout(Operation(upstream="shop", name="price"), "10.0.0.7 is slow")
    parts = await rest(await start(app, "{ item { sku ... @defer { price } } }", increments))
    assert "extensions" not in parts[0]
    extensions = parts[1]["incremental"][0]["extensions"]
    assert extensions == {"degraded": [{"path": ["item", "price"], "code": "UPSTREAM_TIMEOUT"}]}
    assert "10.0.0.7" not in str(parts)


async def test_mutations_defer_until_all_is_done(app: Gateway, shop: FakeUpstream) -> None:
    """What is deferred may read what the mutation changed."""
    parts = await start(app, "mutation { change { sku ... @defer { price } } }")
    assert parts.first.data == {"change": {"sku": "a"}}
    assert shop.calls == []
    assert merged(await rest(parts))[0] == {"change": {"sku": "a", "price": 7}}


async def test_limits_hold_for_all_parts_together(shop: FakeUpstream) -> None:
    """A deferred call counts."""
    app = gateway(SCHEMA, limits={"max_calls": 1}, shop=shop)
    parts = await rest(await start(app, "{ item { price ... @defer { rating } } }"))
    _, errors = merged(parts)
    assert [error["extensions"]["code"] for error in errors] == ["TOO_MANY_CALLS"]


async def test_the_root_of_a_mutation_cannot_be_deferred(app: Gateway) -> None:
    """The proposals refuse it: mutations run one after the other."""
    answer = await app.answer(
        Request(frontend="app", query="mutation { ... @defer { change { sku } } }", increments=Increments.PATHS)
    )
    assert isinstance(answer, Answer)
    assert answer.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@BOTH
async def test_the_deadline_is_that_of_all_parts(shop: FakeUpstream, gates: Gates, increments: Increments) -> None:
    """What is still pending fails in a last part, and its work ends."""
    app = gateway(SCHEMA, timeout=2, shop=shop)
    parts = await rest(await start(app, "{ item { sku ... @defer { slow } ... @defer { price } } }", increments))
    data, errors = merged(parts)
    assert data == {"item": {"sku": "a", "price": 7}}
    assert [error["extensions"]["code"] for error in errors] == ["TIMEOUT"]
    assert gates.waiting == gates.cancelled == 1


async def test_a_deadline_before_the_first_part(shop: FakeUpstream, gates: Gates) -> None:
    """Is an answer like any other, and ends what was deferred, too."""
    app = gateway(SCHEMA, timeout=1, shop=shop)
    query = "{ item { slow ... @defer { later: slow } } }"
    answer = await app.answer(Request(frontend="app", query=query, increments=Increments.PATHS))
    assert isinstance(answer, Answer)
    assert answer.body() == {
        "errors": [{"message": "The request took too long.", "extensions": {"code": "TIMEOUT"}}],
        "data": None,
    }
    assert gates.waiting == gates.cancelled == 2


@pytest.fixture
def slow_shop() -> FakeUpstream:
    """Its calls never end by themselves."""
    return FakeUpstream(delay=60)


async def test_whoever_leaves_between_parts_ends_everything(slow_shop: FakeUpstream, gates: Gates) -> None:
    """The call upstream, and an author's own waiting."""
    app = gateway(SCHEMA, timeout=60, shop=slow_shop)
    parts = await start(app, "{ items { sku ... @defer { price slow } } }")
    while not slow_shop.calls or gates.waiting < 3:
        await asyncio.sleep(0)
    await parts.more.aclose()
    assert slow_shop.cancelled == 1
    assert gates.cancelled == 3
    assert len(asyncio.all_tasks()) == 1


async def test_whoever_leaves_while_waiting_for_a_part_ends_everything(slow_shop: FakeUpstream, gates: Gates) -> None:
    """As an HTTP client does that hangs up."""
    app = gateway(SCHEMA, timeout=60, shop=slow_shop)
    parts = await start(app, "{ items @stream { sku price slow } }")
    coming = asyncio.ensure_future(anext(parts.more, None))
    while not slow_shop.calls or gates.waiting < 3:
        await asyncio.sleep(0)
    coming.cancel()
    await asyncio.wait({coming})
    assert coming.cancelled()
    assert slow_shop.cancelled == 1
    assert gates.cancelled == 3
    assert len(asyncio.all_tasks()) == 1


async def test_whoever_leaves_before_the_first_part_ends_everything(slow_shop: FakeUpstream, gates: Gates) -> None:
    """Deferred fields started with the others, and end with them."""
    app = gateway(SCHEMA, timeout=60, shop=slow_shop)
    asking = asyncio.ensure_future(start(app, "{ item { rating ... @defer { slow } } }"))
    while not slow_shop.calls or not gates.waiting:
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})
    assert slow_shop.cancelled == 1
    assert gates.cancelled == 1
    assert len(asyncio.all_tasks()) == 1


async def test_any_strawberry_schema_defers(gates: Gates) -> None:
    """Not only those of `frontend(...)`."""
    gates.open.set()
    plain = strawberry.Schema(query=Query)
    app = gateway(plain, shop=FakeUpstream())
    parts = await rest(await start(app, "{ item { sku ... @defer { slow } } }"))
    assert merged(parts)[0] == {"item": {"sku": "a", "slow": "slow a"}}
