"""Where tests lie, as data: each module of more than 15 lines has a test file of its name in its place.

`bff/http/guards/cors.py` is tested by `tests/bff/http/guards/test_cors.py`. A package's `__init__.py` needs one only
if it defines something; the file then has the name of the package. Tests of a whole (differential, conformance, e2e,
abuse) come on top and are named after what they show.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WINGS = ("bff", "connectors")
MAX_LINES = 15
"""A module of up to so many lines, and one that runs nothing, may go without a test file."""


def _runs_something(node: ast.AST) -> bool:
    """Whether any function has a body: protocols, records, tables and re-exports have none."""
    functions = [each for each in ast.walk(node) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(not all(_is_empty(statement) for statement in function.body) for function in functions)


def _is_empty(statement: ast.stmt) -> bool:
    """A docstring, `...` or `pass`."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _needs_tests(module: Path) -> bool:
    text = module.read_text()
    return len(text.splitlines()) > MAX_LINES and _runs_something(ast.parse(text))


def _test_of(module: Path) -> Path:
    place = module.relative_to(ROOT)
    match place.stem:
        case "__init__":
            name = place.parent.name
        case "__main__":
            name = "main"
        case stem:
            name = stem.strip("_")
    return ROOT / "tests" / place.parent / f"test_{name}.py"


def _modules() -> list[Path]:
    return [module for wing in WINGS for module in sorted((ROOT / wing).rglob("*.py")) if _needs_tests(module)]


def _untested() -> set[str]:
    return {str(module.relative_to(ROOT)) for module in _modules() if not _test_of(module).exists()}


def test_each_module_has_its_tests_beside_its_name() -> None:
    """A new or moved module brings its test file along."""
    left_out = sorted(f"{name}: write {_test_of(ROOT / name).relative_to(ROOT)}" for name in _untested())
    assert left_out == []


def test_a_test_file_has_tests() -> None:
    """An empty file beside a module would satisfy the rule and test nothing."""
    empty = [
        str(test.relative_to(ROOT))
        for test in (_test_of(module) for module in _modules())
        if test.exists() and "def test_" not in test.read_text()
    ]
    assert empty == []


def test_two_modules_do_not_share_a_test_file() -> None:
    """`cache/__init__.py` beside `cache/cache.py` would."""
    shared = [str(test) for test, count in Counter(map(_test_of, _modules())).items() if count > 1]
    assert shared == []


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("LIMIT = 3", False),
        ("from bff.http.door import http_app", False),
        (
            "class Sends(Protocol):\n    async def send(self, call: Call) -> Reply:\n        '''Send.'''\n        ...",
            False,
        ),
        ("class Half:\n    def of(self) -> int:\n        return self.whole // 2", True),
        ("def half(whole: int) -> int:\n    return whole // 2", True),
    ],
)
def test_what_runs_nothing(text: str, runs: bool) -> None:
    """Records, protocols, tables and re-exports."""
    assert _runs_something(ast.parse(text)) is runs
