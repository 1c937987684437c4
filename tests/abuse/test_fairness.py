"""A query for 100,000 records does not hold back a small one, and leaves nothing behind when it is cut off.

What the small one waited for, in ms of CPU of the gateway, before and after connectors.aio.cooperative; memory in MB after 120
such queries that were cut off, before and after replies were let go at the end of their request:

    100,000 records of 5 fields, 11 MB, of a `via` field     150 to 210    24 to 36
    the same inside an object                                149 to 208    16 to 40
    returned by a resolver                                   278 to 304    16 to 35
    one plain field and a method                             123 to 148    12 to 24
    memory                                                        2,090         165
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.abuse.live import Live, live_project, post
from tests.http_upstream import Reply, http_upstream
from tests.seeds import IS_SOAK
from tests.waiting import GENEROUS

BOUND = 0.05
"""How long the gateway may work while the small query waits, in seconds of CPU."""
TRIES = 4
RECORDS = json.dumps(
    [
        {
            "id": n,
            "name": f"name of the record {n}",
            "price": n / 4,
            "inStock": n % 2 == 0,
            "code": f"c{n}",
            "more": "-",
        }
        for n in range(100_000)
    ]
).encode()
SCHEMA = """
import strawberry

from bff.authoring import frontend, via
from connectors import rest

api = rest("api")


@strawberry.type
class Record:
    id: int
    name: str
    price: float
    in_stock: bool
    code: strawberry.ID

    @strawberry.field
    def label(self) -> str:
        return self.name[:8]


@strawberry.type
class Page:
    records: list[Record]


@strawberry.type
class Query:
    records: list[Record] = via(api.get("/records"))
    page: Page = via(api.get("/page"))

    @strawberry.field
    async def resolved(self) -> list[Record]:
        return await api.get("/page", at="records")()


schema = frontend(query=Query)
"""
CONFIG = """
upstreams:
  api: {rest: "http://127.0.0.1:%d", timeout: 30s, max_reply_size: 50MB}
frontends:
  web: {schema: large_schema, default: true, limits: {max_cpu: 30s}}
server: {compression: null, request_timeout: 30s}
log: {level: error}
"""
FIELDS = "{ id name price inStock code }"
QUERIES = {
    "via": f"{{ records {FIELDS} }}",
    "inside an object": f"{{ page {{ records {FIELDS} }} }}",
    "a resolver's": f"{{ resolved {FIELDS} }}",
    "with a method": "{ records { id label } }",
}


def reply(path: str, _: bytes) -> Reply:
    """The upstream's."""
    return 200, "application/json", RECORDS if path == "/records" else b'{"records": ' + RECORDS + b"}"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A gateway of large lists, and the innocent."""
    folder: Path = tmp_path_factory.mktemp("large")
    (folder / "large_schema.py").write_text(SCHEMA)
    with http_upstream(reply) as port:
        (folder / "bff.yaml").write_text(CONFIG % port)
        with live_project(folder) as made:
            yield made


@pytest.mark.parametrize("name", QUERIES)
def test_a_small_query_does_not_wait_for_a_large_one(large: Live, name: str) -> None:
    """Its longest wait, as far as it is for the gateway's work; the best of a few, for what comes by chance."""
    request = post(json.dumps({"query": QUERIES[name]}).encode())
    worst = float("inf")
    for _ in range(TRIES):
        began = time.monotonic()
        answer = large.ask(request)
        took = time.monotonic() - began
        assert answer.count(b'"id":') == 100_000
        longest, work = large.innocent.worst(began, time.monotonic())
        print(f"{name}: {work * 1000:.0f} ms of work, {longest * 1000:.0f} ms for nothing, of {took * 1000:.0f} ms")
        worst = min(worst, work)
        if worst < BOUND:
            break
    assert worst < BOUND


@pytest.mark.soak
def test_a_large_query_that_is_cut_off_leaves_nothing(large: Live) -> None:
    """Whenever the client hangs up: the gateway is soon idle again, and has no more memory than before."""
    request = post(json.dumps({"query": QUERIES["via"]}).encode())
    memory = []
    for _ in range(4 if IS_SOAK else 2):  # what the first one brings stays
        for turn in range(0, 30, 1 if IS_SOAK else 3):
            with large.connect() as connection:
                connection.sendall(request)
                time.sleep(turn * 0.012)
        idle(large.gateway.process.pid)
        memory.append(large.resident())
    print("memory in MB after each round:", *map(int, memory))
    assert memory[-1] < memory[0] * 1.1 + 40
    assert "Traceback" not in large.gateway.output, large.gateway.output[-4000:]
    assert "Task was destroyed" not in large.gateway.output


def idle(pid: int) -> None:
    """Return when the process works no more than the small queries take; fail when it goes on."""
    end = time.monotonic() + GENEROUS
    clock = (~pid << 3) | 2  # the CPU clock of a process
    while time.monotonic() < end:
        worked = time.clock_gettime(clock)
        time.sleep(0.5)
        if time.clock_gettime(clock) - worked < 0.15:
            return
    raise AssertionError("it still works on what nobody waits for")
