"""A broker of each kind, for tests that hold for all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import pytest

from connectors.queue.brokers import Broker
from connectors.queue.connector import QueueConnector, connect
from connectors.queue.options import Options
from tests.connectors.queue.world import KINDS, address_of, opened, unique

Connect = Callable[..., QueueConnector]


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest) -> str:
    return address_of(request.param)


@pytest.fixture
async def broker(address: str) -> AsyncGenerator[Broker]:
    """Another party at the broker: who publishes, and answers."""
    async with opened(address) as broker:
        yield broker


@pytest.fixture
def topic() -> str:
    """A topic that no other test uses."""
    return unique("topic")


@pytest.fixture
async def connected(address: str) -> AsyncGenerator[Connect]:
    """Makes connectors to the broker, with the options a test chooses, and closes them."""
    made: list[QueueConnector] = []

    def make(**options: object) -> QueueConnector:
        made.append(connect("orders", Options.model_validate({"address": address, **options})))
        return made[-1]

    yield make
    for connector in made:
        await connector.close()
