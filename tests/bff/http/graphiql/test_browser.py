"""GraphiQL in a real browser, under its policy: examples, subscriptions, the way to other frontends, and every fallback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bff.http.graphiql import page as pages
from tests.bff.http.world import World, open_world
from tests.browser import Page, browser
from tests.services import need_graphiql
from tests.waiting import until

RESULT = "(document.querySelector('.graphiql-response .view-lines')?.innerText ?? '').replaceAll('\\u00a0', ' ')"
RUN = "document.querySelector('.graphiql-execute-button').click()"
built = pytest.mark.usefixtures("assets")


@pytest.fixture(scope="module")
def assets() -> None:
    """Those of GraphiQL, which npm builds."""
    need_graphiql()


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Page]:
    """A browser's tab."""
    async with browser(tmp_path / "profile") as opened:
        yield opened


@pytest.fixture
def unbuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where no node was."""
    monkeypatch.setattr(pages.Pages.__init__, "__defaults__", (tmp_path / "nothing",))


async def ready(tab: Page, url: str) -> None:
    """Open GraphiQL and wait for its editors and the frontend's schema."""
    await tab.open(url)
    await tab.wait_for("document.querySelector('.graphiql-query-editor .view-line') !== null")
    await tab.wait_for("document.querySelector('.graphiql-execute-button') !== null")


async def example(tab: Page, title: str, operation: str) -> None:
    """Click a ready query, and wait until its tab carries the name of its operation: GraphiQL has read it then."""
    script = f"[...document.querySelectorAll('.bff-examples button')].find((each) => each.textContent === {title!r})"
    await tab.wait_for(f"{script} !== undefined")
    await tab.run(f"{script}.click()")
    await tab.wait_for(f"document.querySelector('.graphiql-tab-active').innerText.includes({operation!r})")


@built
async def test_examples_and_subscriptions(world: World, tab: Page, tmp_path: Path) -> None:
    """The first is there at once, the others are a click away, variables included; events arrive over a websocket."""
    await ready(tab, f"{world.url}/graphql/web")
    assert await tab.run("document.title") == "web · GraphiQL"
    await tab.run(RUN)
    await tab.wait_for(f"{RESULT}.includes('hello </script>')")
    await example(tab, "Greet anyone", "Anyone")
    await tab.run(RUN)
    await tab.wait_for(f"{RESULT}.includes('hello Ada')")
    await example(tab, "Count", "Count")
    await tab.run(RUN)
    await tab.wait_for(f"{RESULT}.includes('\"count\": 2')")
    await until(lambda: world.gateway.streams == 0)
    await tab.screenshot(tmp_path / "graphiql.png")
    assert await tab.run("document.querySelectorAll('.graphiql-tab').length") == 3
    await example(tab, "Greet", "Greet")
    assert await tab.run("document.querySelectorAll('.graphiql-tab').length") == 3
    await example(tab, "Say hello!", "SayHello")
    await tab.run(RUN)
    await tab.wait_for(f"{RESULT}.includes('hello world')")
    assert world.gateway.requests[-1].query.startswith("query SayHello {")
    assert tab.problems == []


LAST = "document.querySelector('.bff-last').innerText"


@built
async def test_the_last_response_is_described(world: World, tab: Page) -> None:
    """Its status, its time and its request id; the number of calls where the gateway reports times."""
    await ready(tab, f"{world.url}/graphql/web")
    await tab.run(RUN)
    await tab.wait_for(f"{RESULT}.includes('hello </script>')")
    request_id = world.gateway.requests[-1].headers["x-request-id"]
    text = await tab.wait_for(f"{LAST}.includes('200') && {LAST}")
    assert request_id in text
    assert " ms" in text
    assert "0 calls" in text
    assert tab.problems == []


@built
async def test_headers_that_a_frontend_needs_are_there_and_empty(world: World, tab: Page) -> None:
    """Those that are left empty are not sent; cookies are the browser's own."""
    await ready(tab, f"{world.url}/graphql/phone")
    headers = "document.querySelector('.graphiql-editor-tools button:nth-of-type(2)').click()"
    await tab.run(headers)
    shown = "[...document.querySelectorAll('.graphiql-editor-tool .view-lines')].map((each) => each.innerText).join()"
    await tab.wait_for(f"{shown}.includes('x-api-key')")
    text = await tab.run(shown)
    assert "authorization" in text
    assert "cookie" not in text
    await tab.run(RUN)
    await until(lambda: any("__schema" not in each.query for each in world.gateway.requests))
    assert all(not {"x-api-key", "authorization"} & set(each.headers) for each in world.gateway.requests)


