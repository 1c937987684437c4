"""Measurements inside of one process, on the gateway's core: `python -m benchmarks.inside NAME ROUNDS` prints JSON."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module

import orjson
import uvloop

from benchmarks.processes import GATEWAY_CORE, OTHER_CORES, ROOT, NotStarted, free_port, process

Taken = dict[str, list[float]]
MEASURES = {
    "resolvers": "resolvers",
    "documents": "documents",
    "json": "json_floor",
    "grpc": "library_calls",
    "soap": "library_calls",
}
"""The module of each; imported in its own process alone, so that a broken one costs its own line only."""
_NEED_UPSTREAMS = ("grpc", "soap")
SECONDS = 120


def measured(name: str, rounds: int) -> Taken:
    """Milliseconds by what was measured, a value for each round. Raises NotStarted with what went wrong."""
    if name not in _NEED_UPSTREAMS:
        return _run(name, rounds)
    prices, stocks = free_port(), free_port()
    soap = [sys.executable, "-m", "uvicorn", "benchmarks.soap_upstream:app", "--no-access-log", "--port", str(stocks)]
    with (
        process([sys.executable, "-m", "demo", "pricing", "--port", str(prices)], prices, cores=OTHER_CORES),
        process(soap, stocks, cores=OTHER_CORES),
    ):
        addresses = {"PRICING_ADDRESS": f"127.0.0.1:{prices}", "WAREHOUSE_URL": f"http://127.0.0.1:{stocks}/"}
        return _run(name, rounds, **addresses)


def _run(name: str, rounds: int, **env: str) -> Taken:
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, GATEWAY_CORE)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.inside", name, str(rounds)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotStarted(f"not done within {SECONDS} s") from None
    finally:
        os.sched_setaffinity(0, own)
    if done.returncode:
        raise NotStarted(done.stderr.decode(errors="replace")[-400:].strip())
    found: Taken = orjson.loads(done.stdout.splitlines()[-1])
    return found


async def _measure(name: str, rounds: int) -> Taken:
    module = import_module(f"benchmarks.{MEASURES[name]}")
    taken: Taken = await (module.measure(rounds, name) if name in _NEED_UPSTREAMS else module.measure(rounds))
    return taken


if __name__ == "__main__":
    print(orjson.dumps(uvloop.run(_measure(sys.argv[1], int(sys.argv[2])))).decode())
