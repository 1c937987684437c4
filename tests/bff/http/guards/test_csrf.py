"""What a page of another site makes a browser send is not run; what programs and our own pages send is."""

from __future__ import annotations

import pytest

from tests.bff.http.frontends import open_frontends
from tests.bff.http.world import codes

SHOP = "https://shop.example"
GET = "/graphql/web?query=%7Bhello%7D"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
async def test_a_get_of_another_site(headers: dict[str, str]) -> None:
    """Images, scripts, forms and scripts' fetches."""
    async with open_frontends({"origins": (SHOP,)}) as world:
        answer = await world.client.get(world.url + GET, headers=headers)
        assert (answer.status_code, codes(answer)) == (403, ["PREFLIGHT_REQUIRED"])
        assert world.gateway.requests == []
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "cross-site", "origin": SHOP},
        {"sec-fetch-site": "cross-site", "apollo-require-preflight": "true"},
        {"sec-fetch-site": "cross-site", "x-apollo-operation-name": "Hello"},
        {"sec-fetch-site": "cross-site", "content-type": "application/json"},
    ],
)
async def test_a_get_of_a_program_of_our_page_or_of_a_friend(headers: dict[str, str]) -> None:
    """Or one that had a preflight."""
    async with open_frontends({"origins": (SHOP,)}) as world:
        answer = await world.client.get(world.url + GET, headers=headers)
        assert answer.json() == {"data": {"hello": "hello world"}}


async def test_no_page_can_use_an_answer_as_image_or_script() -> None:
    """Also where a browser does not tell which site asks."""
    async with open_frontends() as world:
        answer = await world.client.get(world.url + GET)
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
