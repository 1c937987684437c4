"""`via`, `take` and `computed`: what a product developer writes, and what a frontend gets."""

import asyncio
from typing import Any

import pytest
import strawberry

from bff.authoring import argument, computed, frontend, take, via
from connectors.contract import Call
from connectors.error_reply import ErrorReply
from connectors.errors import DefinitionError, UpstreamError, UpstreamFailed, UpstreamTimeout
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

products = endpoint("catalog: products")
price_of = batched("pricing: price", parameter="sku", key="sku")
reviews_of = batched("reviews: of", parameter="product_id", key="productId", group=True)


@strawberry.type
class Price:
    amount: int
    was: int | None = None


@strawberry.type
class Review:
    text: str
    author: str = take("author.name")


@strawberry.type
class Product:
    id: strawberry.ID
    name: str = take("title")
    price: Price | None = via(price_of, sku="id")
    fallback: Price | None = via(price_of, sku="id", default=None)
    reviews: list[Review] = via(reviews_of, product_id="id")

    @strawberry.field
    def label(self) -> str:
        return self.name.upper()

    @computed(needs="price")
    def on_sale(self) -> bool:
        return self.price is not None and self.price.was is not None


@strawberry.type
class Query:
    @strawberry.field
    async def products(self) -> list[Product]:
        return await products()


schema = frontend(query=Query)


def catalog(count: int = 3) -> FakeUpstream:
    return FakeUpstream(lambda call: [{"id": str(i), "title": f"toy {i}"} for i in range(count)])


def pricing() -> FakeUpstream:
    return FakeUpstream(
        lambda call: [{"sku": key, "amount": int(key) * 100, "was": 900 if key == "1" else None} for key in call.keys]
    )


async def test_a_list_asks_each_upstream_once() -> None:
    """Names, prices and reviews of forty products are three calls."""
    pricing_, reviews = (
        pricing(),
        FakeUpstream(lambda call: [{"productId": "2", "text": "good", "author": {"name": "Ann"}}]),
    )
    app = gateway(schema, catalog=catalog(40), pricing=pricing_, reviews=reviews)
    answer = await ask(app, "{ products { name price { amount } reviews { text author } } }")
    assert not answer.errors
    assert answer.data["products"][2] == {
        "name": "toy 2",
        "price": {"amount": 200},
        "reviews": [{"text": "good", "author": "Ann"}],
    }
    assert [len(call.keys) for call in pricing_.calls] == [40]
    assert [len(call.keys) for call in reviews.calls] == [40]


async def test_python_methods_see_what_take_renamed() -> None:
    """`self.name` is the upstream's title."""
    answer = await ask(gateway(schema, catalog=catalog(1)), "{ products { label } }")
    assert answer.data == {"products": [{"label": "TOY 0"}]}


async def test_computed_shares_the_call_of_the_field_it_needs() -> None:
    """Asking for a price and for what is computed from it is one call."""
    pricing_ = pricing()
    answer = await ask(gateway(schema, catalog=catalog(), pricing=pricing_), "{ products { onSale price { amount } } }")
    assert [product["onSale"] for product in answer.data["products"]] == [False, True, False]
    assert len(pricing_.calls) == 1


async def test_a_failing_upstream_costs_only_its_fields() -> None:
    """The rest is there, the error has a code and the path, and no detail of the upstream."""
    failing = FakeUpstream(lambda call: UpstreamTimeout(call.operation, "no reply from 10.0.0.7 in 1 s"))
    answer = await ask(gateway(schema, catalog=catalog(1), pricing=failing), "{ products { name price { amount } } }")
    assert answer.data == {"products": [{"name": "toy 0", "price": None}]}
    assert answer.errors[0]["path"] == ["products", 0, "price"]
    assert answer.errors[0]["extensions"] == {"code": "UPSTREAM_TIMEOUT"}
    assert "10.0.0.7" not in str(answer.body())


async def test_a_default_replaces_a_failed_value_and_says_so() -> None:
    """No error, but `extensions.degraded` names the field and why."""
    failing = FakeUpstream(lambda call: UpstreamTimeout(call.operation, "slow"))
    answer = await ask(gateway(schema, catalog=catalog(1), pricing=failing), "{ products { fallback { amount } } }")
    assert not answer.errors
    assert answer.data == {"products": [{"fallback": None}]}
    assert answer.extensions["degraded"] == [{"path": ["products", 0, "fallback"], "code": "UPSTREAM_TIMEOUT"}]


async def test_a_null_key_asks_nothing() -> None:
    """There is nothing to look up for a record without the key."""
    pricing_ = pricing()
    nameless = FakeUpstream(lambda call: [{"id": None, "title": "x"}])
    answer = await ask(gateway(schema, catalog=nameless, pricing=pricing_), "{ products { price { amount } } }")
    assert answer.data == {"products": [{"price": None}]}
    assert pricing_.calls == []


