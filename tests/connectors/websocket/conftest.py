"""The server and connectors to it, for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import pytest

from connectors.websocket.connector import WebsocketConnector
from tests.connectors.websocket.upstream import Upstream

Connect = Callable[..., WebsocketConnector]


@pytest.fixture
async def upstream() -> AsyncGenerator[Upstream]:
    async with Upstream() as upstream:
        yield upstream


@pytest.fixture
async def connected(upstream: Upstream) -> AsyncGenerator[Connect]:
    """Makes connectors, with the options a test chooses, and closes them."""
    made: list[WebsocketConnector] = []

    def make(**options: object) -> WebsocketConnector:
        made.append(upstream.connector(**options))
        return made[-1]

    yield make
    for connector in made:
        await connector.close()


@pytest.fixture
def connector(connected: Connect) -> WebsocketConnector:
    return connected()
