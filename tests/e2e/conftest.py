import pytest

from tests.e2e.world import World, shop_world


@pytest.fixture
async def world():
    async with shop_world() as made:
        made: World
        yield made
