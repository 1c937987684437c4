"""Findings: one mistake or note, with its place. Written in one shape, `file:line:col: severity [code] text`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bff.authoring import SchemaError
from bff.checks.sources import Sources, shorten
from bff.config import ConfigError, Problem
from bff.config.document import Document
from bff.config.load import read_places

Severity = Literal["error", "warning", "note"]
Code = Literal[
    "config",
    "environment",
    "file",
    "schema",
    "upstream",
    "call",
    "request",
    "reply",
    "type",
    "n-plus-one",
    "limits",
    "exposed",
]
CODES: dict[Code, str] = {
    "config": "a mistake in bff.yaml",
    "environment": "an environment variable that is not set",
    "file": "a file that is missing or cannot be used",
    "schema": "a mistake in a schema: via, take, computed, names, imports",
    "upstream": "an endpoint of an upstream that bff.yaml lacks, or has of another kind",
    "call": "a call in a resolver that the endpoint does not take",
    "request": "a request that the upstream's description does not allow",
    "reply": "a path, field or enum value that the upstream's description does not have",
    "type": "a union or interface whose records have nothing that shows their type",
    "n-plus-one": "one call for each object of a list",
    "limits": "a frontend without limits of its own",
    "exposed": "what strangers may see or reach",
}
"""What each code means."""
_PLACE = re.compile(r"(?P<file>[^\s:]+\.(?:py|ya?ml)):(?P<line>\d+)(?::(?P<column>\d+))?:? +(?P<text>.*)", re.DOTALL)
_KEY = re.compile(r"((?:upstreams|frontends|server|log|identity)(?:\.[\w-]+)*):")
_FRONTEND = re.compile(r"frontends\.[A-Za-z][\w-]*: ")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake or note. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    severity: Severity
    code: Code
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity} [{self.code}] {self.text}"


def read_findings(error: ConfigError | SchemaError, config: Path) -> list[Finding]:
    """The findings of an error of loading the project of this bff.yaml."""
    if isinstance(error, ConfigError):
        return [finding_of(each, "error") for each in error.problems]
    sources = Sources(config.resolve().parent)
    return sorted(set(place_lines(error.problems, "error", "schema", sources, config)))


def finding_of(problem: Problem, severity: Severity) -> Finding:
    """A problem of bff.yaml as a finding."""
    text = f"{problem.path}: {problem.message}" if problem.path else problem.message
    code: Code = "environment" if problem.message.startswith("the environment variable ") else "config"
    return Finding(problem.file, problem.line, problem.column, severity, code, text)


def place_lines(
    lines: Iterable[str], severity: Severity, code: Code, sources: Sources, config: Path
) -> Iterator[Finding]:
    """Lines that begin with a place, `web.py:7 Product.price: ...`, as findings; others are about bff.yaml."""
    document: Document | None = None
    for each in lines:
        line = _join_lines(each)
        match = _PLACE.fullmatch(_FRONTEND.sub("", line, count=1))
        if match is None:
            document = document or read_places(config)
            named = _KEY.match(line)
            place = document.problem(tuple(named[1].split(".")) if named else (), line)
            yield Finding(str(config), place.line, place.column, severity, code, line)
            continue
        number = int(match["line"])
        column = int(match["column"]) if match["column"] else sources.find_column(match["file"], number)
        path = sources.find_file(match["file"])
        shown = match["file"] if path is None else shorten(path)
        yield Finding(shown, number, column, severity, code, match["text"])


def _join_lines(text: str) -> str:
    """One line: tools such as protoc report several."""
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())
