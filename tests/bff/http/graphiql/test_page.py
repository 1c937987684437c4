"""GraphiQL's page and assets as HTTP sees them: policy, escaping, caching, and names that are none."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx

from bff.http.graphiql import cdn
from tests.bff.http.world import World, codes, open_world

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class Elements(HTMLParser):
    """Every element of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found:
            self.texts.setdefault(self.found[-1][0], data)


async def get(world: World, path: str, **headers: str) -> httpx.Response:
    """As a browser."""
    return await world.client.get(world.url + path, headers={**BROWSER, **headers})


async def test_the_page_of_a_frontend(assets: Path) -> None:
    """Its name, the others, its examples; nothing a description says becomes markup."""
    async with open_world() as world:
        response = await get(world, "/graphql/web")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    elements = Elements(response.text)
    assert elements.texts["title"] == "web · GraphiQL"
    block = re.search(r'<script type="application/json" id="config">(.*?)</script>', response.text)
    assert block
    config = json.loads(block[1])
    assert (config["frontend"], config["endpoint"]) == ("web", "/graphql/web")
    assert config["frontends"] == [{"name": "web", "path": "/graphql/web"}, {"name": "phone", "path": "/graphql/phone"}]
    assert [each["title"] for each in config["examples"]] == ["Greet", "Say hello!", "Count", "Greet anyone"]
    assert "</script>" in config["examples"][0]["query"]
    assert ("b", {}) not in elements.found


async def test_the_policy_of_the_page(assets: Path) -> None:
    """No script in the page, none from elsewhere but what its hash holds; nobody may frame it."""
    async with open_world() as world:
        response = await get(world, "/graphql/web")
    policy = dict(each.split(" ", 1) for each in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == ("'self'" if any(assets.iterdir()) else f"'self' {cdn.HOST}")
    assert policy["frame-ancestors"] == "'none'"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    for tag, attributes in Elements(response.text).found:
        source = attributes.get("src") or attributes.get("href") or ""
        if tag == "script" and attributes.get("type") != "application/json":
            assert source
        if source.startswith(cdn.HOST):
            assert re.fullmatch(r"sha384-[\w+/]{64}", attributes["integrity"] or "")
            assert re.search(r"@\d+\.\d+\.\d+/", source)
            assert attributes["crossorigin"] == "anonymous"
        else:
            assert source.startswith(("/graphiql/", "data:,")) or not source
        assert not any(name.startswith("on") for name in attributes)


async def test_the_page_that_would_answer(assets: Path) -> None:
    """Without a name in the path the request decides; a browser that fits none gets the first."""
    async with open_world() as world:
        for headers, name in (({}, "web"), ({"x-client": "phone"}, "phone"), ({"x-client": "tv"}, "web")):
            response = await get(world, "/graphql", **headers)
            assert Elements(response.text).texts["title"] == f"{name} · GraphiQL"
        unknown = await get(world, "/graphql/tv")
        assert (unknown.status_code, codes(unknown)) == (404, ["UNKNOWN_FRONTEND"])
        assert "tv" in unknown.json()["errors"][0]["message"]


async def test_the_form_without_javascript(assets: Path) -> None:
    """Sends a query that is answered."""
    async with open_world() as world:
        text = (await get(world, "/graphql/web")).text
        assert '<form action="/graphql/web">' in text
        assert "&lt;/script&gt;" in text
        assert (await get(world, "/graphql/web?query={hello}")).json() == {"data": {"hello": "hello world"}}


async def test_without_graphiql(assets: Path) -> None:
    """Switched off, browsers get what programs get."""
    async with open_world(graphiql=False) as world:
        assert codes(await get(world, "/graphql/web")) == ["BAD_REQUEST"]
        for path in ("/", "/graphiql/fallback.js"):
            assert (await get(world, path)).status_code == 404