async def test_a_missing_non_null_value_is_an_error_at_its_path() -> None:
    """Null where none may be is reported with a code and in safe words."""
    answer = await ask(gateway(schema, catalog=FakeUpstream(lambda call: [{"id": "1"}])), "{ products { name } }")
    assert answer.data is None
    assert answer.was_executed
    assert answer.errors[0]["extensions"]["code"] == "UNEXPECTED_NULL"
    assert answer.errors[0]["path"] == ["products", 0, "name"]


async def test_a_value_of_the_wrong_type_is_not_shown() -> None:
    """The text of a misfit value stays in the log."""
    wrong = FakeUpstream(lambda call: [{"id": "1", "title": {"secret": "s3cret"}}])
    answer = await ask(gateway(schema, catalog=wrong), "{ products { name } }")
    assert answer.errors[0]["extensions"]["code"] == "INVALID_VALUE"
    assert "s3cret" not in str(answer.body())


async def test_identical_unbatched_asks_of_one_request_are_one_call() -> None:
    """Two aliases of the same list are fetched once."""
    upstream = catalog(1)
    answer = await ask(gateway(schema, catalog=upstream), "{ a: products { id } b: products { id } }")
    assert answer.data["a"] == answer.data["b"]
    assert len(upstream.calls) == 1


async def test_arguments_of_a_field_reach_the_endpoint() -> None:
    """`argument(...)` makes a GraphQL argument of an endpoint's parameter, with its default."""
    search = endpoint("catalog: search", {"text": True, "first": False, "strict": False})

    @strawberry.type
    class Root:
        found: list[str] = via(search, text=argument(str), first=argument(int, 5), strict=True)

    upstream = FakeUpstream(lambda call: [call.arguments["text"]] * call.arguments["first"])
    app = gateway(frontend(query=Root), catalog=upstream)
    answer = await ask(app, '{ few: found(text: "a", first: 2) many: found(text: "b") }')
    assert answer.data == {"few": ["a", "a"], "many": ["b"] * 5}
    assert upstream.calls[0].arguments["strict"] is True


async def test_calls_without_a_batch_form_are_bounded() -> None:
    """`each=2` has at most two of them under way at once."""
    stock_of = endpoint("warehouse: stock", {"sku": True}, each=2)
    running, most = 0, 0

    @strawberry.type
    class Item:
        id: strawberry.ID
        stock: int = via(stock_of, sku="id")

    @strawberry.type
    class Root:
        @strawberry.field
        async def items(self) -> list[Item]:
            return [Item(id=strawberry.ID(str(i))) for i in range(9)]

    class Slow(FakeUpstream):
        async def send(self, call: Any) -> Any:
            nonlocal running, most
            running, most = running + 1, max(most, running + 1)
            await asyncio.sleep(0.01)
            running -= 1
            return await super().send(call)

    upstream = Slow(lambda call: int(call.arguments["sku"]))
    answer = await ask(gateway(frontend(query=Root), warehouse=upstream), "{ items { stock } }")
    assert [item["stock"] for item in answer.data["items"]] == list(range(9))
    assert most == 2


def test_via_refuses_what_is_not_an_endpoint() -> None:
    """A forgotten attribute is told at once."""
    with pytest.raises(TypeError, match="takes an endpoint"):
        via("pricing.price")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["", (), "a..b", "[].a", "a[0]"])
def test_a_path_that_cannot_be_read_is_refused_with_its_line(path: Any) -> None:
    """Where the field is written."""
    with pytest.raises(DefinitionError, match=r"test_fields\.py:\d+: .*(empty|begins with|bracket)"):
        take(path)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_a_default_can_depend_on_the_error(engine: str) -> None:
    """A function with one parameter gets it, and may raise it; without an error it gets None."""

    def choose(error: UpstreamError | None) -> int:
        if error is not None and error.status == 403:
            raise error
        return -1 if error is None else -2

    @strawberry.type
    class Query:
        forbidden: int | None = via(endpoint("shop: forbidden"), default=choose)
        failed: int | None = via(endpoint("shop: failed"), default=choose)
        nothing: int | None = via(endpoint("shop: nothing"), default=choose)

    def answer(call: Call) -> Any:
        if call.operation.name == "nothing":
            return None
        status = 403 if call.operation.name == "forbidden" else 500
        return UpstreamFailed(call.operation, "no", reply=ErrorReply(status))

    app = gateway(frontend(query=Query), options={"engine": engine}, shop=FakeUpstream(answer))
    got = await ask(app, "{ forbidden failed nothing }")
    assert got.data == {"forbidden": None, "failed": -2, "nothing": -1}
    assert [error["path"] for error in got.errors] == [["forbidden"]]
    assert [each["path"] for each in got.extensions["degraded"]] == [["failed"]]
