"""/metrics: what the process counted, as Prometheus reads it."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.shop import QUERY
from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.http.world import FakeGateway
from tests.e2e.world import World
from tests.serving import serving

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def _figures(world: World) -> Figures:
    response = await world.client.get(f"{world.url}/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(response.text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def _more(after: Figures, before: Figures, name: str) -> dict[frozenset[tuple[str, str]], float]:
    """By how much the counters of one name have grown, by labels."""
    grown = {key: value - before.get(key, 0) for key, value in after.items() if key[0] == name}
    return {labels: value for (_, labels), value in grown.items() if value}


async def test_every_example_of_the_shop_runs_compiled(world: World) -> None:
    """No operation that GraphiQL offers is left to graphql-core's executor: queries, mutations and subscriptions."""
    before, expected = await _figures(world), 0
    for name, frontend in world.service.generation.project.frontends.items():
        for example in frontend.card.examples:
            expected += 1
            headers = {"accept": "text/event-stream"} if example.query.strip().startswith("subscription") else {}
            if headers:
                await _first_event(world, name, example.query, headers)
            else:
                assert "errors" not in (await world.ask(example.query, name, example.variables)).json()
    after = await _figures(world)
    assert _more(after, before, "engine_fallback_total") == {}
    ran = _more(after, before, "engine_operations_total")
    assert sum(ran.values()) == expected > 3
    assert {dict(labels)["engine"] for labels in ran} == {"compiled"}


async def test_the_benchmarks_screen_of_the_shop_runs_compiled(world: World) -> None:
    """Over all its protocols: what is measured is the engine of ours."""
    before = await _figures(world)
    for _ in range(2):
        assert "errors" not in (await world.ask(QUERY, "mobile")).json()
    after = await _figures(world)
    assert _more(after, before, "engine_fallback_total") == {}
    assert [dict(labels)["engine"] for labels in _more(after, before, "engine_operations_total")] == ["compiled"]


async def _first_event(world: World, frontend: str, query: str, headers: dict[str, str]) -> None:
    url = f"{world.url}/graphql/{frontend}"
    async with world.client.stream("POST", url, json={"query": query}, headers=headers) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                return


async def test_metrics_can_be_off_and_are_only_read() -> None:
    """`server.metrics: false`, and where nobody counts, there is nothing at /metrics."""
    for options, counts in ((Options(metrics=False), lambda: b"x 1\n"), (Options(), None)):
        app = http_app(lambda: FakeGateway(), options, metrics=counts)
        async with serving(app) as url, httpx.AsyncClient() as client:
            assert (await client.get(f"{url}/metrics")).status_code == 404
    app = http_app(lambda: FakeGateway(), Options(), metrics=lambda: b"x 1\n")
    async with serving(app) as url, httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/metrics")).text == "x 1\n"
        assert (await client.post(f"{url}/metrics")).status_code == 405
