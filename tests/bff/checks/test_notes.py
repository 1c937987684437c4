"""What is allowed and worth a second look."""

from __future__ import annotations

from pathlib import Path

from bff.checks.notes import list_project_notes
from bff.config import load


def test_limits_and_exposure(tmp_path: Path) -> None:
    """Each at its place in bff.yaml, and none of them a mistake."""
    config = tmp_path / "bff.yaml"
    config.write_text("mode: development\nserver: {host: 0.0.0.0}\nfrontends:\n  web: {schema: web}\n")
    notes = list_project_notes(load(config, {}), config)
    assert {each.severity for each in notes} == {"note"}
    assert [(each.code, each.line) for each in notes if each.code == "limits"] == [("limits", 4)]
    assert [each.line for each in notes if each.text.startswith("server.hosts")] == [2]
