"""All upstreams: opened without waiting for what is down, watched until ready, closed whatever happens."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bff.policies.outbound.options import Options
from bff.upstreams import Upstreams, UpstreamSettings, registry, watch
from connectors.contract import Call, Operation, Reply
from connectors.errors import DefinitionError, UpstreamUnreachable
from connectors.kinds import options_of
from tests.waiting import time_limit, until

READ = Operation(upstream="shop", name="read")


class Connector:
    """Fails to start as often as it is told."""

    def __init__(self, *problems: Exception, hangs: bool = False, close_error: Exception | None = None) -> None:
        self.problems = list(problems)
        self.hangs = hangs
        self.close_error = close_error
        self.starts = 0
        self.closed = 0

    async def start(self) -> None:
        self.starts += 1
        if self.hangs:
            await asyncio.Event().wait()

    async def check(self) -> None:
        if self.problems:
            raise self.problems.pop(0)

    async def close(self) -> None:
        self.closed += 1
        if self.close_error:
            raise self.close_error

    async def send(self, call: Call) -> Reply:
        return Reply("sent")


def refused() -> UpstreamUnreachable:
    return UpstreamUnreachable(READ, "connection refused by 10.0.0.7:443")


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    """Pauses of milliseconds."""
    monkeypatch.setattr(registry, "GRACE", 0.05)
    monkeypatch.setattr(watch, "FIRST_PAUSE", 0.005)
    monkeypatch.setattr(watch, "MOST_PAUSE", 0.01)


async def ready(upstreams: Upstreams) -> None:
    async with time_limit():
        while upstreams.readiness():
            await asyncio.sleep(0.005)


async def test_ready_when_all_are() -> None:
    """Opening returns as soon as everything is up."""
    upstreams = Upstreams.with_connectors({"a": Connector(), "b": Connector()})
    assert upstreams.readiness() == {"a": "not ready", "b": "not ready"}
    await upstreams.open()
    assert upstreams.readiness() == {}
    await upstreams.close()


async def test_what_is_down_does_not_hold_up_the_start() -> None:
    """It is tried in the background until it works; readiness names it without its address."""
    down = Connector(*[refused() for _ in range(30)])
    upstreams = Upstreams.with_connectors({"up": Connector(), "down": down})
    await upstreams.open()
    assert down.starts < 31
    assert upstreams.readiness() == {"down": "not ready"}
    await ready(upstreams)
    assert down.starts == 31
    await upstreams.close()


async def test_a_hanging_start_does_not_hold_it_up_either() -> None:
    """And closing ends it."""
    hanging = Connector(hangs=True)
    upstreams = Upstreams.with_connectors({"slow": hanging})
    await upstreams.open()
    assert upstreams.readiness() == {"slow": "not ready"}
    await upstreams.close()
    assert hanging.closed == 1


async def test_an_attempt_is_bounded(monkeypatch) -> None:
    """A start that hangs is given up and made again."""
    monkeypatch.setattr(watch, "PATIENCE", 0.01)
    hanging = Connector(hangs=True)
    upstreams = Upstreams.with_connectors({"slow": hanging})
    await upstreams.open()
    await until(lambda: hanging.starts > 1)
    await upstreams.close()


async def test_each_change_is_logged_once() -> None:
    """Thirty attempts are one warning and one line of relief."""
    upstreams = Upstreams.with_connectors({"shop": Connector(*[refused() for _ in range(20)])})
    with capture_logs() as lines:
        await upstreams.open()
        await ready(upstreams)
        await asyncio.sleep(0)
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("upstream_not_ready", "warning"),
        ("upstream_ready", "info"),
    ]
    assert "connection refused" in lines[0]["problem"]
    await upstreams.close()


@pytest.mark.parametrize("problem", [DefinitionError("no such file: a.wsdl"), ZeroDivisionError()])
async def test_no_failure_ends_the_watching(problem) -> None:
    """A missing file may appear; a connector's own fault is logged with its place."""
    upstreams = Upstreams.with_connectors({"shop": Connector(problem, problem)})
    with capture_logs() as lines:
        await upstreams.open()
        await ready(upstreams)
    assert len([line for line in lines if line["log_level"] == "error"]) == isinstance(problem, ZeroDivisionError)
    await upstreams.close()


async def test_calls_are_made_before_it_was_seen_ready() -> None:
    """Connectors load what they need with the first call."""
    upstreams = Upstreams.with_connectors({"shop": Connector(hangs=True)})
    await upstreams.open()
    assert (await upstreams["shop"].send(Call(operation=READ))).payload == "sent"
    await upstreams.close()


async def test_closing_closes_everything_whatever_fails() -> None:
    """One that cannot close does not keep the others open."""
    connectors = {"a": Connector(close_error=RuntimeError("broken")), "b": Connector()}
    upstreams = Upstreams.with_connectors(connectors)
    await upstreams.open()
    with capture_logs() as lines:
        await upstreams.close()
    assert [each.closed for each in connectors.values()] == [1, 1]
    assert [line["event"] for line in lines] == ["close_failed"]


async def test_made_from_settings_without_any_io() -> None:
    """Connectors of the named kinds; those that a test gives take their place."""
    settings = {
        name: UpstreamSettings(
            name=name,
            kind="rest",
            connector=options_of("rest").model_validate({"address": "http://127.0.0.1:1"}),
            policies=Options(),
        )
        for name in ("real", "fake")
    }
    fake = Connector()
    upstreams = Upstreams(settings, connectors={"fake": fake})
    assert list(upstreams) == ["real", "fake"]
    assert upstreams["fake"].connector is fake
    assert type(upstreams["real"].connector).__name__ == "RestConnector"
    await upstreams.close()
