"""The modules of a project and places in them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from bff.checks.sources import Sources, shorten


def test_modules_of_the_project_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the gateway's, not those of an environment inside the folder."""
    for name, file in (("of_ours", "a.py"), ("of_theirs", ".venv/b.py")):
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("class A:\n    x: int\n    y = f(\n        2)\n")
        module = ModuleType(name)
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, name, module)
    sources = Sources(tmp_path)
    assert list(sources.modules) == [tmp_path / "a.py"]
    assert sources.find_column("a.py", 3) == 9
    assert sources.find_column("a.py", 2) == 5
    assert sources.find_column("nowhere.py", 2) == 1
    cls = type("A", (), {"__module__": "of_ours"})
    assert sources.find_attribute(cls, "x") == f"{tmp_path}/a.py:2:5"
    assert sources.find_attribute(cls, "z") is None
    monkeypatch.chdir(tmp_path)
    assert shorten(tmp_path / "a.py") == "a.py"
