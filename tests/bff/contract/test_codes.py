"""The one table of error codes, and the guide that explains it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bff.contract import Problem, Refused

ROOT = Path(__file__).parents[3]
ROWS = re.findall(r"^\| `([A-Z0-9_]+)` \|(?: (\d+)? ?\|)?", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


@pytest.mark.parametrize("problem", Problem)
def test_every_code_is_explained(problem: Problem) -> None:
    """With the HTTP status of the table, where the guide tells one."""
    rows = [status for code, status in ROWS if code == problem.name]
    assert len(rows) == 1
    assert rows[0] in ("", str(problem.status))
    assert problem.meaning.endswith(".")


def test_no_code_is_written_anywhere_else() -> None:
    """A code in text is one that no table knows, or that is renamed in one place only."""
    wrong = []
    for file in sorted((ROOT / "bff").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in Problem.__members__:
                wrong.append(f"{file.relative_to(ROOT)}:{node.lineno} {node.value}")
    assert wrong == []


def test_a_problem_makes_a_refusal() -> None:
    """With its code and status; headers are written with `_`."""
    refusal = Problem.METHOD_NOT_ALLOWED.refusal("No.", allow="POST", retry_after="3")
    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.status, refusal.message) == ("METHOD_NOT_ALLOWED", 405, "No.")
    assert refusal.headers == {"allow": "POST", "retry-after": "3"}


def test_no_code_is_like_another() -> None:
    """Each has a meaning of its own: an enum takes equal values for one member."""
    assert len({problem.meaning for problem in Problem}) == len(Problem)
    assert all(_CODE.fullmatch(problem.name) for problem in Problem)
