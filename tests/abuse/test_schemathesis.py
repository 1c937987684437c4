"""schemathesis draws operations and values from the schema of each frontend; the shop answers over real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case

from tests.abuse.live import INSIDE
from tests.e2e.world import KEY, ROOT, World, shop_world

FRONTENDS = ("mobile", "web", "partner")
EXAMPLES = 60


def operations(frontend: str) -> st.SearchStrategy[Case]:
    """Cases of every field of Query and Mutation."""
    schema = schemathesis.graphql.from_path(ROOT / "schemas" / frontend / "schema.graphql")
    found = [each.ok().as_strategy() for each in schema.get_all_operations()]
    assert found
    return st.one_of(found)


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The address of the gateway, which runs with its upstreams in a loop of its own."""
    address: list[str] = []
    started, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with shop_world() as world:
            world: World
            address.append(world.url)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert started.wait(30)
        yield address[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_whatever_fits_the_schema_is_answered(shop: str, frontend: str) -> None:
    """With data or coded errors, never a mistake of ours; what the schema allows does not fail validation."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(case=operations(frontend))
    def run(case: Case) -> None:
        response = case.call(base_url=f"{shop}/graphql/{frontend}", headers=KEY)
        assert response.status_code == 200, response.text
        assert not INSIDE.search(response.content), response.text
        answer = response.json()
        assert answer.keys() <= {"data", "errors", "extensions"}
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert not codes & {"INTERNAL", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}, response.text
        assert "data" in answer or codes

    run()
