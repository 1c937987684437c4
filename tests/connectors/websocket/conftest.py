"""The server and connectors to it, for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import pytest

from connectors.websocket.connector import WebsocketConnector
from tests.connectors.calls import closing_all
from tests.connectors.websocket.upstream import Upstream

Connect = Callable[..., WebsocketConnector]


@pytest.fixture
async def upstream() -> AsyncGenerator[Upstream]:
    async with Upstream() as upstream:
        yield upstream


@pytest.fixture
async def connected(upstream: Upstream) -> AsyncGenerator[Connect]:
    """Makes connectors, with the options a test chooses, and closes them."""
    async with closing_all(upstream.connector) as connected:
        yield connected


@pytest.fixture
def connector(connected: Connect) -> WebsocketConnector:
    return connected()
