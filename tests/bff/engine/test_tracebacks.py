"""What operations leave behind is freed without the garbage collector, whether they fail, are cut off or come in parts."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from graphql import GraphQLError

from bff.app import Service, load_project
from bff.contract import Answer, Increments, Parts, Request
from bff.engine.tracebacks import drop_tracebacks

SCHEMA = """
import asyncio

import strawberry

from bff.authoring import frontend


@strawberry.type
class Node:
    id: int

    @strawberry.field
    def all(self) -> list["Node"]:
        return [Node(id=each) for each in range(30)]

    @strawberry.field
    async def slow(self) -> list["Node"]:
        await asyncio.sleep(0)
        return [Node(id=each) for each in range(30)]

    @strawberry.field
    def maybe(self) -> str | None:
        raise RuntimeError("a defect")

    @strawberry.field
    def always(self) -> str:
        raise RuntimeError("a defect")

    @strawberry.field
    async def later(self) -> str:
        await asyncio.sleep(0)
        raise RuntimeError("a defect")


@strawberry.type
class Query(Node):
    id: int = 0


schema = frontend(query=Query)
"""
CONFIG = """
frontends:
  web: {schema: garbage_schema, default: true, limits: {max_cpu: 0.05s}}
  reference: {schema: garbage_schema, engine: reference}
"""
DOCUMENTS = {
    "values": "{ all { id } slow { id } }",
    "a defect": "{ always }",
    "defects of nullable fields": "{ all { maybe } }",
    "defects in lists": "{ all { always } }",
    "late defects": "{ slow { later } }",
    "late and early defects": "{ slow { slow { later always } } }",
    "a deferred fragment": "{ id ... @defer { all { id slow { id } } } }",
    "a streamed list": "{ all @stream(initialCount: 1) { id ... @defer { slow { id } } } }",
    "defects in a deferred fragment": "{ id ... @defer { all { always } } }",
    "late defects in a deferred fragment": "{ id ... @defer { slow { later all { maybe } } } }",
    "defects in a streamed list": "{ all @stream(initialCount: 1) { id always } }",
    "late defects in a streamed list": "{ all @stream { id later } }",
    "what takes too much CPU time": "{ all { all { all { all { id } } } } }",
    "streamed, what takes too much CPU time": "{ all @stream { all { all { all { id } } } } }",
    "deferred, what takes too much CPU time": "{ id ... @defer { slow { all { slow { all { id } } } } } }",
}
OF_GRAPHQL_CORE = {
    "late defects",
    "late and early defects",
    "what takes too much CPU time",
    "streamed, what takes too much CPU time",
}
"""Errors that graphql-core raises and drops itself, and what it has under way when it is cut off."""


@contextmanager
def counting_garbage() -> Iterator[list[object]]:
    """What is left to the garbage collector in this block."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    found: list[object] = []
    try:
        yield found
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def run(service: Service, query: str, frontend: str, *, parts: int = 1_000_000) -> None:
    """Take so many parts of the answer."""
    request = Request(frontend=frontend, query=query, increments=Increments.IDS, headers={})
    answer = await service.generation.answer(request)
    if not isinstance(answer, Parts):
        assert isinstance(answer, Answer)
        return
    async for _ in answer.more:
        parts -= 1
        if parts <= 0:
            break
    await answer.more.aclose()


@pytest.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    (tmp_path / "garbage_schema.py").write_text(SCHEMA)
    (tmp_path / "bff.yaml").write_text(CONFIG)
    return Service(load_project(tmp_path / "bff.yaml", {}))


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("frontend", ["web", "reference"])
async def test_operations_leave_nothing_to_the_garbage_collector(service: Service, frontend: str, name: str) -> None:
    """Whether they end or are given up after the first part."""
    if frontend == "reference" and name in OF_GRAPHQL_CORE:
        pytest.skip("graphql-core makes these cycles itself")
    async with service.running():
        await run(service, DOCUMENTS[name], frontend)
        for parts in (1_000_000, 1):
            with counting_garbage() as left:
                await run(service, DOCUMENTS[name], frontend, parts=parts)
            assert not [type(each).__qualname__ for each in left]


def test_causes_and_members_are_dropped_and_the_kept_are_kept() -> None:
    """Whatever an exception was made of has a traceback, too."""
    try:
        try:
            raise KeyError("cause")
        except KeyError as cause:
            raise ExceptionGroup("all", [ValueError("member")]) from cause
    except ExceptionGroup as raised:
        group = raised
    error = GraphQLError("wrapped", original_error=group)
    assert error.__traceback__ is not None
    drop_tracebacks([error], kept={id(group)})
    assert error.__traceback__ is None
    assert group.__traceback__ is not None
    drop_tracebacks([error])
    assert group.__traceback__ is None
    assert group.__cause__ is not None
    assert group.__cause__.__traceback__ is None
