"""Small documents that cost much to run: cut off after `limits.max_cpu`, or refused before by their depth or cost.

CPU seconds that one operation took on two cores, and the memory that the gateway then held, before and after the defaults
of `limits`:

    52 bytes, three lists below each other           20.9 s, 700 MB      0.9 s, 180 MB    TOO_MUCH_CPU
    38 bytes, the same of async resolvers             2.1 s, 470 MB      1.3 s, 200 MB    TOO_MUCH_CPU
    77 bytes, the same with @stream                  20.5 s, 1,100 MB    1.0 s, 285 MB    TOO_MUCH_CPU
    lists of 30 by `first`, four below each other                        0.0 s            refused: TOO_COSTLY
    40 fields below each other                                           0.0 s            refused: TOO_DEEP

The innocent client waited for up to 1.6 s of work in one piece; now for up to 0.1 s, but for the async resolvers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.abuse.live import BOUND, Live, live_project, post
from tests.abuse.promises import cpu_seconds, promised

MAX_CPU = 0.3
"""Of an operation. The default is 1.0: the faster a machine, the more memory an operation fills until then."""
SLACK = 1.0
"""CPU seconds that the innocent client, the document's preparation and the end of the operation may take besides."""
SCHEMA = '''
"""A schema with a cycle, such as most have."""

import asyncio
from collections.abc import AsyncGenerator

import strawberry

from bff.authoring import frontend


@strawberry.type
class Node:
    id: int

    @strawberry.field
    def name(self) -> str:
        return f"node {self.id}"

    @strawberry.field
    def all(self) -> list["Node"]:
        return [Node(id=each) for each in range(100)]

    @strawberry.field
    async def slow(self) -> list["Node"]:
        await asyncio.sleep(0)
        return [Node(id=each) for each in range(100)]

    @strawberry.field
    def page(self, first: int = 10) -> list["Node"]:
        return [Node(id=each) for each in range(first)]

    @strawberry.field
    def node(self) -> "Node":
        return Node(id=1)


@strawberry.type
class Query(Node):
    id: int = 0


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def nodes(self) -> AsyncGenerator[Node, None]:
        while True:
            yield Node(id=1)


schema = frontend(query=Query, subscription=Subscription)
'''
CONFIG = """
frontends:
  web: {schema: cyclic_schema, default: true, limits: {max_cpu: MAX_CPU}}
  reference: {schema: cyclic_schema, engine: reference}
server: {compression: null, request_timeout: 60s}
log: {level: error}
"""
DOCUMENTS = {
    "three lists below each other": "{ all { all { all { id name node { id name } } } } }",
    "lists of async resolvers": "{ slow { slow { slow { id name } } } }",
    "many fields of one list": "{" + " ".join(f"a{n}: all {{ all {{ all {{ id }} name }} }}" for n in range(49)) + "}",
    "deferred lists": "{ __typename ... @defer { all { all { all { id name node { id name } } } } } }",
    "lists that are streamed": "{ all @stream(initialCount: 1) { all { all { id name node { id name } } } } }",
}
REFUSED = {
    "long lists by their argument": "{" + " page(first: 30) {" * 4 + " name " + "}" * 5,
    "forty fields below each other": "{ node " * 40 + "{ id }" + "}" * 40,
}


@pytest.fixture(scope="module")
def cyclic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A gateway with a cyclic schema, and the innocent."""
    folder: Path = tmp_path_factory.mktemp("cyclic")
    (folder / "cyclic_schema.py").write_text(SCHEMA)
    (folder / "bff.yaml").write_text(CONFIG.replace("MAX_CPU", str(MAX_CPU)))
    with live_project(folder) as made:
        yield made


def ask(live: Live, query: str, path: bytes = b"/graphql/web") -> tuple[bytes, float]:
    """The answer, and the CPU seconds that the gateway took for it."""
    began = cpu_seconds(live.gateway.process.pid)
    headers = (b"accept: multipart/mixed",) if "@" in query else ()
    answer = live.ask(post(json.dumps({"query": query}).encode(), *headers, path=path))
    return answer, cpu_seconds(live.gateway.process.pid) - began


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_operation_is_cut_when_it_takes_too_much_cpu(cyclic: Live, name: str) -> None:
    """It is answered with TOO_MUCH_CPU, and costs hardly more than it may."""
    # What asyncio has been given to run at once it runs in one pass: many async resolvers hold the loop that long.
    # Elsewhere it is the garbage collector that takes up to 0.1 s, of all that the operation has made.
    most_work = MAX_CPU if "async" in name else 2 * BOUND
    with promised(cyclic, name, memory_floor=80, most_work=most_work):
        answer, took = ask(cyclic, DOCUMENTS[name])
        print(f"{name}: {len(DOCUMENTS[name])} bytes, {took:.1f} s of CPU")
    assert b'"TOO_MUCH_CPU"' in answer, answer[-500:]
    assert took < MAX_CPU + SLACK


STREAMS = ("lists that are streamed", "deferred lists", "three lists below each other")
FORMS = (b"accept: multipart/mixed", b"accept: text/event-stream")
MOST_GROWTH = 80.0
"""Megabytes: each operation makes and frees a hundred, and the free lists of Python keep some of their pages in use."""


@pytest.mark.parametrize(("path", "count"), [(b"/graphql/web", 18), (b"/graphql/reference", 6)])
def test_costly_operations_leave_nothing(cyclic: Live, path: bytes, count: int) -> None:
    """18 of them one after the other take hardly more memory than the first three.

    Before, each left 110 MB in reference cycles, which the garbage collector reached at about 2 GB.
    """
    held = []
    for number in range(count):
        query = json.dumps({"query": DOCUMENTS[STREAMS[number % len(STREAMS)]]}).encode()
        cyclic.ask(post(query, FORMS[number % len(FORMS)], path=path))
        held.append(cyclic.resident())
    print(f"memory after each: {' '.join(f'{each:.0f}' for each in held)} MB")
    assert max(held[3:]) <= max(held[:3]) + MOST_GROWTH


@pytest.mark.parametrize("name", REFUSED)
def test_an_operation_that_is_too_deep_or_too_long_is_refused(cyclic: Live, name: str) -> None:
    """Nothing of it is run."""
    answer, took = ask(cyclic, REFUSED[name])
    print(f"{name}: {len(REFUSED[name])} bytes, {took:.1f} s of CPU")
    assert b'"TOO_COSTLY"' in answer or b'"TOO_DEEP"' in answer, answer[:500]
    assert took < SLACK
