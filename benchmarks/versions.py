"""What a run was made with: the machine, Python and how it was built, and every peer's version."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sysconfig
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.install import PEERS
from benchmarks.processes import GATEWAY_CORE, OTHER_CORES

OURS = ("strawberry-graphql", "graphql-core", "msgspec", "orjson", "uvicorn", "uvloop", "httptools", "grpcio", "zeep")


def versions() -> dict[str, str]:
    """By what it is."""
    optimised = "with" if "pgo" in _build() or "enable-optimizations" in _build() else "without"
    found = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release().partition('-')[0]}",
        "cores": f"measured server on {_list(GATEWAY_CORE)}, upstream and load on {_list(OTHER_CORES)}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}, built {optimised} PGO",
        "libraries": ", ".join(f"{name} {version(name)}" for name in OURS),
    }
    if node := shutil.which("node"):
        found["Node"] = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    for manifest in sorted(PEERS.glob("*/package.json")):
        wanted = json.loads(manifest.read_text())["dependencies"]
        found[f"npm, {manifest.parent.name}"] = ", ".join(f"{name} {number}" for name, number in wanted.items())
    lines = (PEERS / "requirements.txt").read_text().split()
    found["PyPI, peers"] = ", ".join(line.replace("==", " ") for line in lines)
    return found


def _build() -> str:
    return str(sysconfig.get_config_var("CONFIG_ARGS")).lower()


def _list(cores: set[int]) -> str:
    return f"core {', '.join(map(str, sorted(cores)))}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
