"""What the engine uses of graphql-core beside its API is still there: the first tests to fail after an upgrade."""

from __future__ import annotations

import ast
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest
from graphql.validation.rules import overlapping_fields_can_be_merged

from bff.engine import graphql_core
from bff.engine.adapters.executor import SetExecutor
from bff.engine.prepare import plan

ENGINE = Path(__file__).parents[3] / "bff" / "engine"
USED_OF_EXECUTORS = [
    "abort_error",
    "build_resolve_info",
    "cancel_incremental_work",
    "cancellable_iterable",
    "ensure_valid_runtime_type",
    "execute_operation",
    "finish",
    "gather_async_work",
    "is_async_iterable",
    "run_async_work_finished_hook",
    "settle_abort_result",
    "track_async_work",
    "track_incremental_future",
    "with_abort_signal",
    "with_aborted_execution_error",
]


def test_the_version_it_was_read_from() -> None:
    """Another minor version may have moved it: look at the module, then change this line."""
    assert version("graphql-core").startswith("3.3.")


@pytest.mark.parametrize("name", USED_OF_EXECUTORS)
def test_executors_have_what_the_engine_calls(name: str) -> None:
    """None of it is in graphql-core's documentation."""
    assert callable(getattr(graphql_core.IncrementalExecutor, name))
    assert issubclass(SetExecutor, graphql_core.IncrementalExecutor)


def test_every_name_is_exported_and_there() -> None:
    """What is imported for others is listed."""
    assert all(hasattr(graphql_core, name) for name in graphql_core.__all__)


def test_the_comparisons_of_merged_fields_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the constant that the rule reads; the plans set it when they are imported."""
    assert isinstance(plan, ModuleType)
    assert overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET == 50_000
    monkeypatch.setattr(overlapping_fields_can_be_merged, "MAX_COMPLEXITY_BUDGET", 50_000)
    graphql_core.limit_merge_comparisons(3)
    assert overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET == 3


def test_no_other_module_of_the_engine_looks_into_graphql_core() -> None:
    """`graphql`, its syntax tree and its errors are public; other submodules are imported in one place."""
    public = {"graphql", "graphql.language", "graphql.error"}
    wrong = []
    for file in sorted(ENGINE.rglob("*.py")):
        if file.name in ("graphql_core.py", "standalone.py"):  # the latter wraps graphql-core's own functions
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            if module and module.partition(".")[0] == "graphql" and module not in public:
                wrong.append(f"{file.relative_to(ENGINE)}:{node.lineno} imports {module}")
    assert wrong == []
