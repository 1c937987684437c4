"""The shape of findings, and the places of what others report."""

from __future__ import annotations

import re
from pathlib import Path

from bff.checks.findings import CODES, Finding, finding_of, place_lines
from bff.checks.sources import Sources
from bff.config import Problem


def test_the_shape() -> None:
    """`file:line:col: severity [code] text`."""
    finding = Finding("a.py", 2, 3, "error", "schema", "wrong")
    assert str(finding) == "a.py:2:3: error [schema] wrong"
    assert re.fullmatch(r"[^:]+:\d+:\d+: (error|warning|note) \[[a-z0-9-]+\] .+", str(finding))


def test_problems_of_bff_yaml() -> None:
    """The path in bff.yaml stays in the text; a variable that is not set has a code of its own."""
    assert str(finding_of(Problem("bff.yaml", 4, 9, "a.b", "no"), "error")) == "bff.yaml:4:9: error [config] a.b: no"
    unset = Problem("bff.yaml", 1, 1, "a", "the environment variable A is not set or empty")
    assert finding_of(unset, "error").code == "environment"


def test_lines_with_and_without_a_place(tmp_path: Path) -> None:
    """A line without one is about its key in bff.yaml; several lines become one."""
    config = tmp_path / "bff.yaml"
    config.write_text("upstreams:\n  a: {rest: x}\n")
    (tmp_path / "web.py").write_text("a = 1\nb =  f(1)\n")
    lines = [f"{tmp_path}/web.py:2 Query.a: bad", "upstreams.a.tls: bad", "frontends.b: no\n  such"]
    found = list(place_lines(lines, "error", "file", Sources(tmp_path), config))
    assert [(Path(each.file).name, each.line, each.column, each.text) for each in found] == [
        ("web.py", 2, 6, "Query.a: bad"),
        ("bff.yaml", 2, 3, "upstreams.a.tls: bad"),
        ("bff.yaml", 1, 1, "frontends.b: no; such"),
    ]


def test_each_code_is_documented() -> None:
    """In the table of docs/cli.md."""
    text = (Path(__file__).parent.parent.parent.parent / "docs" / "cli.md").read_text()
    assert [code for code in CODES if f"| `{code}` |" not in text] == []
