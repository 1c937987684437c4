"""One world per test: nothing one test does is seen by another."""

from collections.abc import AsyncIterator

import pytest

from tests.bff.http.world import World, open_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A served gateway with its defaults."""
    async with open_world() as made:
        yield made
