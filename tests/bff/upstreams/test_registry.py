"""All upstreams: opened without waiting for what is down, watched until ready, closed whatever happens."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bff.policies.outbound.options import Options
from bff.upstreams import Upstreams, UpstreamSettings, registry, watch
from connectors.contract import Call, Operation, Reply
from connectors.errors import DefinitionError, UpstreamUnreachable
from connectors.kinds import load_options
from connectors.options import ConnectorOptions
from connectors.testing import ManualClock
from tests.waiting import time_limit

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


@pytest.fixture
def clock() -> ManualClock:
    """Time as the test moves it."""
    return ManualClock()


async def opened(connectors: dict[str, Connector], clock: ManualClock) -> Upstreams:
    """Upstreams after their grace has passed."""
    upstreams = Upstreams.with_connectors(connectors, clock=clock)
    opening = asyncio.create_task(upstreams.open())
    await clock.advance(registry.GRACE)
    async with time_limit():
        await opening
    return upstreams


async def ready(upstreams: Upstreams, clock: ManualClock) -> None:
    for _ in range(100):
        if not upstreams.readiness():
            return
        await clock.advance(watch.MAX_DELAY)
    pytest.fail(f"still not ready: {upstreams.readiness()}")


async def test_ready_when_all_are() -> None:
    """Opening returns as soon as everything is up."""
    upstreams = Upstreams.with_connectors({"a": Connector(), "b": Connector()})
    assert upstreams.readiness() == {"a": "not ready", "b": "not ready"}
    await upstreams.open()
    assert upstreams.readiness() == {}
    await upstreams.close()


async def test_what_is_down_does_not_hold_up_the_start(clock: ManualClock) -> None:
    """It is tried in the background until it works; readiness names it without its address."""
    down = Connector(*[refused() for _ in range(30)])
    upstreams = await opened({"up": Connector(), "down": down}, clock)
    assert clock.now() == registry.GRACE
    assert upstreams.readiness() == {"down": "not ready"}
    await ready(upstreams, clock)
    assert down.starts == 31
    await upstreams.close()


async def test_a_hanging_start_does_not_hold_it_up_either(clock: ManualClock) -> None:
    """And closing ends it."""
    hanging = Connector(hangs=True)
    upstreams = await opened({"slow": hanging}, clock)
    assert upstreams.readiness() == {"slow": "not ready"}
    await upstreams.close()
    assert hanging.closed == 1


async def test_an_attempt_is_bounded(clock: ManualClock) -> None:
    """A start that hangs is given up and made again."""
    hanging = Connector(hangs=True)
    upstreams = await opened({"slow": hanging}, clock)
    assert hanging.starts == 1
    await clock.advance(watch.PATIENCE)
    assert hanging.starts == 2
    await upstreams.close()


async def test_each_change_is_logged_once(clock: ManualClock) -> None:
    """Thirty attempts are one warning and one line of relief."""
    with capture_logs() as lines:
        upstreams = await opened({"shop": Connector(*[refused() for _ in range(20)])}, clock)
        await ready(upstreams, clock)
        await asyncio.sleep(0)
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("upstream_not_ready", "warning"),
        ("upstream_ready", "info"),
    ]
    assert "connection refused" in lines[0]["problem"]
    await upstreams.close()


@pytest.mark.parametrize("problem", [DefinitionError("no such file: a.wsdl"), ZeroDivisionError()])
async def test_no_failure_ends_the_watching(problem, clock: ManualClock) -> None:
    """A missing file may appear; a connector's own fault is logged with its place."""
    with capture_logs() as lines:
        upstreams = await opened({"shop": Connector(problem, problem)}, clock)
        await ready(upstreams, clock)
    assert len([line for line in lines if line["log_level"] == "error"]) == isinstance(problem, ZeroDivisionError)
    await upstreams.close()


async def test_calls_are_made_before_it_was_seen_ready(clock: ManualClock) -> None:
    """Connectors load what they need with the first call."""
    upstreams = await opened({"shop": Connector(hangs=True)}, clock)
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
            connector=load_options("rest").model_validate({"address": "http://127.0.0.1:1"}),
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


async def test_a_connector_that_does_not_close_is_left(clock: ManualClock) -> None:
    """After a few seconds, with a line in the log."""
    stuck = Connector()
    stuck.close = asyncio.Event().wait  # type: ignore[method-assign,assignment]
    upstreams = await opened({"stuck": stuck}, clock)
    with capture_logs() as lines:
        closing = asyncio.create_task(upstreams.close())
        await clock.advance(registry.CLOSING)
        async with time_limit():
            await closing
    assert [line["event"] for line in lines] == ["close_timeout"]


async def test_which_upstreams_ready_waits_for(clock: ManualClock) -> None:
    """Those that endpoints use, and those that are required; not those that are not."""
    settings = {
        name: UpstreamSettings(
            name=name, kind="given", connector=ConnectorOptions(address=name), policies=Options(required=required)
        )
        for name, required in {"used": None, "unused": None, "required": True, "optional": False}.items()
    }
    down = {name: Connector(*[refused() for _ in range(99)]) for name in settings}
    upstreams = Upstreams(settings, connectors=down, used={"used", "optional"}, clock=clock)
    opening = asyncio.create_task(upstreams.open())
    await clock.advance(registry.GRACE)
    async with time_limit():
        await opening
    assert set(upstreams.readiness()) == {"used", "required"}
    await upstreams.close()
