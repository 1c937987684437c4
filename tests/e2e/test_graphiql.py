"""GraphiQL in a real browser: it loads under its strict policy, shows its frontend, and runs a query."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import browser
from tests.e2e.world import World
from tests.services import need_graphiql

RESULT = "(document.querySelector('.result-window, .graphiql-response')?.innerText ?? '')"


async def test_a_query_runs_in_a_real_browser(world: World, tmp_path: Path) -> None:
    """Open the page of a frontend, press run, see the answer; no error, no request to anywhere else."""
    need_graphiql()
    async with browser(tmp_path / "profile") as page:
        await page.open(f"{world.url}/graphql/web")
        await page.wait_for("document.querySelector('.graphiql-execute-button') !== null")
        assert await page.run("document.title") == "web · GraphiQL"
        links = await page.run("[...document.querySelectorAll('.bff-bar a')].map((each) => each.textContent)")
        assert links == ["mobile", "web", "partner"]
        await page.wait_for("document.querySelector('.graphiql-query-editor .view-line') !== null")
        await page.run("document.querySelector('.graphiql-execute-button').click()")
        await page.wait_for(f"{RESULT}.includes('hasMore')")
        await page.screenshot(tmp_path / "graphiql.png")
        hosts = await page.run(
            "[...new Set(performance.getEntriesByType('resource').map((each) => new URL(each.name).origin))]"
        )
        assert hosts == [world.url]
        assert page.problems == []


async def test_without_assets_the_page_still_runs_queries(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No node at build time and no internet access now: a plain editor, never a blank page."""
    from bff.http.door import http_app
    from bff.http.graphiql import page as pages
    from bff.http.options import Options
    from tests.serving import serving

    monkeypatch.setattr(pages.Pages.__init__, "__defaults__", (tmp_path / "nothing",))
    app = http_app(lambda: world.service.generation, Options())
    async with serving(app) as url, browser(tmp_path / "profile") as page:
        await page.open(f"{url}/graphql/mobile")
        await page.wait_for("document.querySelector('#run') !== null")
        await page.run("document.querySelector('#run').click()")
        await page.wait_for("document.querySelector('#result').textContent.includes('\"headline\"')")
        assert await page.run("document.querySelector('h1').textContent") == "mobile"