@built
async def test_a_link_opens_a_query(world: World, tab: Page, tmp_path: Path) -> None:
    """With its variables. The server sees nothing of it; the button of the bar makes such a link."""
    query, variables = "query Linked($n: String!) { hello(name: $n) }", '{"n": "Link"}'
    await ready(tab, f"{world.url}/graphql/web#{urlencode({'query': query, 'variables': variables})}")
    await tab.wait_for("document.querySelector('.graphiql-tab-active').innerText.includes('Linked')")
    await tab.run(RUN)
    await tab.wait_for(f"{RESULT}.includes('hello Link')")
    await example(tab, "Greet anyone", "Anyone")
    await tab.run("document.querySelector('.bff-link').click()")
    await tab.wait_for("location.hash.includes('Anyone') && location.hash.includes('Ada')")


@built
@pytest.mark.parametrize("path", ["/graphql/web", "/graphql/phone"])
async def test_a_phone_shows_the_run_button(world: World, tab: Page, tmp_path: Path, path: str) -> None:
    """At 390 pixels all that is needed is on the screen, and nothing scrolls sideways."""
    await tab.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
    await ready(tab, world.url + path)
    await tab.screenshot(tmp_path / "phone.png")
    for selector in (".graphiql-execute-button", ".graphiql-query-editor", ".graphiql-response"):
        box = await tab.run(
            f"(({{left, right, top, bottom}}) => [left, right, top, bottom])"
            f"(document.querySelector({selector!r}).getBoundingClientRect())"
        )
        assert 0 <= box[0] < box[1] <= 390, selector
        assert 0 <= box[2] < box[3] <= 844, selector
        assert selector == ".graphiql-execute-button" or box[1] - box[0] > 250, selector
    assert await tab.run("document.documentElement.scrollWidth") <= 390


@built
async def test_the_way_to_another_frontend(world: World, tab: Page) -> None:
    """A link; what was open in one is not shown in the other."""
    await ready(tab, f"{world.url}/graphql/web")
    await tab.run("document.querySelector('.bff-bar a:not([aria-current])').click()")
    await tab.wait_for("document.title === 'phone · GraphiQL'")
    await tab.wait_for("document.querySelector('.graphiql-query-editor .view-line') !== null")
    assert "Greet" not in await tab.run("document.querySelector('.graphiql-query-editor').innerText")
    assert tab.problems == []


@pytest.mark.usefixtures("unbuilt")
async def test_the_plain_editor(world: World, tab: Page) -> None:
    """Without assets and without internet: examples, variables and events work all the same."""
    await tab.open(f"{world.url}/graphql/web")
    await tab.wait_for("document.querySelector('#run') !== null")
    shown = "document.querySelector('#result').textContent"
    for title, result in (("Greet anyone", "hello Ada"), ("Count", '"count": 2')):
        await tab.run(
            f"[...document.querySelectorAll('.example')].find((each) => each.textContent === {title!r}).click()"
        )
        await tab.run("document.querySelector('#run').click()")
        await tab.wait_for(f"{shown}.includes({result!r})")
    await tab.run("document.querySelector('#variables').value = '{'")
    await tab.run("document.querySelector('#run').click()")
    await tab.wait_for(f"{shown}.includes('SyntaxError')")


async def test_without_javascript(world: World, tab: Page) -> None:
    """A form, whose answer is shown as it comes."""
    await tab.call("Emulation.setScriptExecutionDisabled", value=True)
    await tab.open(f"{world.url}/graphql/web")
    await tab.wait_for("document.forms.length === 1")
    text = await tab.run("document.body.innerText")
    assert "needs JavaScript" in text
    assert "is loading" not in text
    await tab.run("document.forms[0].elements.query.value = '{ hello }'")
    await tab.run("document.forms[0].submit()")
    await tab.wait_for("document.body.innerText.includes('hello world')")


@built
async def test_a_page_of_another_site_cannot_frame_it(tab: Page) -> None:
    """Nor click in it on a visitor's behalf."""
    async with open_world() as ours, open_world() as other:
        await tab.open(f"{other.url}/live")
        await tab.wait_for("document.readyState === 'complete'")
        await tab.run(
            f"document.body.append(Object.assign(document.createElement('iframe'), {{src: '{ours.url}/graphql/web'}}))"
        )
        await until(lambda: any("frame" in problem.lower() for problem in tab.problems))
