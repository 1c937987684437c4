"""Counters of operations, and their text for Prometheus."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from bff.observability.metrics import OperationCounts, expose_metrics


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_an_execution_counts_by_engine() -> None:
    """One that the compiled engine does not execute also counts with its reason."""
    counts = OperationCounts("metrics-test")
    counts.count_execution("query", None)
    counts.count_execution("query", None)
    counts.count_execution("query", "engine: reference")
    counts.count_shared()
    engine = {"frontend": "metrics-test", "kind": "query"}
    assert value("engine_operations_total", **engine, engine="compiled") == 2
    assert value("engine_operations_total", **engine, engine="reference") == 1
    assert value("engine_fallback_total", frontend="metrics-test", reason="engine: reference") == 1
    assert value("operations_shared_total", frontend="metrics-test") == 1


def test_frontends_are_counted_apart() -> None:
    """By label."""
    OperationCounts("metrics-a").count_execution("mutation", None)
    kind = {"kind": "mutation", "engine": "compiled"}
    assert value("engine_operations_total", frontend="metrics-a", **kind) == 1
    assert value("engine_operations_total", frontend="metrics-b", **kind) == 0


def test_the_text_has_help_and_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the exposition format."""
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    text = expose_metrics().decode()
    assert "# HELP engine_operations_total Operations that were executed, by engine." in text
    assert "# TYPE engine_operations_total counter" in text
