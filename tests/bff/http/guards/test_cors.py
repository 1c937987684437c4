"""Pages of other sites: preflights, what may be read, and what a frontend of another list refuses."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bff.contract import CrossOrigin, FrontendCard
from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.http.frontends import CardGateway, open_frontends
from tests.bff.http.world import World, codes
from tests.browser import browser
from tests.serving import serving

SHOP, CLUB, EVIL = "https://shop.example", "https://club.example", "https://evil.example"
WEB = {"origins": (SHOP,), "cross_origin": CrossOrigin(credentials=True, max_age=60, headers=("x-client", "x-mine"))}
PHONE = {"origins": (CLUB,)}


async def preflight(world: World, origin: str, path: str = "/graphql/web") -> httpx.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    return await world.client.options(world.url + path, headers=headers)


def cors_headers(answer: httpx.Response) -> list[str]:
    return [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_listed_origin_may_ask() -> None:
    """The preflight says what, and the answer can be read."""
    async with open_frontends(WEB) as world:
        granted = await preflight(world, SHOP)
        assert (granted.status_code, granted.content) == (204, b"")
        assert granted.headers["access-control-allow-origin"] == SHOP
        assert granted.headers["access-control-allow-methods"] == "GET, POST, PUT, DELETE"
        assert granted.headers["access-control-allow-credentials"] == "true"
        assert granted.headers["access-control-max-age"] == "60"
        allowed = granted.headers["access-control-allow-headers"].split(", ")
        assert {"content-type", "authorization", "apollo-require-preflight", "x-client", "x-mine"} <= set(allowed)
        assert "origin" in granted.headers["vary"]
        assert "content-length" not in granted.headers
        answer = await world.client.post(
            f"{world.url}/graphql/web", json={"query": "{ hello }"}, headers={"origin": SHOP}
        )
        assert answer.json() == {"data": {"hello": "hello world"}}
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "x-request-id" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "origin"


async def test_an_unlisted_origin_may_not() -> None:
    """Neither ask nor read; the request itself is answered, since its own pages come through proxies too."""
    async with open_frontends(WEB) as world:
        refused = await preflight(world, EVIL)
        assert (refused.status_code, codes(refused)) == (403, ["ORIGIN_FORBIDDEN"])
        assert cors_headers(refused) == []
        answer = await world.client.post(
            f"{world.url}/graphql/web", json={"query": "{ hello }"}, headers={"origin": EVIL}
        )
        assert cors_headers(answer) == []


@pytest.mark.parametrize("origin", ["null", "https://shop.example.evil.example", "http://shop.example", SHOP.upper()])
async def test_nearly_the_same_origin(origin: str) -> None:
    """Is another one."""
    async with open_frontends(WEB) as world:
        assert (await preflight(world, origin)).status_code == 403


async def test_without_origins_there_are_no_cors_headers() -> None:
    """The default."""
    async with open_frontends() as world:
        assert cors_headers(await preflight(world, SHOP)) == []
        answer = await world.client.post(
            f"{world.url}/graphql", json={"query": "{ hello }"}, headers={"origin": world.url}
        )
        assert (answer.status_code, cors_headers(answer)) == (200, [])


async def test_at_graphql_a_preflight_is_for_all_frontends_and_a_request_for_one() -> None:
    """What a preflight could not know is checked when the request names its frontend."""
    async with open_frontends(WEB, PHONE) as world:
        for origin in (SHOP, CLUB):
            assert (await preflight(world, origin, "/graphql")).status_code == 204
        assert (await preflight(world, CLUB, "/graphql/web")).status_code == 403
        asked = {"json": {"query": "mutation { change }"}}
        url = f"{world.url}/graphql"
        mine = await world.client.post(url, headers={"origin": CLUB, "x-client": "phone"}, **asked)
        assert mine.headers["access-control-allow-origin"] == CLUB
        assert "access-control-allow-credentials" not in mine.headers
        ran = len(world.gateway.requests)
        other = await world.client.post(url, headers={"origin": CLUB, "x-client": "web"}, **asked)
        assert (other.status_code, codes(other), cors_headers(other)) == (403, ["ORIGIN_FORBIDDEN"], [])
        assert len(world.gateway.requests) == ran


async def test_our_own_page_asks_any_frontend() -> None:
    """Also where its origin is on the list of another."""
    async with open_frontends({}, {}) as world:
        world.gateway.frontend_cards[1] = FrontendCard(name="phone", origins=(world.url,))
        answer = await world.client.post(
            f"{world.url}/graphql/web", json={"query": "{ hello }"}, headers={"origin": world.url}
        )
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [("/graphql/web", {"content": b"nonsense"}, 415), ("/graphql", {"json": {}, "headers": {"x-client": "no"}}, 404)],
)
async def test_a_refusal_can_be_read(path: str, sent: dict, status: int) -> None:
    """By the pages that may ask, or nobody would find their mistakes."""
    async with open_frontends(WEB) as world:
        sent = {**sent, "headers": {"origin": SHOP, **sent.get("headers", {})}}
        answer = await world.client.post(world.url + path, **sent)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == SHOP


async def test_events_can_be_read() -> None:
    """Streams have the headers too."""
    async with open_frontends(WEB) as world:
        headers = {"origin": SHOP, "accept": "text/event-stream"}
        answer = await world.client.post(
            f"{world.url}/graphql/web", json={"query": "subscription { count(to: 1) }"}, headers=headers
        )
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert answer.headers["vary"] == "accept, origin"


PAGE = b"<!doctype html><title>a shop</title>"
ASK = """fetch("%s", {method: "POST", credentials: "include", headers: {"content-type": "application/json",
"x-client": "web"}, body: JSON.stringify({query: "{ hello }"})}).then(
answer => answer.json().then(data => answer.headers.get("x-request-id").length + " " + data.data.hello), () => "kept out")"""
IMAGE = """new Promise(done => {const image = new Image(); image.onload = () => done("shown");
image.onerror = () => done("kept out"); image.src = "%s";})"""


async def site(scope: dict, receive, send) -> None:
    """A page somewhere else."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": PAGE})


async def test_a_real_browser_on_another_site(tmp_path: Path) -> None:
    """A page of a listed origin asks and reads; one of another cannot, by fetch or by image."""
    gateway = CardGateway([])
    async with serving(http_app(lambda: gateway, Options())) as url, serving(site) as friend, serving(site) as foe:
        web = CrossOrigin(credentials=True, headers=("x-client",))
        gateway.frontend_cards = [
            FrontendCard(name="web", origins=(friend,), cross_origin=web),
            FrontendCard(name="phone"),
        ]
        async with browser(tmp_path) as page:
            await page.open(friend)
            await page.wait_for('document.title === "a shop"')
            assert await page.run(ASK % f"{url}/graphql") == "32 hello world"
            await page.open(foe)
            await page.wait_for(f'location.origin === "{foe}" && document.title === "a shop"')
            ran = len(gateway.requests)
            assert await page.run(ASK % f"{url}/graphql") == "kept out"
            assert await page.run(IMAGE % f"{url}/graphql?query=%7Bhello%7D") == "kept out"
            assert len(gateway.requests) == ran
