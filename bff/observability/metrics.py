"""What is counted, as Prometheus reads it: one registry of the process, told at /metrics.

Engines: `compiled` is ours, `reference` is graphql-core's. With PROMETHEUS_MULTIPROC_DIR in the environment, figures
are those of all worker processes together (prometheus-client's own multiprocess mode).
"""

from __future__ import annotations

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_OPERATIONS = Counter(
    "engine_operations_total", "Operations that were run, by who ran them.", ("frontend", "kind", "engine")
)
_FALLBACKS = Counter("engine_fallback_total", "Operations left to graphql-core's executor.", ("frontend", "reason"))
_SHARED = Counter(
    "operations_shared_total", "Queries answered by another one's execution, under way at the time.", ("frontend",)
)


class OperationCounts:
    """Counts the operations of one frontend. Finds each counter once: by labels it would take three times as long."""

    def __init__(self, frontend: str) -> None:
        self._frontend = frontend
        self._ran: dict[tuple[str, str | None], tuple[Counter, ...]] = {}
        self._shared = _SHARED.labels(frontend)

    def ran(self, kind: str, fallback: str | None) -> None:
        """An operation is run; `fallback` says why not by the compiled engine. Reasons are few and the code's own."""
        counters = self._ran.get((kind, fallback))
        if counters is None:
            counters = self._ran[kind, fallback] = self._counters(kind, fallback)
        for each in counters:
            each.inc()

    def shared(self) -> None:
        """A query was answered by another one's execution."""
        self._shared.inc()

    def _counters(self, kind: str, fallback: str | None) -> tuple[Counter, ...]:
        if fallback is None:
            return (_OPERATIONS.labels(self._frontend, kind, "compiled"),)
        ran = _OPERATIONS.labels(self._frontend, kind, "reference")
        return (ran, _FALLBACKS.labels(self._frontend, fallback))


def exposition() -> bytes:
    """All figures, in Prometheus's text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # untyped upstream
    return generate_latest(together)
