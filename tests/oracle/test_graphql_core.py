"""graphql-core's own tests pass on our engine, which runs nearly all of their operations itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.oracle.in_sets import NATIVE
from tests.oracle.sdist import unpacked

HERE = Path(__file__).parent
TESTS = ("tests/execution", "tests/test_star_wars_query.py", "tests/utilities", "tests/type")
RUN_SECONDS = 600

LEFT: dict[str, str] = {}
"""Why the engine leaves operations to graphql-core: every reason that there may be."""
LEAST_NATIVE = 1
"""Share of queries and mutations that the engine must run itself."""


@pytest.mark.timeout(RUN_SECONDS + 300)
def test_graphql_cores_tests_pass_on_the_engine(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """Without exception; and the engine does not win by leaving the work to the executor that it is measured by."""
    counted = tmp_path / "counts.json"
    ran = _pytest(unpacked(pytestconfig.cache.mkdir("graphql-core")), counted)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    counts: dict[str, dict[str, int]] = json.loads(counted.read_text())
    print(_table(counts), ran.stdout.splitlines()[-1], sep="\n")
    assert {reason for reasons in counts.values() for reason in reasons} <= {NATIVE, *LEFT}
    asked = [counts["query"], counts["mutation"]]
    total = sum(sum(reasons.values()) for reasons in asked)
    assert total > 600, "the plugin has not been in front of graphql-core's executors"
    assert sum(reasons[NATIVE] for reasons in asked) >= LEAST_NATIVE * total


def _pytest(folder: Path, counted: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(HERE.parent.parent), str(HERE)])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    plugins = ["-p", "in_sets", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, "-o", "addopts=", "-o", "timeout=60", *TESTS],
        cwd=folder,
        env={**kept, "PYTHONPATH": paths, "ORACLE_COUNTS": str(counted)},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def _table(counts: dict[str, dict[str, int]]) -> str:
    rows = [
        f"{kind:<14}{reason or 'run by the engine':<24}{count:>6}"
        for kind, reasons in counts.items()
        for reason, count in sorted(reasons.items())
    ]
    return "\n".join(["", *rows])
