"""Building GraphiQL's assets: without node, with a broken one, and not twice."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from bff.http.graphiql.build import build


def tool(folder: Path, name: str, script: str) -> None:
    """A program on the path."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path with nothing but a shell's own tools and what the test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    monkeypatch.setattr("shutil.which", lambda name: str(folder / name) if (folder / name).exists() else None)
    return folder


ESBUILD = 'mkdir -p out; echo made > out/main.js; echo "$@" > out/arguments.txt'


def test_without_node(programs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is built, and that is no mistake."""
    assert not build(tmp_path / "assets")
    assert "public CDN" in capsys.readouterr().err
    assert not build(tmp_path / "assets", quiet=True)
    assert capsys.readouterr().err == ""


def test_without_a_registry(programs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What npm said is shown; what was built before stays."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "old.js").write_text("old")
    tool(programs, "npm", "echo no network >&2; exit 1")
    assert not build(tmp_path / "assets")
    assert "no network" in capsys.readouterr().err
    assert (tmp_path / "assets" / "old.js").exists()


def test_with_node(programs: Path, tmp_path: Path) -> None:
    """Everything is replaced at once; newer than its sources, it is not built again."""
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "old.js").write_text("old")
    bundler = f"mkdir -p node_modules/.bin; printf '#!/bin/sh\\n{ESBUILD}\\n' > node_modules/.bin/esbuild"
    tool(programs, "npm", f"{bundler}; chmod +x node_modules/.bin/esbuild")
    assert build(assets)
    assert sorted(path.name for path in assets.iterdir()) == ["arguments.txt", "main.js"]
    assert "src/graphql.worker.js --bundle --minify" in (assets / "arguments.txt").read_text()
    tool(programs, "npm", "exit 1")
    assert build(assets)
    old = time.time() - 10**9
    os.utime(assets / "main.js", (old, old))
    assert not build(assets)
