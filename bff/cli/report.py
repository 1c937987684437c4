"""Findings as the commands print them: text, JSON, GitHub's annotations, SARIF. Used by `bff check` and `bff serve`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from rich.markup import escape

from bff.checks import Finding, Severity
from bff.checks.findings import CODES
from bff.cli.console import console

Format = Literal["text", "json", "github", "sarif"]
_COLORS: dict[Severity, str] = {"error": "red", "warning": "yellow", "note": "cyan"}
_GITHUB: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}


def print_findings(findings: Iterable[Finding]) -> None:
    """One line each, on standard error: `file:line:col: severity [code] text`."""
    for each in findings:
        color = _COLORS[each.severity]
        place = escape(f"{each.file}:{each.line}:{each.column}")
        code = escape(f"[{each.code}]")
        console.print(f"{place}: [{color}]{each.severity}[/{color}] {code} {escape(each.text)}", soft_wrap=True)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether the gateway would refuse to start."""
    return any(each.severity == "error" for each in findings)


def count_findings(findings: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`; empty without both."""
    parts = []
    for severity in ("error", "warning"):
        count = sum(each.severity == severity for each in findings)
        if count:
            parts.append(f"{count} {severity}" + ("" if count == 1 else "s"))
    return ", ".join(parts)


def write_findings(findings: Sequence[Finding], form: Format) -> None:
    """All findings on standard output, for programs; as text on standard error."""
    if form == "text":
        print_findings(findings)
        return
    write: Callable[[Sequence[Finding]], str] = {"json": _as_json, "github": _as_github, "sarif": _as_sarif}[form]
    sys.stdout.write(write(findings))


def _as_json(findings: Sequence[Finding]) -> str:
    listed = [
        {
            "file": each.file,
            "line": each.line,
            "column": each.column,
            "severity": each.severity,
            "code": each.code,
            "text": each.text,
        }
        for each in findings
    ]
    counts = {severity: sum(each.severity == severity for each in findings) for severity in _COLORS}
    return json.dumps({"findings": listed, "counts": counts}, indent=2) + "\n"


def _as_github(findings: Sequence[Finding]) -> str:
    """Workflow commands of GitHub Actions, which annotate the lines of a pull request."""
    lines = []
    for each in findings:
        file = _escape_property(each.file)
        head = f"::{_GITHUB[each.severity]} file={file},line={each.line},col={each.column},title={each.code}"
        text = each.text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        lines.append(f"{head}::{text}\n")
    return "".join(lines)


def _escape_property(text: str) -> str:
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(character, code)
    return text


def _as_sarif(findings: Sequence[Finding]) -> str:
    """SARIF 2.1.0, which code scanning reads."""
    rules = [{"id": code, "shortDescription": {"text": meaning}} for code, meaning in CODES.items()]
    driver = {"name": "bff check", "version": version("bff-gateway"), "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_as_result(each) for each in findings]}],
    }
    return json.dumps(log, indent=2) + "\n"


def _as_result(finding: Finding) -> dict[str, Any]:
    path = Path(finding.file)
    uri = path.as_uri() if path.is_absolute() else path.as_posix()
    region = {"startLine": finding.line, "startColumn": finding.column}
    return {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": finding.text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}],
    }
