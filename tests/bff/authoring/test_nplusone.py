"""N+1 is found before anything runs."""

import strawberry

from bff.authoring import frontend, via
from bff.authoring.nplusone import find_n_plus_one
from tests.bff.fakes import batched, endpoint

stock_of = endpoint("warehouse: stock", {"sku": True})
bounded_stock_of = endpoint("warehouse: stock", {"sku": True}, each=8)
price_of = batched("pricing: price", parameter="sku", key="sku")


@strawberry.type
class Detail:
    sku: str
    unbounded: int = via(stock_of, sku="sku")


@strawberry.type
class Item:
    sku: str
    unbounded: int = via(stock_of, sku="sku")
    bounded: int = via(bounded_stock_of, sku="sku")
    price: int = via(price_of, sku="sku")
    detail: Detail | None = None


@strawberry.type
class Single:
    sku: str
    unbounded: int = via(stock_of, sku="sku")


@strawberry.type
class Query:
    items: list[Item]
    single: Single


schema = frontend(query=Query)._schema


def test_unbounded_calls_under_a_list_are_found_however_deep() -> None:
    """Also in a type that stands below an item; not where a single object asks, nor with each= or a list form."""
    found = find_n_plus_one(schema)
    assert [line.split(" ")[1] for line in found] == ["Detail.unbounded:", "Item.unbounded:"]
    assert "test_nplusone.py:" in found[0]
    assert "each=8" in found[0]


def test_a_cached_upstream_is_let_off() -> None:
    """A cache makes repeated calls cheap, so the author's word is not asked for."""
    assert find_n_plus_one(schema, {"warehouse"}) == []
