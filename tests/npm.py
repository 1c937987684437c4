"""Packages from npm that tests drive: real clients, the audit suite. Installed on demand, beside their package.json."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

from tests.services import need_program

FOLDER = Path(__file__).parent / "npm"
INSTALL_SECONDS = 300


def installed(name: str) -> Path:
    """The folder `tests/npm/<name>` with its node_modules; the test is skipped, or failed in CI, without node."""
    npm = need_program("npm")
    folder = FOLDER / name
    manifest, stamp = folder / "package.json", folder / "node_modules" / ".installed"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes side by side install once
        if not stamp.exists() or stamp.read_text() != manifest.read_text():
            done = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-2000:]
            stamp.write_text(manifest.read_text())
    return folder
