"""`python -m benchmarks`: measure, and tell what was reached. `--quick` takes about four minutes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import orjson
import uvloop

from benchmarks import counted, inside, profiled
from benchmarks.processes import OTHER_CORES
from benchmarks.reach import aligned, table
from benchmarks.report import figures, write
from benchmarks.run import ALONE, VARIANTS, measure
from benchmarks.servers import SERVERS

OWN = [name for name, server in SERVERS.items() if server.kind != "peer"]
PEERS = [name for name, server in SERVERS.items() if server.kind == "peer"]


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    names = ", ".join((*VARIANTS, *inside.MEASURES, *ALONE))
    parser.add_argument("--only", metavar="A,B", help=f"scenarios, `*` stands for anything: {names}")
    parser.add_argument("--peers", default="all", help=f"all, none, or some of {', '.join(PEERS)}")
    parser.add_argument("--rounds", type=int, help="counted rounds (3 when quick, else 5)")
    parser.add_argument("--seconds", type=float, help="length of a round for each server (0.3 when quick, else 0.8)")
    parser.add_argument("--minutes", type=float, help="how long memory is watched (a third when quick, else 2)")
    parser.add_argument("--quick", action="store_true", help="short rounds, and only what the table needs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--profile", choices=VARIANTS, metavar="NAME", help="measure nothing, profile the gateway")
    parser.add_argument(
        "--count", choices=VARIANTS, metavar="NAME", help="measure nothing, count Python's instructions"
    )
    parser.add_argument("--report", action="store_true", help="write docs/benchmarks.md and its plot")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="measure nothing, read what --json wrote"
    )
    chosen = parser.parse_args(given)
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 5)
    chosen.seconds = chosen.seconds or (0.3 if chosen.quick else 0.8)
    chosen.minutes = chosen.minutes or (1 / 3 if chosen.quick else 2.0)
    return chosen


def chosen_names(only: str | None, *, quick: bool) -> list[str]:
    """What is measured. Raises SystemExit for a name that nothing has."""
    every = [*VARIANTS, *inside.MEASURES, *ALONE]
    if only is None:
        return [name for name in every if name not in VARIANTS or VARIANTS[name].quick or not quick]
    found = [name for name in every if any(fnmatch(name, part.strip()) for part in only.split(","))]
    if not found:
        raise SystemExit(f"there is no scenario {only}; there is {', '.join(every)}")
    return [*found, "json"] if "records" in found and "json" not in found else found  # what its ratio is against


def chosen_servers(peers: str) -> list[str]:
    """The gateway and the floors always, and the peers asked for. Raises SystemExit for an unknown one."""
    wanted = PEERS if peers == "all" else [] if peers == "none" else [name.strip() for name in peers.split(",")]
    if unknown := [name for name in wanted if name not in PEERS]:
        raise SystemExit(f"there is no peer {unknown[0]}; there is {', '.join(PEERS)}")
    return [*OWN, *(name for name in PEERS if name in wanted)]


def results_of(options: argparse.Namespace) -> dict[str, Any]:
    """Measured now, or read."""
    if options.source:
        read: dict[str, Any] = orjson.loads(options.source.read_bytes())
        return read
    names, servers = chosen_names(options.only, quick=options.quick), chosen_servers(options.peers)
    timing = {name: getattr(options, name) for name in ("rounds", "seconds", "minutes")}
    return uvloop.run(measure(names, servers, **timing))


def show(results: dict[str, Any], *, everything: bool) -> None:
    """Print all figures, and what was reached; lines without figures only when everything was to be measured."""
    for line in figures(results):
        print(line)
    print("\nWhat is to be reached (ratios of CPU, median of the rounds, least and most)\n")
    rows = [row for row in table(results) if row.values or everything]
    for line in aligned([["scenario", "against", "reach", "found", ""], *(row.cells for row in rows)]):
        print(f"  {line}")


def main() -> None:
    """Measure or read, print, and write what was asked for."""
    options = arguments(sys.argv[1:])
    os.sched_setaffinity(0, OTHER_CORES)
    if options.profile:
        uvloop.run(profiled.show(VARIANTS[options.profile], seconds=5.0))
        return
    if options.count:
        uvloop.run(counted.show(VARIANTS[options.count]))
        return
    results = results_of(options)
    if options.json:
        options.json.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
    show(results, everything=not options.only)
    if options.report:
        print(f"\nwrote {', '.join(map(str, write(results)))}")


if __name__ == "__main__":
    main()
