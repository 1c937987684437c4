"""The guides say what the code says: tables of options, and every error code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from connectors.errors import UpstreamError
from tests.e2e.command import environment

ROOT = Path(__file__).parent.parent
NOT_CODES = {"BFF_CONFIG", "PROMETHEUS_MULTIPROC_DIR"}
_CODE = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+|INTERNAL|FORBIDDEN|TIMEOUT|UNAUTHENTICATED")


def _codes(kind: type[UpstreamError]) -> Iterator[str]:
    yield kind.code
    for each in kind.__subclasses__():
        if each.__module__ == "connectors.errors":
            yield from _codes(each)


def _in_source() -> set[str]:
    """Words of the gateway that look like codes, members of its enums of codes, and the codes of upstream errors."""
    found = set(_codes(UpstreamError))
    for file in (ROOT / "bff").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
                found.add(node.value)
            if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
                names = (each.targets[0] for each in node.body if isinstance(each, ast.Assign))
                found.update(name.id for name in names if isinstance(name, ast.Name) and _CODE.fullmatch(name.id))
    return found - NOT_CODES


def test_every_error_code_is_explained() -> None:
    """Each has its row, and no row is about a code that is gone."""
    told = re.findall(r"^\| `([A-Z0-9_]+)`", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    assert len(told) == len(set(told))
    assert set(told) == _in_source()


def test_the_tables_of_options_are_current() -> None:
    """They are written from the models that check bff.yaml."""
    done = subprocess.run(
        [sys.executable, "tools/options_reference.py", "--check"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"run `python tools/options_reference.py`; {done.stdout}{done.stderr}"
