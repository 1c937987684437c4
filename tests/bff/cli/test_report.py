"""Findings as text, JSON, annotations of GitHub, and SARIF."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bff.checks import Finding
from bff.cli.report import Format, count_findings, has_errors, print_findings, write_findings

ERROR = Finding("web.py", 7, 3, "error", "request", "100 % wrong: a, b")
WARNING = Finding("/srv/a b.py", 1, 1, "warning", "reply", "[red]")
NOTE = Finding("bff.yaml", 2, 5, "note", "limits", "none")


def test_the_line_and_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, however long; notes do not count."""
    long = Finding("web.py", 1, 1, "note", "limits", "x" * 500)
    print_findings([ERROR, WARNING, long])
    assert capsys.readouterr().err == (
        "web.py:7:3: error [request] 100 % wrong: a, b\n"
        "/srv/a b.py:1:1: warning [reply] [red]\n"
        f"web.py:1:1: note [limits] {'x' * 500}\n"
    )
    assert count_findings([ERROR, ERROR, WARNING, NOTE]) == "2 errors, 1 warning"
    assert count_findings([NOTE]) == ""
    assert has_errors([ERROR])
    assert not has_errors([WARNING, NOTE])


def written(form: Format, capsys: pytest.CaptureFixture[str]) -> str:
    """What goes to standard output."""
    write_findings([ERROR, WARNING, NOTE], form)
    return capsys.readouterr().out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """All parts, and how many of each severity."""
    made = json.loads(written("json", capsys))
    assert made["counts"] == {"error": 1, "warning": 1, "note": 1}
    assert made["findings"][0] == {
        "file": "web.py",
        "line": 7,
        "column": 3,
        "severity": "error",
        "code": "request",
        "text": "100 % wrong: a, b",
    }


def test_github(capsys: pytest.CaptureFixture[str]) -> None:
    """Workflow commands, with the characters escaped that have a meaning there."""
    assert written("github", capsys).splitlines() == [
        "::error file=web.py,line=7,col=3,title=request::100 %25 wrong: a, b",
        "::warning file=/srv/a b.py,line=1,col=1,title=reply::[red]",
        "::notice file=bff.yaml,line=2,col=5,title=limits::none",
    ]


def test_sarif(capsys: pytest.CaptureFixture[str]) -> None:
    """What SARIF 2.1.0 requires of a log, a run, a result (sections 3.13, 3.14, 3.27), and URIs (3.4.3)."""
    log = json.loads(written("sarif", capsys))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert [each["level"] for each in run["results"]] == ["error", "warning", "note"]
    assert all(each["ruleId"] in rules and each["message"]["text"] for each in run["results"])
    places = [each["locations"][0]["physicalLocation"] for each in run["results"]]
    assert places[0] == {"artifactLocation": {"uri": "web.py"}, "region": {"startLine": 7, "startColumn": 3}}
    assert places[1]["artifactLocation"]["uri"] == Path("/srv/a b.py").as_uri() == "file:///srv/a%20b.py"
