"""Changes of the files that a project was loaded from, and of no others."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bff.app import load_project
from bff.cli.watching import LoadedFiles
from tests.bff.checks.projects import fresh_imports
from tests.waiting import time_limit

SCHEMA = (
    "import strawberry\n\n\n@strawberry.type\nclass Query:\n    a: int = 1\n\n\nschema = strawberry.Schema(Query)\n"
)
CONFIG = "frontends:\n  web: {schema: watched_here, default: true}\n"


async def changes(files: LoadedFiles, change: Callable[[], object]) -> list[str]:
    """The names that are reported after a change."""
    waiting = asyncio.create_task(files.wait_for_change())
    await asyncio.sleep(0)
    change()
    async with time_limit():
        return await waiting


def mount(folder: Path, version: str, text: str) -> None:
    """A ConfigMap as the kubelet mounts it: links through `..data`, which is swapped in one step."""
    (folder / version).mkdir(parents=True)
    (folder / version / "bff.yaml").write_text(text)
    (folder / "..data_tmp").symlink_to(version)
    (folder / "..data_tmp").rename(folder / "..data")
    if not (folder / "bff.yaml").is_symlink():
        (folder / "bff.yaml").symlink_to("..data/bff.yaml")


async def test_files_that_are_loaded(tmp_path: Path) -> None:
    """A module, a new file beside it, bff.yaml; nothing of an environment or of files that are not loaded."""
    (tmp_path / "watched_here.py").write_text(SCHEMA)
    (tmp_path / "notes.txt").write_text("")
    config = tmp_path / "bff.yaml"
    config.write_text(CONFIG)
    with fresh_imports():
        files = LoadedFiles(config, load_project(config, {}).settings)
        assert await changes(files, lambda: (tmp_path / "watched_here.py").write_text(SCHEMA + "# 1\n")) == [
            "watched_here.py"
        ]

        def touch_others() -> None:
            (tmp_path / ".venv").mkdir()
            (tmp_path / ".venv" / "a.py").write_text("")
            (tmp_path / "notes.txt").write_text("more")
            (tmp_path / "__pycache__").mkdir(exist_ok=True)
            config.write_text(CONFIG + "# 1\n")

        assert await changes(files, touch_others) == ["bff.yaml"]
        assert await changes(files, lambda: (tmp_path / "new.py").write_text("")) == [tmp_path.name]


async def test_a_config_map_that_is_swapped_twice(tmp_path: Path) -> None:
    """bff.yaml is a link in the mounted folder, the schemas are elsewhere."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "watched_here.py").write_text(SCHEMA)
    text = CONFIG + "schemas: ../app\n"
    mount(tmp_path / "config", "..1", text)
    config = tmp_path / "config" / "bff.yaml"
    with fresh_imports():
        project = load_project(config, {})
        assert project.settings.folder == tmp_path / "config"
        files = LoadedFiles(config, project.settings)
        for number in (2, 3):
            swapped = await changes(
                files, lambda version=f"..{number}": mount(tmp_path / "config", version, text + version[:0])
            )
            assert swapped == ["bff.yaml"]
            files.update(load_project(config, {}).settings)


async def test_a_change_while_a_reload_runs_is_not_lost(tmp_path: Path) -> None:
    """What changed after the look that began the reload is reported next."""
    (tmp_path / "watched_here.py").write_text(SCHEMA)
    config = tmp_path / "bff.yaml"
    config.write_text(CONFIG)
    with fresh_imports():
        settings = load_project(config, {}).settings
        files = LoadedFiles(config, settings)
        await changes(files, lambda: config.write_text(CONFIG + "# 1\n"))
        config.write_text(CONFIG + "# 22\n")
        files.update(settings)
        assert await changes(files, lambda: None) == ["bff.yaml"]


@pytest.fixture(autouse=True)
def _forget_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "watched_here", raising=False)
