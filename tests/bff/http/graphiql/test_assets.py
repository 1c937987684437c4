"""GraphiQL's files over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bff.http.graphiql.test_page import get
from tests.bff.http.world import open_world


async def test_assets_are_given_once(assets: Path) -> None:
    """With their type and a tag; a browser that has them is told so."""
    async with open_world() as world:
        response = await get(world, "/graphiql/fallback.js")
        assert response.headers["content-type"] == "text/javascript; charset=utf-8"
        assert response.headers["x-content-type-options"] == "nosniff"
        again = await get(world, "/graphiql/fallback.js", **{"if-none-match": f'W/"x", {response.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert (await get(world, "/graphiql/main.js")).status_code == (200 if any(assets.iterdir()) else 404)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../page.py",
        "..%2fpage.py",
        "%2e%2e/page.py",
        "secret.key",
        "deep/inner.js",
        "deep",
        "main.js/",
        "x" * 3000,
    ],
)
async def test_names_that_are_none(assets: Path, name: str) -> None:
    """404: no path is ever made of what a client writes."""
    async with open_world() as world:
        request = world.client.build_request("GET", world.url)
        request.url = request.url.copy_with(raw_path=b"/graphiql/" + name.encode())
        assert (await world.client.send(request)).status_code == 404
