"""Which seeds are tried where, and what is kept of one that fails."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import conftest, seeds


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in `make test`, with a folder of its own."""
    monkeypatch.delenv(seeds.SEED, raising=False)
    monkeypatch.setattr(seeds, "IS_SOAK", False)
    monkeypatch.setattr(seeds, "HAS_FRESH", True)
    monkeypatch.setattr(seeds, "FAILED", tmp_path / "tests" / ".failed_seeds")
    (tmp_path / "tests").mkdir()


def test_a_short_run_has_a_few_fixed_seeds() -> None:
    """Never a fresh one."""
    assert list(seeds.seeds(60)) == list(range(10))
    assert list(seeds.seeds(60, short=3)) == [0, 1, 2]
    assert seeds.fresh_ones == []


def test_a_soak_has_all_and_fresh_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which are told."""
    monkeypatch.setattr(seeds, "IS_SOAK", True)
    tried = list(seeds.seeds(60, fresh=5, short=3))
    assert tried[:60] == list(range(60))
    assert len(tried) == 65
    assert seeds.fresh_ones == [f"5 from {tried[60]} on"]
    seeds.forget()


def test_a_gate_has_all_the_fixed_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """And floors without the fifth that fresh seeds add."""
    monkeypatch.setattr(seeds, "IS_SOAK", True)
    monkeypatch.setattr(seeds, "HAS_FRESH", False)
    assert list(seeds.seeds(60, fresh=5)) == list(range(60))
    assert seeds.fresh_ones == []
    assert seeds.scaled(100) == 80


def test_one_seed_is_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No floor holds for it."""
    monkeypatch.setenv(seeds.SEED, "7")
    assert list(seeds.seeds(60)) == [7]
    assert seeds.is_single()
    assert seeds.scaled(100, 20) == 0


def test_floors_follow_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A floor for the short run, and the whole one."""
    assert (seeds.scaled(120), seeds.scaled(120, 7)) == (20, 7)
    monkeypatch.setattr(seeds, "IS_SOAK", True)
    assert (seeds.scaled(120), seeds.scaled(120, 7)) == (120, 120)


@pytest.mark.parametrize("failed", [True, False])
def test_a_seed_that_fails_is_kept_with_its_command(failed: bool) -> None:
    """The report of the test names the file and the command."""
    for _ in zip(seeds.seeds(60), range(4), strict=False):
        pass  # left while seed 4 was tried, as by an error
    report: Any = SimpleNamespace(when="call", failed=failed, sections=[], user_properties=[])
    hook = conftest.pytest_runtest_makereport(SimpleNamespace(nodeid="tests/a.py::test_b[1]"), None)  # type: ignore[arg-type]
    next(hook)
    with pytest.raises(StopIteration):
        hook.send(report)
    assert [file.read_text() for file in seeds.FAILED.glob("*")] == (
        ["BFF_SEED=4 .venv/bin/python -m pytest 'tests/a.py::test_b[1]'\n"] if failed else []
    )
    assert [("BFF_SEED=4" in text, "tests/.failed_seeds/" in text) for _, text in report.sections] == (
        [(True, True)] if failed else []
    )


def test_a_failure_after_the_last_seed_is_of_no_seed() -> None:
    """As of a floor."""
    list(seeds.seeds(60))
    assert seeds.keep_failed("tests/a.py::test_b") is None


@pytest.mark.parametrize("is_soak", [False, True])
def test_what_is_only_for_the_soak_is_left_out(is_soak: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make soak` runs it with the others."""
    monkeypatch.setattr(seeds, "IS_SOAK", is_soak)
    left: list[Any] = []
    config: Any = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda items: left.extend(items)))
    long, short = _Item("soak_only"), _Item()
    items: list[Any] = [long, short]
    conftest.pytest_collection_modifyitems(config, items)
    assert (items, left) == (([long, short], []) if is_soak else ([short], [long]))
    assert long.marks == (["soak_only", "soak"] if is_soak else ["soak_only"])


class _Item:
    """As much of a test as is looked at."""

    def __init__(self, *marks: str) -> None:
        self.marks = list(marks)

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None

    def add_marker(self, name: str) -> None:
        self.marks.append(name)
