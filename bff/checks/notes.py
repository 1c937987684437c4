"""Notes about a project: what is allowed and worth a second look. They never fail a check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bff.checks.findings import Finding, place_lines
from bff.checks.sources import Sources
from bff.config import Problem, Settings, list_notes
from bff.frontends.options import Limits

_COST_LIMITS = ("max_depth", "max_cost", "max_cpu")
"""Of a frontend's limits, those that depend on what its screens need."""
_DEFAULT_LIMITS = ", ".join(f"{name} {Limits.model_fields[name].default:g}" for name in _COST_LIMITS)


def list_project_notes(settings: Settings, config: Path) -> list[Finding]:
    """Frontends without limits of their own, and what strangers may reach."""
    sources = Sources(settings.folder, settings.module_folder)
    limits = [
        f"frontends.{name}: no limits of its own; the defaults are {_DEFAULT_LIMITS}"
        for name, options in settings.frontends.items()
        if options.limits.model_fields_set.isdisjoint(_COST_LIMITS)
    ]
    return [
        *_note_unset(settings.unset),
        *place_lines(limits, "note", "limits", sources, config),
        *place_lines(list_notes(settings), "note", "exposed", sources, config),
    ]


def _note_unset(unset: Sequence[Problem]) -> list[Finding]:
    """One note with all variables that are not set."""
    if not unset:
        return []
    names = ", ".join(each.message.split()[3] for each in unset)
    text = f"placeholders stand for environment variables that are not set: {names}; --require-env makes them errors"
    return [Finding(unset[0].file, unset[0].line, unset[0].column, "note", "environment", text)]
