"""A pytest plugin for graphql-core's own tests: what they execute runs on our engine, and is counted.

The counts go to the file that ORACLE_COUNTS names, as JSON: kind of operation -> reason -> how many; the reason is
empty for what the engine ran itself. Loaded by name in a process of its own, see test_graphql_core.py.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bff.engine.adapters.executor import InSets, fallbacks

NATIVE = ""
counts: defaultdict[str, Counter[str]] = defaultdict(Counter)


class Counted:
    """Notes who ran each operation."""

    operation: Any

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Whether it was left to graphql-core is known when it has begun."""
        before = fallbacks.copy()
        try:
            return super().execute_operation(serially)  # type: ignore[misc]  # the engine's
        finally:
            reasons = fallbacks - before
            counts[self.operation.operation.value][next(iter(reasons), NATIVE)] += 1


def pytest_configure(config: pytest.Config) -> None:
    """Put the engine in front of both executors that graphql-core chooses by itself."""
    module = import_module("graphql.execution.execute")
    for name in ("IncrementalExecutor", "ExecutorThrowingOnIncremental"):
        setattr(module, name, type(name, (Counted, InSets, getattr(module, name)), {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell what was counted."""
    Path(os.environ["ORACLE_COUNTS"]).write_text(json.dumps(counts))
