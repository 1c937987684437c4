"""`computed`: what it needs is in place, whatever it is and wherever it comes from."""

from typing import Any

import pytest
import strawberry
from strawberry.permission import BasePermission

from bff.authoring import SchemaError, argument, computed, frontend, via
from connectors.contract import Selection
from connectors.errors import UpstreamTimeout
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

thing = endpoint("shop: thing")
stock_of = batched("shop: stock", parameter="sku", key="sku")
count_of = batched("shop: count", parameter="sku", key="")
rating_of = endpoint("reviews: rating", {"sku": True}, selects=True)


@strawberry.type
class Rating:
    average: float
    count_of_all: int


@strawberry.type
class Item:
    sku: str
    count: int | None = via(count_of, sku="sku")
    rating: Rating | None = via(rating_of, sku="sku")
    safe_count: int = via(count_of, sku="sku", default=7)

    @computed(needs="count")
    def in_stock(self) -> bool:
        return bool(self.count)

    @computed(needs=("in_stock", "rating"))
    def is_recommended(self) -> bool:
        return self.in_stock and self.rating is not None and self.rating.average > 4

    @computed(needs="rating")
    def best(self) -> Rating | None:
        return self.rating

    @computed(needs="safe_count")
    def doubled(self, info: strawberry.Info, times: int = 2) -> int:
        return self.safe_count * times * len(info.context.frontend[:1])


@strawberry.type
class Query:
    item: Item = via(thing)


schema = frontend(query=Query)


def shop(count: Any = 3) -> FakeUpstream:
    return FakeUpstream(
        lambda call: (
            {"sku": "a"}
            if call.operation.name == "thing"
            else count
            if isinstance(count, Exception)
            else dict.fromkeys(call.keys, count)
            if call.keys
            else {}
        )
    )


async def test_a_plain_number_can_be_needed() -> None:
    """Not only objects are fetched."""
    answer = await ask(gateway(schema, shop=shop(0)), "{ item { inStock } }")
    assert not answer.errors
    assert answer.data == {"item": {"inStock": False}}


async def test_a_graphql_upstream_is_asked_for_the_plain_fields_of_what_is_needed() -> None:
    """Python may read any of them, and nothing else says which."""
    reviews = FakeUpstream(lambda call: {"average": 4.5, "countOfAll": 2})
    answer = await ask(gateway(schema, shop=shop(), reviews=reviews), "{ item { best { average } isRecommended } }")
    assert not answer.errors
    assert answer.data == {"item": {"best": {"average": 4.5}, "isRecommended": True}}
    assert {call.selection for call in reviews.calls} == {Selection((("average", None), ("countOfAll", None)))}


async def test_a_default_used_by_a_computed_field_is_told() -> None:
    """The value rests on a failure, so `extensions.degraded` names it."""
    failing = shop(None)
    failing.answer = lambda call: (
        {"sku": "a"} if call.operation.name == "thing" else UpstreamTimeout(call.operation, "slow")
    )
    answer = await ask(gateway(schema, shop=failing), "{ item { doubled(times: 3) } }")
    assert not answer.errors
    assert answer.data == {"item": {"doubled": 21}}
    assert answer.extensions["degraded"] == [{"path": ["item", "doubled"], "code": "UPSTREAM_TIMEOUT"}]


async def test_a_refused_field_fetches_nothing() -> None:
    """Permissions come before what is needed."""

    class Never(BasePermission):
        message = "Not for you."

        def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
            return False

    @strawberry.type
    class Guarded:
        sku: str
        count: int | None = via(count_of, sku="sku")

        @computed(needs="count", permission_classes=[Never])
        def secret(self) -> int | None:
            return self.count

    @strawberry.type
    class Root:
        item: Guarded = via(thing)

    upstream = shop()
    answer = await ask(gateway(frontend(query=Root), shop=upstream), "{ item { secret } }")
    assert answer.errors[0]["extensions"]["code"] == "FORBIDDEN"
    assert [call.operation.name for call in upstream.calls] == ["thing"]


def test_fields_that_need_one_another_are_refused() -> None:
    """They would wait for ever."""

    @strawberry.type
    class Loop:
        @computed(needs="tail")
        def head(self) -> int:
            return 1

        @computed(needs="head")
        def tail(self) -> int:
            return 1

    @strawberry.type
    class Root:
        loop: Loop

    with pytest.raises(SchemaError, match=r"Loop\.head: it needs itself"):
        frontend(query=Root)


def test_a_needed_field_without_a_default_for_its_argument_is_refused() -> None:
    """There is nobody to give the argument."""
    search = endpoint("shop: search", {"text": True})

    @strawberry.type
    class Found:
        hits: int = via(search, text=argument(str))

        @computed(needs="hits")
        def any(self) -> bool:
            return self.hits > 0

    @strawberry.type
    class Root:
        found: Found

    with pytest.raises(SchemaError, match='needs="hits" has an argument without a default'):
        frontend(query=Root)
