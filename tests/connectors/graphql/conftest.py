"""The server and a connector to it, for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.direct import Direct
from connectors.graphql.connector import GraphqlConnector, connect
from connectors.graphql.options import Options
from tests.connectors.calls import closing_all
from tests.connectors.graphql.shop import Shop, Socket

Connect = Callable[..., GraphqlConnector]


@pytest.fixture
async def shop() -> AsyncGenerator[Shop]:
    async with Shop() as shop:
        yield shop


@pytest.fixture
async def socket() -> AsyncGenerator[Socket]:
    async with Socket() as socket:
        yield socket


@pytest.fixture
async def connected(shop: Shop) -> AsyncGenerator[Connect]:
    """Makes connectors to the shop, with the options a test chooses, and closes them."""

    def make(clock: Clock = SYSTEM_CLOCK, **options: Any) -> GraphqlConnector:
        return connect("shop", Options(**{"address": shop.address, **options}), clock)

    async with closing_all(make) as connected:
        yield connected


@pytest.fixture
def direct(connected: Connect) -> Direct:
    """`async with direct:` answers the endpoints of `graphql("shop")`."""
    return Direct({"shop": connected()})
