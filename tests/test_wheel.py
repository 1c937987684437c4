"""The wheel: GraphiQL's assets, types, the JSON Schema and the right version are in it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from bff.http.graphiql.assets import ASSETS
from tests.e2e.command import environment

ROOT = Path(__file__).parent.parent


def build(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Build it without a network."""
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_what_is_in_the_wheel(tmp_path: Path) -> None:
    """With the assets where they were built; without them, a release is refused with the next step."""
    has_assets = (ASSETS / "main.js").is_file()
    done = build(tmp_path, BFF_RELEASE="1")
    if not has_assets:
        assert done.returncode != 0
        assert "run `make graphiql` before a release" in done.stdout + done.stderr
        pytest.skip("GraphiQL's assets are not built here")
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert wheel.name.startswith(f"bff_gateway-{version}-")
    names = set(ZipFile(wheel).namelist())
    assert {f"bff/http/graphiql/assets/{each.name}" for each in ASSETS.iterdir()} <= names
    assert {"bff/py.typed", "connectors/py.typed", "bff/bff.schema.json", "bff/cli/main.py"} <= names
    assert not any(name.startswith(("tests/", "demo/", "schemas/")) for name in names)
