"""A run as text: the tables of the terminal, and the results page with its plot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.endurance import growth
from benchmarks.http_rounds import VARIANTS
from benchmarks.plot import bars
from benchmarks.processes import ROOT
from benchmarks.reach import Results, aligned, table
from benchmarks.servers import SERVERS
from benchmarks.world import QUESTIONS

HEAD = ["server", "CPU ms", "least", "most", "answers/s", "p50 ms", "p99 ms", "core used", "calls"]
_ADDRESS = re.compile(r"(https?://|/)\S+")
TEXT = Path(__file__).parent / "page.md"


def figures(results: Results) -> Iterator[str]:
    """Everything that was measured, as lines for a terminal."""
    for name, servers in results.get("http", {}).get("variants", {}).items():
        yield f"\n{name}: {_described(name)}"
        if lines := _lines(servers):
            yield from (f"  {line}" for line in aligned([HEAD, *lines]))
    if others := _others(results):
        yield "\nother figures"
        yield from (f"  {line}" for line in aligned(others))
    for name, why in _missing(results).items():
        yield f"\nnot measured: {name}: {why}"


def write(results: Results, folder: Path = ROOT / "docs") -> list[Path]:
    """Write the page benchmarks.md and its plot; their paths."""
    variants = results.get("http", {}).get("variants", {})
    tables = []
    for name, servers in variants.items():
        if lines := _lines(servers):
            tables += [f"### {name}", "", f"{_described(name)}", "", *_markdown(HEAD, lines), ""]
    absent = [f"- {name}: {_ADDRESS.sub('...', why.splitlines()[-1])[:200]}" for name, why in _missing(results).items()]
    parts = {
        "REACH": "\n".join(_markdown(["scenario", "against", "reach", "found", ""], [r.cells for r in table(results)])),
        "TABLES": "\n".join(tables).rstrip(),
        "OTHERS": "\n".join(_markdown(["measured", "median", "least", "most"], _others(results))),
        "ABSENT": "\n".join(absent) or "Everything was measured.",
        "VERSIONS": "\n".join(_markdown(["what", "version"], [[k, v] for k, v in results["versions"].items()])),
    }
    text = TEXT.read_text()
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    page, plot = folder / "benchmarks.md", folder / "benchmarks.svg"
    page.write_text(text)
    plot.write_text(bars(_plotted(variants)))
    return [page, plot]


def _described(name: str) -> str:
    variant = next(each for each in VARIANTS if each.name == name)
    clients = "an Authorization each" if variant.distinct else "all the same Authorization"
    plural = "connection" if variant.connections == 1 else "connections"
    parts = [f"`{QUESTIONS[variant.question].query}`", f"{variant.connections} {plural}, {clients}"]
    if variant.delay:
        parts.append(f"the upstream takes {variant.delay * 1000:g} ms for a reply")
    if variant.cold:
        parts.append("every request a new document")
    return "; ".join(parts)


def _lines(servers: Mapping[str, Any]) -> list[list[str]]:
    """A line for each server, the least CPU first."""
    measured = {name: each for name, each in servers.items() if each["cpu"]}
    return [
        [
            SERVERS[name].label,
            *(f"{value:.3f}" for value in (median(each["cpu"]), min(each["cpu"]), max(each["cpu"]))),
            f"{median(each['rate']):.0f}",
            f"{median(each['p50']):.2f}",
            f"{median(each['p99']):.2f}",
            f"{median(each['busy']) * 100:.0f} %",
            f"{median(each['calls']):.2f}",
        ]
        for name, each in sorted(measured.items(), key=lambda pair: median(pair[1]["cpu"]))
    ]


def _others(results: Results) -> list[list[str]]:
    """What was measured without a peer: name, median, least, most."""
    named: dict[str, Sequence[float]] = {}
    for group, taken in {**results.get("inside", {}), "shop": results.get("shop", {})}.items():
        named |= {f"{group}: {name} (ms of CPU)": values for name, values in taken.items()}
    for count, values in results.get("workers", {}).items():
        told = (
            "share of the busiest of 2" if count == "busiest" else f"{count}, answers per second with a core for each"
        )
        named[f"workers: {told}"] = values
    named |= _cold(results.get("http", {}).get("variants", {}))
    for server, peak in results.get("http", {}).get("peak", {}).items():
        named[f"peak memory: {SERVERS[server].label} (MB)"] = [peak]
    if memory := results.get("memory"):
        named[f"memory, {len(memory['resident'])} s of load: peak (MB)"] = memory["peak"]
        named["memory: growth (MB)"] = [growth(memory["resident"])]
    return [
        [name, *(f"{value:.3f}" for value in (median(values), min(values), max(values)))]
        for name, values in named.items()
        if values
    ]


def _cold(variants: Mapping[str, Any]) -> dict[str, list[float]]:
    """What a document costs once: cold minus warm, so the noise of both."""
    warm, cold = variants.get("posts-users", {}), variants.get("cold", {})
    return {
        f"a new document, cold minus warm: {SERVERS[name].label} (ms of CPU)": [
            one - other for one, other in zip(each["cpu"], warm[name]["cpu"], strict=False)
        ]
        for name, each in cold.items()
        if name in warm
    }


def _missing(results: Results) -> dict[str, str]:
    return {**results.get("http", {}).get("absent", {}), **results.get("failed", {})}


def _plotted(variants: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """CPU by server label for the variants that the plot shows."""
    return {
        name: {SERVERS[server].label: median(each["cpu"]) for server, each in variants[name].items() if each["cpu"]}
        for name in ("posts-users", "posts-users-same", "flat", "three-level")
        if name in variants
    }


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)]
