"""/metrics of `bff serve --workers 2`: the figures of both processes, as docs/metrics.md promises."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.command import Running, running
from tests.waiting import GENEROUS

SCHEMA = """\
import asyncio
import os

import strawberry

from bff.authoring import frontend


@strawberry.type
class Query:
    @strawberry.field
    async def process(self) -> int:
        await asyncio.sleep(0.02)
        return os.getpid()


schema = frontend(query=Query)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A schema that tells which process answers, and an empty folder for figures."""
    (tmp_path / "workers.py").write_text(SCHEMA)
    (tmp_path / "bff.yaml").write_text(
        "mode: development\nfrontends:\n  web: {schema: workers, default: true, share: false}\n"
    )
    (tmp_path / "figures").mkdir()
    return tmp_path


class Asked:
    """Asks over many connections, and counts who answered."""

    def __init__(self, command: Running) -> None:
        self.command = command
        self.by: Counter[int] = Counter()

    def until(self, processes: int, seconds: float = 20) -> None:
        """Until so many processes have answered."""
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(16) as pool:
            while len(self.by) < processes:
                assert time.monotonic() < end, f"only {self.by} answered\n{self.command.output}"
                self.by.update(pool.map(self._one, range(32)))

    def _one(self, _: int) -> int:
        return self.command.ask("{ process }")["data"]["process"]


@pytest.fixture
def together(project: Path) -> Iterator[Asked]:
    """Two workers that share their figures, both of which have answered."""
    with running("serve", "--workers", "2", cwd=project, PROMETHEUS_MULTIPROC_DIR=str(project / "figures")) as command:
        made = Asked(command)
        made.by[command.ask_when_up("{ process }")["data"]["process"]] += 1
        made.until(2)
        yield made


def told(command: Running) -> float:
    """Operations, as whichever process happens to be asked tells."""
    response = httpx.get(f"{command.url}/metrics", timeout=GENEROUS)
    assert response.status_code == 200, response.text
    families = text_string_to_metric_families(response.text)
    samples = [each for family in families for each in family.samples if each.name == "engine_operations_total"]
    assert [each.labels for each in samples] == [{"frontend": "web", "kind": "query", "engine": "compiled"}]
    return samples[0].value


def test_any_worker_tells_the_figures_of_all(together: Asked) -> None:
    """Exactly, whoever is asked; and a worker that dies takes nothing of what it counted along."""
    total = sum(together.by.values())
    assert {told(together.command) for _ in range(12)} == {total}
    dead = next(iter(together.by))
    os.kill(dead, signal.SIGKILL)
    together.until(3)
    assert {told(together.command) for _ in range(12)} == {sum(together.by.values())}
    assert together.command.stop(signal.SIGTERM, seconds=10) == 0
    assert "Traceback" not in together.command.output


def test_without_a_folder_each_worker_has_its_own(project: Path) -> None:
    """So the figures of one are those of the requests that it answered."""
    with running("serve", "--workers", "2", cwd=project) as command:
        asked = Asked(command)
        asked.by[command.ask_when_up("{ process }")["data"]["process"]] += 1
        asked.until(2)
        assert told(command) in asked.by.values()
