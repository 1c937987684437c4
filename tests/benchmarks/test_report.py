"""Figures to verdicts, tables and the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks.__main__ import arguments, chosen_names, chosen_servers
from benchmarks.endurance import growth
from benchmarks.reach import table
from benchmarks.report import figures, write


def server(*cpu: float) -> dict[str, Any]:
    """Figures of a server that took so many milliseconds."""
    return {name: list(cpu) for name in ("cpu", "rate", "p50", "p99", "busy", "calls")} | {"answers": 10}


RESULTS: dict[str, Any] = {
    "versions": {"Python": "3"},
    "http": {
        "variants": {
            "posts-users": {
                "ours": server(0.2, 0.2, 0.3),
                "echo": server(0.02, 0.02, 0.02),
                "mercurius": server(0.9, 0.9, 0.9),
                "mercurius-dataloader": server(0.5, 0.5, 0.5),
            },
            "cold": {"ours": server(4.2, 4.2, 4.3)},
        },
        "absent": {"hive": "npm: no network"},
        "peak": {"ours": 80.0},
    },
    "inside": {
        "resolvers": {"strawberry": [3.0, 3.1], "compiled": [0.2, 0.2]},
        "grpc": {"whole": [1.0, 1.0], "library": [0.7, 0.9]},
    },
    "workers": {"1": [1000.0], "2": [1500.0]},
    "memory": {"resident": [80.0] * 60, "peak": [81.0]},
}


def test_verdicts_are_of_ratios_to_the_best_rival() -> None:
    """Ours is compared with the better Mercurius, round by round; what nobody measured says so."""
    found = {(row.scenario, row.against): row for row in table(RESULTS)}
    mercurius = found["posts-users", "Mercurius"]
    assert (list(mercurius.values), mercurius.verdict) == ([0.4, 0.4, 0.6], "reached")
    assert found["posts-users", "bare echo"].verdict == "MISSED"
    assert found["posts-users", "Tailcall"].verdict == "not measured"
    assert found["resolvers only", "strawberry's execute"].verdict == "reached"
    assert found["grpc list of 100", "library's own call"].cells[3] == "20.00 % engine (10.00 to 30.00)"
    assert found["2 workers", "1 worker, answers by CPU"].verdict == "MISSED"
    assert found["peak memory", "c=50, one worker"].verdict == "reached"


def test_the_page_has_every_table_and_a_plot(tmp_path: Path) -> None:
    """No mark of the template is left, absent peers are named, and the plot is XML with a bar for each server."""
    page, plot = write(RESULTS, tmp_path)
    text = page.read_text()
    assert "<!--" not in text
    assert "| this gateway | 0.200 | 0.200 | 0.300 |" in text
    assert "hive: npm: no network" in text
    assert "a new document, cold minus warm: this gateway (ms of CPU) | 4.000" in text
    rectangles = [each for each in ElementTree.parse(plot).iter() if each.tag.endswith("rect")]
    assert len(rectangles) == 1 + len(RESULTS["http"]["variants"]["posts-users"])


def test_the_terminal_shows_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """The least CPU comes first."""
    lines = list(figures(RESULTS))
    assert [line.split("  ")[1] for line in lines[2:6]] == [
        "floor: bare uvicorn echo",
        "this gateway",
        "Mercurius, JIT, dataloader",
        "Mercurius, JIT, its loaders",
    ]


def test_growth_is_of_the_end_over_the_beginning() -> None:
    """A leak shows, a peak on the way does not."""
    assert growth([80.0] * 50 + [95.0] + [80.0] * 49) == 0.0
    assert growth([80.0 + n / 10 for n in range(100)]) > 5


def test_scenarios_and_peers_are_chosen_by_name() -> None:
    """A star stands for variants, and a typo ends the command."""
    assert chosen_names("posts-users-same, soap", quick=True) == ["posts-users-same", "soap"]
    assert "posts-users-c1" in chosen_names("posts*", quick=True)
    assert chosen_names("records", quick=True) == ["records", "json"]
    assert "posts-users-c1" not in chosen_names(None, quick=True)
    assert "apollo" not in chosen_servers("mercurius, hive")
    with pytest.raises(SystemExit, match="no peer"):
        chosen_servers("merkur")
    with pytest.raises(SystemExit, match="no scenario"):
        chosen_names("hallo", quick=True)
    assert arguments(["--quick"]).rounds == 3
