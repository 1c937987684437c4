"""Metrics for Prometheus: one registry per process, served at /metrics.

Engines: `compiled` is the gateway's own, `reference` is graphql-core's. With PROMETHEUS_MULTIPROC_DIR in the
environment, the values are those of all worker processes together (prometheus-client's multiprocess mode).
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from connectors.reports import set_counters

_OPERATIONS = ("engine_operations", "Operations that were executed, by engine.", ("frontend", "kind", "engine"))


class _Tally(Collector):
    """A counter that is a number of its own process: an increment costs a sixth of what one of the library costs."""

    def __init__(self) -> None:
        self._executed: dict[tuple[str, str], defaultdict[str, int]] = {}
        self._created = time.time()

    def open(self, frontend: str, engine: str) -> defaultdict[str, int]:
        """The numbers of a frontend and an engine, by kind."""
        return self._executed.setdefault((frontend, engine), defaultdict(int))

    def collect(self) -> Iterator[CounterMetricFamily]:
        """As the library reads metrics."""
        family = CounterMetricFamily(_OPERATIONS[0], _OPERATIONS[1], labels=_OPERATIONS[2])
        for (frontend, engine), kinds in list(self._executed.items()):
            for kind, count in list(kinds.items()):
                family.add_metric((frontend, kind, engine), count, created=self._created)
        yield family


_tally: _Tally | None = None
_counter: Counter | None = None
if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # where the library keeps the numbers of all processes in files
    _counter = Counter(*_OPERATIONS)
else:
    _tally = _Tally()
    REGISTRY.register(_tally)
_FALLBACKS = Counter(
    "engine_fallback_total",
    "Operations executed by graphql-core instead of the compiled engine.",
    ("frontend", "reason"),
)
_SHARED = Counter(
    "operations_shared_total", "Queries answered by the execution of a concurrent identical query.", ("frontend",)
)
_DROPPED = Counter("bff_dropped_total", "Work that was dropped because nothing waited for it, by kind.", ("what",))
PREPARE_QUEUE = Gauge(
    "bff_prepare_queue_length", "Unknown documents that wait to be prepared.", multiprocess_mode="livesum"
)
PREPARE_WAITS = Histogram(
    "bff_prepare_wait_seconds",
    "How long unknown documents waited before they were prepared.",
    buckets=(0.001, 0.01, 0.1, 0.5, 1, 5, 10),
)


def count_dropped(what: str) -> None:
    """Count something that was dropped; `what` is a constant."""
    _DROPPED.labels(what).inc()


_LINES_DROPPED = Counter("bff_log_lines_dropped_total", "Log lines that could not be written, by reason.", ("reason",))
_DEGRADED = Counter(
    "bff_degraded_total",
    "Fields that got the default of `via` because their upstream failed, by upstream and code.",
    ("upstream", "code"),
)
_FAILED = Counter(
    "bff_upstream_failures_total",
    "Upstream failures that responses met, once per call and response, by upstream and code.",
    ("upstream", "code"),
)
_LOSSES = Counter(
    "bff_upstream_losses_total",
    "Records, pages and messages of upstreams that reached no response, by upstream and kind.",
    ("upstream", "what"),
)
_IDENTITY = Counter(
    "bff_identity_total", "Credentials that were verified or refused, by identity provider.", ("identity", "outcome")
)
_EVENTS = Counter(
    "bff_upstream_events_total",
    "What happened with upstreams beside calls, such as bytes that were not requested, by upstream and kind.",
    ("upstream", "what"),
)
_REFUSED = Counter("bff_refused_total", "What a limit of the gateway refused, by reason.", ("reason",))


def count_refusal(reason: str) -> None:
    """Count one connection, request or message that a limit refused."""
    _REFUSED.labels(reason).inc()


def count_identity(provider: str, outcome: str) -> None:
    """Count a credential that was `valid`, `invalid`, or `missing`. Those that are remembered are not counted."""
    _IDENTITY.labels(provider, outcome).inc()


def count_dropped_lines(reason: str, count: int) -> None:
    """Count log lines that could not be written. Called by the thread that writes them."""
    _LINES_DROPPED.labels(reason).inc(count)


def count_failure(upstream: str, code: str, *, degraded: int) -> None:
    """Count one failure of an upstream that a response met, and the fields that got their default instead."""
    _FAILED.labels(upstream, code).inc()
    if degraded:
        _DEGRADED.labels(upstream, code).inc(degraded)


def count_loss(upstream: str, what: str, count: int) -> None:
    """Count what an upstream sent and no response holds; `what` is a constant."""
    _LOSSES.labels(upstream, what).inc(count)


def count_event(upstream: str, what: str, count: int) -> None:
    """Count an event of connectors.reports."""
    _EVENTS.labels(upstream, what).inc(count)


set_counters(losses=count_loss, events=count_event)


class OperationCounts:
    """Counts the operations of one frontend."""

    def __init__(self, frontend: str) -> None:
        self._frontend = frontend
        self._compiled = None if _tally is None else _tally.open(frontend, "compiled")
        self._reference = None if _tally is None else _tally.open(frontend, "reference")
        self._shared = _SHARED.labels(frontend)

    def count_execution(self, kind: str, fallback: str | None) -> None:
        """Count an execution. `fallback` is the reason why the compiled engine does not execute it: a constant."""
        executed = self._compiled if fallback is None else self._reference
        if executed is not None:
            executed[kind] += 1
        elif _counter is not None:
            _counter.labels(self._frontend, kind, "compiled" if fallback is None else "reference").inc()
        if fallback is not None:
            _FALLBACKS.labels(self._frontend, fallback).inc()

    def count_shared(self) -> None:
        """Count a query that was answered by the execution of another one."""
        self._shared.inc()


def expose_metrics() -> bytes:
    """All metrics in the text exposition format of Prometheus."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # untyped upstream
    return generate_latest(together)
