"""What caches are told about answers to GET: for how long, for whom, and whether they have it already."""

from __future__ import annotations

import pytest

from bff.contract import Answer, Caching
from tests.bff.http.frontends import open_frontends

GET = "/graphql/web?query=%7Bhello%7D"
PUBLIC, PRIVATE = Caching(max_age=60, is_public=True), Caching(max_age=60, is_public=False)


@pytest.mark.parametrize(
    ("caching", "card", "headers", "expected"),
    [
        (PUBLIC, {}, {}, "public, max-age=60"),
        (PRIVATE, {}, {}, "private, max-age=60"),
        (None, {}, {}, "no-store"),
        (PUBLIC, {"has_identity": True}, {}, "private, max-age=60"),
        (PUBLIC, {}, {"authorization": "Bearer x"}, "private, max-age=60"),
    ],
)
async def test_cache_control(caching: Caching | None, card: dict, headers: dict, expected: str) -> None:
    """What shows who asks makes an answer private."""
    async with open_frontends(card) as world:
        world.gateway.changes = {"caching": caching}
        answer = await world.client.get(world.url + GET, headers=headers)
        assert answer.headers["cache-control"] == expected


@pytest.mark.parametrize("query", ["%7Bnothing%7D", "%7B", "mutation%7Bchange%7D", ""])
async def test_errors_are_not_kept(query: str) -> None:
    """Whoever refuses."""
    async with open_frontends() as world:
        answer = await world.client.get(f"{world.url}/graphql/web?query={query}")
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


async def test_half_an_answer_is_not_kept() -> None:
    """Whatever its fields allow."""
    async with open_frontends() as world:
        world.gateway.result = Answer(data={"hello": None}, errors=[{"message": "no"}], caching=PUBLIC)
        answer = await world.client.get(world.url + GET)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert "etag" not in answer.headers


async def test_a_client_that_has_it_gets_304() -> None:
    """With the headers that a 200 would have (RFC 9110, section 15.4.5), and no body."""
    async with open_frontends({"origins": ("https://shop.example",)}) as world:
        world.gateway.changes = {"caching": PUBLIC}
        first = await world.client.get(world.url + GET)
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await world.client.get(world.url + GET, headers={"if-none-match": given})
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "cache-control", "vary", "cross-origin-resource-policy"):
                assert again.headers[name] == first.headers[name]
            assert "content-length" not in again.headers
            assert "content-type" not in again.headers
        for given in ('"other"', tag[:-2] + '"', tag.strip('"')):
            assert (await world.client.get(world.url + GET, headers={"if-none-match": given})).status_code == 200


async def test_another_answer_has_another_tag() -> None:
    """By its bytes, and by its type; the same answer has the same."""
    async with open_frontends() as world:
        first = await world.client.get(world.url + GET)
        same = await world.client.get(world.url + GET)
        typed = await world.client.get(world.url + GET, headers={"accept": "application/graphql-response+json"})
        other = await world.client.get(f"{world.url}/graphql/web?query=%7Bhello(name:%22Ada%22)%7D")
        assert first.headers["etag"] == same.headers["etag"]
        assert len({each.headers["etag"] for each in (first, typed, other)}) == 3


async def test_a_compressed_answer_has_a_weak_tag() -> None:
    """And 304 has the tag that its 200 has."""
    async with open_frontends(compression={"min_size": 10}) as world:
        plain = await world.client.get(world.url + GET, headers={"accept-encoding": "identity"})
        packed = await world.client.get(world.url + GET, headers={"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
        assert plain.headers["vary"] == packed.headers["vary"] == "accept, accept-encoding"
        headers = {"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]}
        again = await world.client.get(world.url + GET, headers=headers)
        assert (again.status_code, again.headers["etag"]) == (304, packed.headers["etag"])
        assert again.headers["vary"] == packed.headers["vary"]
        assert "content-encoding" not in again.headers


async def test_where_a_header_chooses_the_frontend_answers_vary_by_it() -> None:
    """Or a cache would give the phone what is for the web."""
    async with open_frontends({"chosen_by": ("x-client",)}, {"chosen_by": ("x-api-key",)}) as world:
        chosen = await world.client.get(f"{world.url}/graphql?query=%7Bhello%7D")
        assert chosen.headers["vary"] == "accept, x-client, x-api-key"
        fixed = await world.client.get(world.url + GET)
        assert fixed.headers["vary"] == "accept"


async def test_a_post_is_no_business_of_caches() -> None:
    async with open_frontends() as world:
        world.gateway.changes = {"caching": PUBLIC}
        answer = await world.post("{ hello }", path="/graphql/web")
        assert "cache-control" not in answer.headers
        assert "etag" not in answer.headers
