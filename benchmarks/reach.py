"""What this gateway is to reach, as ratios within one run, and whether it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.endurance import growth

Results = Mapping[str, Any]
"""What a run found, as `--json` writes it."""
MERCURIUS = ("mercurius", "mercurius-dataloader")
HAND = ("hand", "hand-pyreqwest")
TAILCALL = ("tailcall", "tailcall-dedupe")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    scenario: str
    against: str
    limit: float
    unit: str = "x"
    is_least: bool = False
    """Whether the value has to be at least the limit; else at most."""
    values: Sequence[float] = ()
    """By round; empty when something was not measured."""

    @property
    def verdict(self) -> str:
        """In one word or two."""
        if not self.values:
            return "not measured"
        middle = median(self.values)
        return "reached" if (middle >= self.limit if self.is_least else middle <= self.limit) else "MISSED"

    @property
    def cells(self) -> list[str]:
        """As columns of a table: scenario, against, to reach, found, verdict."""
        wanted = f"{'at least' if self.is_least else 'at most'} {self.limit:g}{self._unit}"
        if not self.values:
            return [self.scenario, self.against, wanted, "-", self.verdict]
        low, middle, high = min(self.values), median(self.values), max(self.values)
        found = f"{middle:.2f}{self._unit} ({low:.2f} to {high:.2f})"
        return [self.scenario, self.against, wanted, found, self.verdict]

    @property
    def _unit(self) -> str:
        return f" {self.unit}"


_OVER_HTTP = (
    ("posts-users", "Mercurius", MERCURIUS, 0.5),
    ("posts-users", "Tailcall", TAILCALL, 0.3),
    ("posts-users", "by hand", HAND, 1.3),
    ("posts-users", "bare echo", ("echo",), 7.0),
    ("posts-users-same", "bare echo", ("echo",), 1.5),
    ("flat", "Mercurius", MERCURIUS, 0.6),
    ("three-level", "Mercurius", MERCURIUS, 0.6),
    ("hello", "bare echo", ("echo",), 1.5),
)


def table(results: Results) -> list[Row]:
    """Every line; what was not measured says so."""
    variants = results.get("http", {}).get("variants", {})
    rows = [
        Row(variant, against, limit, values=_ratios(variants.get(variant, {}), names))
        for variant, against, names, limit in _OVER_HTTP
    ]
    return [*rows, *_inside(results), *_alone(results)]


def _inside(results: Results) -> list[Row]:
    inside = results.get("inside", {})
    executors, calls = inside.get("resolvers", {}), {kind: inside.get(kind, {}) for kind in ("grpc", "soap")}
    records = results.get("http", {}).get("variants", {}).get("records", {}).get("ours", {}).get("cpu", ())
    floor = inside.get("json", {}).get("loads + dumps", ())
    return [
        Row("records", "orjson loads + dumps", 3.0, values=_divided(records, [median(floor)] * 99 if floor else ())),
        Row(
            "resolvers only",
            "strawberry's execute",
            5.0,
            "x less",
            is_least=True,
            values=_divided(executors.get("strawberry", ()), executors.get("compiled", ())),
        ),
        *(
            Row(
                f"{kind} list of 100",
                "library's own call",
                20.0,
                "% engine",
                values=[
                    100 * max(0.0, 1 - own / whole)
                    for whole, own in zip(taken.get("whole", ()), taken.get("library", ()), strict=False)
                ],
            )
            for kind, taken in calls.items()
        ),
    ]


def _alone(results: Results) -> list[Row]:
    memory, workers = results.get("memory", {}), results.get("workers", {})
    minutes = len(memory.get("resident", ())) / 60
    return [
        Row("peak memory", "c=50, one worker", 120.0, "MB", values=memory.get("peak", ())),
        Row(
            "growth of memory",
            f"over {minutes:.1f} min of load",
            2.0,
            "MB",
            values=[growth(memory["resident"])] if memory.get("resident") else (),
        ),
        Row(
            "2 workers",
            "1 worker, answers by CPU",
            1.7,
            is_least=True,
            values=_divided(workers.get("2", ()), workers.get("1", ())),
        ),
    ]


def _ratios(servers: Mapping[str, Any], names: Sequence[str]) -> list[float]:
    """Our CPU against the best of these, round by round."""
    found = [servers[name]["cpu"] for name in names if servers.get(name, {}).get("cpu")]
    return _divided(servers.get("ours", {}).get("cpu", ()), min(found, key=median) if found else ())


def _divided(above: Sequence[float], below: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(above, below, strict=False)]


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Cells as columns of plain text."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
