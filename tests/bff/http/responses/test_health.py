"""/live and /ready."""

from __future__ import annotations

import pytest

from tests.bff.http.world import World


async def test_live_answers_while_upstreams_are_down(world: World) -> None:
    """Restarting this process would not mend another."""
    world.gateway.missing = {"pricing": "cannot be reached"}
    answer = await world.client.get(f"{world.url}/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_ready_says_what_is_missing(world: World) -> None:
    """503 until nothing is."""
    world.gateway.missing = {"pricing": "cannot be reached"}
    answer = await world.client.get(f"{world.url}/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "upstreams": {"pricing": "cannot be reached"}}
    world.gateway.missing = {}
    answer = await world.client.get(f"{world.url}/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize("path", ["/live", "/ready"])
async def test_probes_may_ask_for_the_head_alone(world: World, path: str) -> None:
    """And may not POST."""
    assert (await world.client.head(world.url + path)).status_code == 200
    refused = await world.client.post(world.url + path)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
