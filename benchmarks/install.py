"""Peers from npm and PyPI, installed on demand into a cache folder, never into the repository. Versions are exact."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.processes import NotStarted

PEERS = Path(__file__).parent / "peers"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bff-benchmarks"
INSTALL_SECONDS = 300
_FAILED: dict[str, str] = {}
DEBIAN_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def npm(name: str) -> Path:
    """A copy of `peers/<name>` with its node_modules. Raises NotStarted without node or network."""
    manifest, folder = PEERS / name / "package.json", CACHE / name
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NotStarted("node and npm are not installed")
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "node_modules" / ".installed"
    for file in (PEERS / name).iterdir():
        shutil.copy(file, folder)
    if not stamp.exists() or stamp.read_text() != manifest.read_text():
        options = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        _fetch(["npm", "install", *options, "--fetch-retries=1", "--fetch-timeout=30000"], folder)
        stamp.write_text(manifest.read_text())
    return folder


def python() -> Path:
    """A folder for PYTHONPATH with what the Python peers need besides our own dependencies."""
    wanted, folder = PEERS / "requirements.txt", CACHE / f"python-{sys.version_info[0]}.{sys.version_info[1]}"
    stamp = folder / ".installed"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]
        _fetch([*pip, "--target", str(folder), "-r", str(wanted)], folder.parent)
        stamp.write_text(wanted.read_text())
    return folder


def tailcall() -> list[str]:
    """The command of Tailcall's binary; on an older Linux under the C library of a newer Debian, where apt has it."""
    binary = npm("tailcall") / "node_modules/@tailcallhq/core-linux-x64-gnu/bin/tailcall"
    plain = [str(binary)]
    if _works(plain):
        return plain
    library = _newer_libc() / "usr/lib/x86_64-linux-gnu"
    path = f"{library}:/lib/x86_64-linux-gnu"
    loaded = [str(library / "ld-linux-x86-64.so.2"), "--library-path", path, str(binary)]
    if _works(loaded):
        return loaded
    raise NotStarted("its binary does not run here")


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run([*command, "--version"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _newer_libc() -> Path:
    """libc6 of Debian 13, unpacked beside the peers: from the mirror and with the keys that this machine uses."""
    folder = CACHE / "libc"
    if not (folder / "root").exists():
        for name in ("lists", "cache"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        sites = run(["apt-get", "indextargets", "--format", "$(SITE)", "Origin: Debian"], folder).split()
        if not sites:
            raise NotStarted("its binary needs glibc 2.39, and this is no Debian that could fetch one")
        (folder / "one.list").write_text(f"deb [signed-by={DEBIAN_KEYS}] {sites[0]} trixie main\n")
        apt = ["apt-get"]
        for key, value in {
            "Dir::Etc::sourcelist": folder / "one.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": folder / "lists",
            "Dir::Cache": folder / "cache",
            "APT::Sandbox::User": "root",
        }.items():
            apt += ["-o", f"{key}={value}"]
        run([*apt, "update"], folder)
        run([*apt, "download", "libc6"], folder)
        run(["dpkg-deb", "-x", str(next(folder.glob("libc6_*.deb"))), str(folder / "root")], folder)
    return folder / "root"


def run(command: list[str], folder: Path, **env: str) -> str:
    """What a command prints. Raises NotStarted with the end of its complaint."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotStarted(f"{Path(command[0]).name}: {type(error).__name__}") from error
    if done.returncode:
        raise NotStarted(f"{Path(command[0]).name} {command[1]}: {_plainly(done.stderr)}")
    return done.stdout


def _fetch(command: list[str], folder: Path) -> None:
    """As `run`, but what failed once fails at once: several peers share an installation. Raises NotStarted."""
    key = " ".join([str(folder), *command])
    if key in _FAILED:
        raise NotStarted(_FAILED[key])
    try:
        run(command, folder)
    except NotStarted as error:
        _FAILED[key] = str(error)
        raise


def _plainly(complaint: str) -> str:
    """The first lines of what a program said, without addresses, which say nothing to readers of a report."""
    lines = [line for line in complaint.splitlines() if line.strip() and "warn" not in line.lower()]
    return re.sub(r"(https?://|/)\S+", "...", " ".join(lines[:2]))[:200]
