"""Websockets by client address."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from bff.contract import Refused
from bff.http.guards.addresses import Addresses
from tests.bff.http.transports.test_graphql_transport_ws import acknowledged, speaking
from tests.bff.http.world import open_world
from tests.waiting import GENEROUS, time_limit


def test_each_address_has_its_own() -> None:
    """And gets it back; nothing is kept of one without websockets."""
    addresses = Addresses(2)
    addresses.take("a")
    addresses.take("a")
    addresses.take("b")
    with pytest.raises(Refused) as refused:
        addresses.take("a")
    assert refused.value.status == 429
    addresses.release("a")
    addresses.take("a")
    for each in "aab":
        addresses.release(each)
    assert not addresses._counts


async def test_a_handshake_beyond_the_limit_is_refused_until_one_ends() -> None:
    """With a status and a code, before the upgrade; the address is the one that a trusted proxy names."""
    limits = {"websocket": {"max_per_address": 2}, "trusted_proxies": ["127.0.0.1"]}
    other = {"x-forwarded-for": "203.0.113.9"}
    async with open_world(**limits) as world, acknowledged(world):
        async with acknowledged(world):
            with pytest.raises(InvalidStatus) as refused:
                async with speaking(world):
                    pass
            response = refused.value.response
            assert response.status_code == 429
            assert b"TOO_MANY_WEBSOCKETS" in response.body
            assert response.headers["retry-after"] == "1"
            async with acknowledged(world, additional_headers=other):
                pass
        async with time_limit(GENEROUS):
            while True:
                try:
                    async with acknowledged(world):
                        break
                except InvalidStatus:
                    continue
