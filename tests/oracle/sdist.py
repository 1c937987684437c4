"""The source distribution of the installed graphql-core, which holds its tests: fetched once by pip, never committed."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

from tests.services import missing

FETCH_SECONDS = 300


def unpacked(cache: Path) -> Path:
    """The folder of the unpacked distribution inside `cache`; the test is skipped, or failed in CI, when it cannot be
    had."""
    number = version("graphql-core")
    folder = cache / f"graphql_core-{number}"
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes side by side fetch once
        if not (folder / "PKG-INFO").exists():
            _fetch(f"graphql-core=={number}", cache)
            with tarfile.open(cache / f"{folder.name}.tar.gz") as archive:
                archive.extractall(cache, filter="data")
    return folder


def _fetch(requirement: str, cache: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--no-binary", "graphql-core", "--dest", str(cache), requirement],
        capture_output=True,
        text=True,
        timeout=FETCH_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        missing(f"pip cannot get the source distribution of {requirement}: {done.stderr.strip()[-300:]}")
