"""Mistakes in bff.yaml: each with place, reason and next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bff.observability.redaction import Redactor

_REDACTOR = Redactor()


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    path: str
    """Where in the configuration, such as `upstreams.catalog.retyr`."""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place} {self.path}: {self.message}" if self.path else f"{place} {self.message}"


class ConfigError(Exception):
    """bff.yaml has mistakes. `problems` lists all of them, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted({_hide_secrets(each) for each in problems}))
        super().__init__("\n".join(map(str, self.problems)))


def _hide_secrets(problem: Problem) -> Problem:
    """The same without what has the form of a secret: userinfo of URLs, `Bearer ...`, a JWT."""
    path, message = _REDACTOR.redact_forms(problem.path), _REDACTOR.redact_forms(problem.message)
    return replace(problem, path=path, message=message)
