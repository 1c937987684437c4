"""Security headers of every kind of response, and the rules of frontends about them."""

from __future__ import annotations

from dataclasses import replace

import httpx

from bff.contract import SECURITY_HEADERS, FrontendCard, HeaderRules
from bff.http.door import http_app
from bff.http.options import Options
from bff.http.security_headers import DATA, apply_rules
from tests.bff.http.world import FakeGateway
from tests.serving import serving


class Ruled(FakeGateway):
    """The frontend `phone` has header rules."""

    @property
    def cards(self) -> list[FrontendCard]:
        web, phone = super().cards
        rules = HeaderRules(set=(("x-frame-options", "SAMEORIGIN"), ("x-a", "1")), remove=("referrer-policy",))
        return [web, replace(phone, header_rules=rules)]


async def test_every_kind_of_response_has_them_once() -> None:
    """Data, events, refusals, probes, pages and assets; a page also has a policy."""
    gateway = FakeGateway()
    async with serving(http_app(lambda: gateway, Options())) as url, httpx.AsyncClient() as client:
        query = {"query": "{ hello }"}
        page = {"accept": "text/html"}
        responses = [
            await client.post(f"{url}/graphql", json=query),
            await client.get(f"{url}/graphql", params=query),
            await client.post(f"{url}/graphql", json=query, headers={"accept": "text/event-stream"}),
            await client.post(f"{url}/graphql", json={"query": "{"}),
            await client.post(f"{url}/graphql", content=b"{}" * 2_000_000),
            await client.get(f"{url}/nowhere"),
            await client.get(f"{url}/live"),
            await client.get(f"{url}/ready"),
            await client.get(f"{url}/graphql", headers=page),
            await client.get(f"{url}/graphiql/bar.css"),
            await client.options(f"{url}/graphql"),
        ]
        for response in responses:
            for name in SECURITY_HEADERS:
                assert len(response.headers.get_list(name)) == 1, (response.url, name)
            assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in responses[8].headers["content-security-policy"]


async def test_a_frontend_sets_and_removes() -> None:
    """In all of its responses, a refusal too, and in no other frontend's."""
    gateway = Ruled()
    async with serving(http_app(lambda: gateway, Options())) as url, httpx.AsyncClient() as client:
        for body in ({"query": "{ hello }"}, {"query": 1}):
            headers = (await client.post(f"{url}/graphql/phone", json=body)).headers
            assert (headers.get_list("x-frame-options"), headers["x-a"]) == (["SAMEORIGIN"], "1")
            assert "referrer-policy" not in headers
            assert headers["x-content-type-options"] == "nosniff"
            other = (await client.post(f"{url}/graphql/web", json=body)).headers
            assert (other["x-frame-options"], "x-a" in other) == ("DENY", False)


def test_headers_are_rendered_once() -> None:
    """A request costs the same with rules and without."""
    rules = HeaderRules(set=(("x-a", "1"),), remove=tuple(SECURITY_HEADERS))
    assert apply_rules(rules) is apply_rules(HeaderRules(set=rules.set, remove=rules.remove))
    assert apply_rules(rules).rendered == b"x-a: 1\r\n"
    assert dict(DATA.lines)[b"x-content-type-options"] == b"nosniff"
