"""The shop's screens, over HTTP, from six protocols."""

from __future__ import annotations

import pytest

from bff.app import load_project
from tests.e2e.world import KEY, ROOT, World

HOME = """{ home(category: TOYS) { products(first: 40) {
  id label onSale price { amount } inStock rating { average } reviews(first: 2) { rating title author } } } }"""


async def test_the_main_screen_makes_the_calls_that_the_protocols_allow(world: World) -> None:
    """Forty products: one REST, one gRPC and one GraphQL call, and a bounded SOAP call each."""
    response = await world.ask(HOME, "mobile")
    answer = response.json()
    assert "errors" not in answer
    products = answer["data"]["home"]["products"]
    assert len(products) == 40
    assert all(product["price"]["amount"] > 0 for product in products)
    assert {len(product["reviews"]) for product in products} <= {0, 1, 2}
    assert list(world.shop.controls["catalog"].calls) == ["GET /products"]
    assert list(world.shop.controls["pricing"].calls) == ["GetPrices x40"]
    assert list(world.shop.controls["reviews"].calls) == ["query"]
    assert list(world.shop.controls["warehouse"].calls) == ["GetStock"] * 40


def _examples() -> list[tuple[str, str]]:
    project = load_project(ROOT / "bff.yaml", {})
    return [(name, each.title) for name, frontend in project.frontends.items() for each in frontend.card.examples]


@pytest.mark.parametrize(("frontend", "title"), _examples())
async def test_every_example_runs(world: World, frontend: str, title: str) -> None:
    """What GraphiQL offers works as it stands; subscriptions over server-sent events."""
    card = world.service.generation.project.frontends[frontend].card
    chosen = next(each for each in card.examples if each.title == title)
    if not chosen.query.startswith("subscription"):
        answer = (await world.ask(chosen.query, frontend, chosen.variables)).json()
        assert "errors" not in answer
        assert answer["data"]
        return
    headers = {**KEY, "accept": "text/event-stream"}
    async with world.client.stream(
        "POST", f"{world.url}/graphql/{frontend}", json={"query": chosen.query}, headers=headers
    ) as response:
        lines = [line async for line in _first(response, 2)]
    assert lines[0] == "event: next"
    assert lines[1].startswith('data: {"data":{')


async def _first(response, count: int):
    """The first lines that are no comments."""
    async for line in response.aiter_lines():
        if not line or line.startswith(":"):
            continue
        yield line
        count -= 1
        if not count:
            return


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"x-client": "mobile"}, "home"),
        (KEY, "offers"),
        ({}, "departments"),
    ],
)
async def test_the_frontend_is_chosen_by_the_request(world: World, headers: dict[str, str], field: str) -> None:
    """By header, by API key, or the default."""
    query = "{ __schema { queryType { fields { name } } } }"
    response = await world.client.post(f"{world.url}/graphql", json={"query": query}, headers=headers)
    assert field in [each["name"] for each in response.json()["data"]["__schema"]["queryType"]["fields"]]


async def test_partners_need_their_key(world: World) -> None:
    """By path too, and the wrong one does not help."""
    for headers, code in (({}, "UNAUTHENTICATED"), ({"x-api-key": "wrong"}, "INVALID_CREDENTIAL")):
        response = await world.client.post(
            f"{world.url}/graphql/partner", json={"query": "{ __typename }"}, headers=headers
        )
        assert response.status_code == 401
        assert response.json()["errors"][0]["extensions"]["code"] == code


async def test_an_order_with_the_same_key_buys_once(world: World) -> None:
    """The idempotency key travels from the mutation to the catalog."""
    mutation = """mutation { placeOrder(customer: "c-001", key: "k-1", lines: [{sku: "TOY-001", quantity: 2}]) { id status } }"""
    first, second = (await world.ask(mutation)).json(), (await world.ask(mutation)).json()
    assert first["data"]["placeOrder"]["status"] == "PLACED"
    assert first == second
    bad = (await world.ask(mutation.replace("TOY-001", "NOPE"))).json()
    assert bad["errors"][0]["extensions"]["code"] == "UPSTREAM_CONFLICT"


async def test_a_review_is_written_and_read(world: World) -> None:
    """A mutation through the GraphQL upstream."""
    written = await world.ask(
        'mutation { addReview(productId: "p-005", rating: 4, title: "New", text: "Fine.") { id author } }'
    )
    assert written.json()["data"]["addReview"]["author"] == "You"
    read = await world.ask('{ product(id: "p-005") { reviews(first: 50) { title } } }')
    assert {"title": "New"} in read.json()["data"]["product"]["reviews"]


async def test_an_unknown_product_is_null(world: World) -> None:
    """404 upstream is null here."""
    assert (await world.ask('{ product(id: "p-999") { name } }')).json() == {"data": {"product": None}}
