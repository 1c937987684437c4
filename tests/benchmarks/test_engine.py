"""What is measured is the compiled engine: none of the benchmark's queries is left to graphql-core's executor."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY

from benchmarks import resolvers
from benchmarks.processes import ALL_CORES, free_port, process
from benchmarks.world import QUESTIONS
from bff.app import Service, load_project
from tests.serving import serving
from tests.waiting import GENEROUS

CONFIG = Path(__file__).parent.parent.parent / "benchmarks" / "gateway" / "bff.yaml"


def counted(name: str, **labels: str) -> float:
    """Of the benchmark's frontend, whatever its other labels are."""
    wanted = {"frontend": "bench", **labels}.items()
    samples = [each for family in REGISTRY.collect() for each in family.samples if each.name == name]
    return sum(each.value for each in samples if wanted <= each.labels.items())


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Of the gateway as it is measured, before the upstream that it is measured with."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.upstream", str(port)]
    with process(command, port, cores=ALL_CORES):
        service = Service(load_project(CONFIG, {"UPSTREAM": f"http://127.0.0.1:{port}"}))
        async with serving(service.asgi) as url, httpx.AsyncClient(base_url=url, timeout=GENEROUS) as client:
            yield client


@pytest.mark.parametrize("name", QUESTIONS)
async def test_the_compiled_engine_answers_it(name: str, client: httpx.AsyncClient) -> None:
    """Rightly, the first time, which reads replies exactly, and those after it."""
    before = counted("engine_operations_total", engine="compiled"), counted("engine_fallback_total")
    for _ in range(3):
        response = await client.post("/graphql", json={"query": QUESTIONS[name].query})
        assert response.content == QUESTIONS[name].answer, orjson.loads(response.content).get("errors")
    assert counted("engine_operations_total", engine="compiled") == before[0] + 3
    assert counted("engine_fallback_total") == before[1]


async def test_resolvers_without_an_upstream() -> None:
    """Both executors give the same answer, and each has a figure for each round."""
    taken = await resolvers.measure(1)
    assert {name: len(rounds) for name, rounds in taken.items()} == {"strawberry": 1, "compiled": 1}
