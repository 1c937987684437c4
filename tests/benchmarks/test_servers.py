"""The servers of the benchmark: right answers, calls counted, absence told instead of a crash."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import http_rounds, install, profiled
from benchmarks.http_rounds import VARIANTS, Variant, measure
from benchmarks.processes import ALL_CORES, NotStarted, Running, free_port, process, spent
from tests.waiting import until_true

ALL = [Variant(name, name, connections=2) for name in ("hello", "flat", "posts-users", "three-level", "records")]


@pytest.mark.timeout(120)
async def test_ours_and_the_floors_give_the_expected_answers() -> None:
    """Each is checked before and during the load, and the upstream counts two and three calls per request."""
    found = await measure(ALL, ["ours", "hand", "echo"], rounds=1, seconds=0.05, say=lambda _: None)
    assert found.absent == {}
    assert {name: set(servers) for name, servers in found.variants.items()} == {
        variant.name: {"ours", "hand", "echo"} for variant in ALL
    }
    calls = {name: servers["ours"]["calls"] for name, servers in found.variants.items()}
    assert calls == {"hello": [0], "flat": [1], "posts-users": [2], "three-level": [3], "records": [1]}
    assert all(figures["cpu"][0] > 0 for servers in found.variants.values() for figures in servers.values())
    assert all(peak > 10 for peak in found.peak.values())


async def test_a_wrong_answer_is_told_and_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The echo of one question asked for another is no faster server, but none."""
    monkeypatch.setitem(http_rounds.QUESTIONS, "hello", http_rounds.QUESTIONS["flat"])
    found = await measure([Variant("hello", "hello", connections=1)], ["echo"], 1, 0.05, lambda _: None)
    assert found.variants == {"hello": {}}
    assert found.absent["echo: hello"].startswith("another answer")


async def test_an_absent_peer_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without node the run goes on and says why the peer is missing."""
    monkeypatch.setattr(install, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = await measure([], ["mercurius"], 1, 0.05, lambda _: None)
    assert found.absent == {"mercurius": "node and npm are not installed"}


def test_cpu_of_children_counts() -> None:
    """A server that works in a child process does not look idle."""
    port = free_port()
    child = "while True: pass"
    parent = f"""
import socket, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {child!r}])
listening = socket.create_server(("127.0.0.1", {port}))
try:
    time.sleep(60)
finally:
    child.kill()
"""
    with process([sys.executable, "-c", parent], port, cores=ALL_CORES) as running:
        before = running.cpu()
        until_true(lambda: sum(spent(before, running.cpu()).values()) > 0.05)
        taken = spent(before, running.cpu())
    assert len(taken) == 2
    assert sum(taken.values()) > 0.05
    until_true(lambda: not any(Running(pid, port).resident() for pid in taken))
    assert sum(Running(pid, port).resident() for pid in taken) == 0.0


def test_a_server_that_ends_tells_its_last_words() -> None:
    """What a server prints before it dies is the reason that the run tells."""
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with pytest.raises(NotStarted, match="no such thing"), process(command, free_port(), cores=ALL_CORES):
        pass


def test_cold_requests_are_all_different() -> None:
    """Else a plan cache would answer what the scenario is meant to cost."""
    cold = next(variant for variant in VARIANTS if variant.cold)
    requests = cold.requests(http_rounds.SERVERS["ours"])(0)
    assert len({next(requests) for _ in range(50)}) == 50


async def test_a_peer_that_cannot_be_installed_is_told_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without network the installation is tried once for all that share it, and no address gets into the report."""
    tries = tmp_path / "tries"
    npm = "#!/bin/sh\necho try >> " + str(tries) + "\necho 'no way to https://example.org/fastify' >&2\nexit 1\n"
    for name, text in {"npm": npm, "node": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(install, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    found = await measure([], ["mercurius", "apollo"], 1, 0.05, lambda _: None)
    assert found.absent == dict.fromkeys(("mercurius", "apollo"), "npm install: no way to ...")
    assert tries.read_text().split() == ["try"]


async def test_the_gateway_can_be_profiled(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The profile is of the process that users start, under load, without its start."""
    monkeypatch.setattr(profiled, "WARM", 0.1)
    await profiled.show(Variant("hello", "hello", connections=2), seconds=0.3)
    shown = capsys.readouterr().out
    assert "bff/gateway/gateway.py" in shown
    assert "importlib" not in shown
