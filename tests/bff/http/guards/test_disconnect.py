"""Work ends with the connection of its client."""

from __future__ import annotations

import asyncio

import pytest

from tests.bff.http.world import World
from tests.waiting import until


async def test_a_client_that_hangs_up_cancels_its_answer(world: World) -> None:
    """Whether it waited for long or left at once."""
    world.gateway.delay = 30
    for patience in (0.01, 0.3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(world.post("{ hello }"), patience)
    await until(lambda: world.gateway.cancelled == len(world.gateway.requests) > 0)


async def test_a_slow_answer_comes_all_the_same(world: World) -> None:
    """Watching for a hang-up does not disturb it, nor the next request of the connection."""
    world.gateway.delay = 0.1
    for _ in range(3):
        assert (await world.post("{ hello }")).json() == {"data": {"hello": "hello world"}}
    assert world.gateway.cancelled == 0
