"""What the gateway counts of operations."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY
from strawberry.extensions import SchemaExtension

from bff.authoring import frontend
from bff.contract import Request
from bff.observability.metrics import expose_metrics
from tests.bff.fakes import FakeUpstream, gateway
from tests.bff.sharing import Mutation, Query


class Watch(SchemaExtension):
    """An author's own."""


def _figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"frontend": "app", **labels}) or 0


@pytest.mark.parametrize(
    ("options", "extensions", "reason"),
    [({}, [], None), ({"engine": "reference"}, [], "engine: reference"), ({}, [Watch], "schema extensions")],
)
async def test_operations_are_counted_by_who_ran_them(
    options: dict[str, Any], extensions: list[Any], reason: str | None
) -> None:
    """By kind, and those left to graphql-core with the reason."""
    schema = frontend(query=Query, mutation=Mutation, extensions=extensions)
    made = gateway(schema, options=options, shop=FakeUpstream(lambda call: {"seen": "x"}))
    engine = "reference" if reason else "compiled"
    before = [_figure("engine_operations_total", kind=kind, engine=engine) for kind in ("query", "mutation")]
    fallbacks = _figure("engine_fallback_total", reason=reason or "")
    for query in ("{ me }", "{ __schema { types { name } } }", "mutation { buy }"):
        await made.answer(Request(frontend="app", query=query))
    after = [_figure("engine_operations_total", kind=kind, engine=engine) for kind in ("query", "mutation")]
    assert [late - early for early, late in zip(before, after, strict=True)] == [2, 1]
    assert _figure("engine_fallback_total", reason=reason or "") - fallbacks == (3 if reason else 0)
    assert b"# TYPE engine_fallback_total counter" in expose_metrics()


async def test_who_is_answered_by_another_ones_execution_is_counted() -> None:
    """One runs, two share."""
    made = gateway(frontend(query=Query), shop=FakeUpstream(lambda call: {"seen": "x"}, delay=0.02))
    ran, shared = (
        _figure("engine_operations_total", kind="query", engine="compiled"),
        _figure("operations_shared_total"),
    )
    await asyncio.gather(*(made.answer(Request(frontend="app", query="{ me }")) for _ in range(3)))
    assert _figure("engine_operations_total", kind="query", engine="compiled") - ran == 1
    assert _figure("operations_shared_total") - shared == 2
