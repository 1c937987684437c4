"""The order of the policies, and what they do together."""

from __future__ import annotations

import asyncio
import time

import pytest

from bff.policies.outbound.breaker import CircuitOpen
from bff.policies.outbound.options import Options
from bff.policies.outbound.order import outbound, wrap
from connectors.contract import Call, Reply
from connectors.errors import UpstreamError, UpstreamTimeout, UpstreamUnavailable
from connectors.testing import ManualClock
from tests.bff.policies.outbound.world import Upstream, call, http, settle

ALL = {
    "timeout": "1s",
    "attempt_timeout": "500ms",
    "retry": 2,
    "breaker": {"consecutive_failures": 3},
    "concurrency": 10,
    "rate": "100/s",
    "cache": "http",
    "forward": ["authorization"],
}


def options(**given) -> Options:
    return Options.model_validate(given)


def test_every_policy_has_its_place_and_a_reason() -> None:
    """The order that design and documentation promise."""
    placed = outbound(options(**ALL))
    assert [each.name for each in placed] == [
        "headers", "cache", "share", "deadline", "retry", "concurrency", "rate", "breaker", "attempt timeout",
    ]  # fmt: skip
    assert all(each.why for each in placed)


def test_a_policy_that_is_off_is_not_there() -> None:
    """Nothing named: a deadline and sharing. Sharing off: a deadline."""
    assert [each.name for each in outbound(options())] == ["share", "deadline"]
    assert [each.name for each in outbound(options(share=False))] == ["deadline"]


async def test_two_users_share_neither_cache_nor_flight() -> None:
    """The forwarded header is in the key, because it is there before the cache looks."""
    gate = asyncio.Event()

    async def who(sent):
        await gate.wait()
        return http(sent.headers["authorization"].encode(), cache_control="public, max-age=60")

    send = wrap(who, outbound(options(cache="http", forward=["Authorization"])))
    tasks = [asyncio.create_task(send(call(incoming={"authorization": name}))) for name in "aabb"]
    await settle()
    gate.set()
    assert [reply.payload for reply in await asyncio.gather(*tasks)] == [b"a", b"a", b"b", b"b"]
    assert (await send(call(incoming={"authorization": "b"}))).payload == b"b"


async def test_a_hundred_who_ask_the_same_are_one_call_that_is_repeated_once() -> None:
    """Sharing is outside of retrying: a failure is not multiplied by those who wait."""
    upstream = Upstream(UpstreamUnavailable, http(b"1"))
    send = wrap(upstream.send, outbound(options(retry={"attempts": 1, "initial_delay": "1ms"})))
    replies = await asyncio.gather(*(send(call()) for _ in range(100)))
    assert {reply.payload for reply in replies} == {b"1"}
    assert len(upstream.calls) == 2


async def test_an_open_breaker_ends_repetitions() -> None:
    """The breaker sees every attempt; once it is open, nobody waits to be refused again."""
    upstream = Upstream(UpstreamUnavailable)
    send = wrap(
        upstream.send,
        outbound(options(retry={"attempts": 9, "initial_delay": "1ms"}, breaker={"consecutive_failures": 3})),
    )
    with pytest.raises(CircuitOpen):
        await send(call())
    assert len(upstream.calls) == 3


async def test_a_hanging_upstream_opens_the_breaker_with_a_timeout_alone() -> None:
    """No attempt_timeout is needed for that."""
    upstream = Upstream(gate=asyncio.Event())
    send = wrap(upstream.send, outbound(options(timeout="20ms", breaker={"consecutive_failures": 2})))
    for _ in range(2):
        with pytest.raises(UpstreamTimeout):
            await send(call())
    with pytest.raises(CircuitOpen):
        await send(call())
    assert upstream.cancelled == 2


async def test_a_connector_that_keeps_deadlines_is_told_them_and_not_timed() -> None:
    """The connector alone ends the call; the breaker still counts it."""

    async def slow(sent: Call) -> Reply:
        assert sent.deadline is not None
        await asyncio.sleep(sent.deadline - time.monotonic() + 0.1)  # a timer would end it before
        raise UpstreamTimeout(sent.operation, "by the connector")

    given = options(timeout="20ms", attempt_timeout="1s", breaker={"consecutive_failures": 1})
    send = wrap(slow, outbound(given, connector_keeps_deadlines=True))
    with pytest.raises(UpstreamTimeout, match="by the connector"):
        await send(call())
    with pytest.raises(CircuitOpen):
        await send(call())


@pytest.mark.parametrize("what", [{"retry": 1}, {"concurrency": 1}, {"rate": "1/s"}])
async def test_policies_that_wait_are_timed_whatever_the_connector_keeps(what: dict[str, object]) -> None:
    """They wait for their turn or between attempts, where the connector sees nothing."""

    async def deaf(sent: Call) -> Reply:
        await asyncio.sleep(3600)
        return Reply(1)

    send = wrap(deaf, outbound(options(timeout="20ms", **what), connector_keeps_deadlines=True))
    with pytest.raises(UpstreamTimeout):
        await send(call())


async def test_a_deadline_that_has_passed_is_not_even_told() -> None:
    """Whoever keeps it."""
    upstream = Upstream()
    send = wrap(upstream.send, outbound(options(share=False), connector_keeps_deadlines=True))
    with pytest.raises(UpstreamTimeout):
        await send(call(deadline=time.monotonic() - 1))
    assert upstream.calls == []


async def test_a_slow_attempt_is_repeated_within_the_deadline() -> None:
    """attempt_timeout ends one attempt, retry makes another, timeout bounds both."""

    class Slow(Upstream):
        async def send(self, sent):
            if len(self.calls) == 0:
                self.calls.append(sent)
                await asyncio.sleep(3600)
            return await super().send(sent)

    upstream = Slow(http(b"1"))
    send = wrap(upstream.send, outbound(options(timeout="60s", attempt_timeout="20ms", retry={"initial_delay": "1ms"})))
    assert (await send(call())).payload == b"1"
    assert len(upstream.calls) == 2


async def test_stale_replies_bridge_an_open_breaker() -> None:
    """The cache is outside of the breaker, so stale-if-error helps then too."""
    clock = ManualClock()
    upstream = Upstream(http(b"1", cache_control="max-age=1, stale-if-error=3600"), UpstreamUnavailable)
    send = wrap(upstream.send, outbound(options(cache="http", breaker={"consecutive_failures": 1}), clock=clock))
    await send(call(id=1))
    clock.seconds = 5
    with pytest.raises(UpstreamUnavailable):
        await send(call(id=2))
    assert (await send(call(id=1))).payload == b"1"
    assert len(upstream.calls) == 2


async def test_no_error_shows_a_header() -> None:
    """Messages are for logs; tokens are not."""
    upstream = Upstream(UpstreamUnavailable)
    given = options(headers={"authorization": "Bearer s3cret"}, breaker={"consecutive_failures": 1}, share=False)
    send = wrap(upstream.send, outbound(given))
    for _ in range(2):
        with pytest.raises(UpstreamError) as failed:
            await send(call())
        assert "s3cret" not in str(failed.value)
    assert upstream.calls[0].headers == {"authorization": "Bearer s3cret"}
    assert "s3cret" not in repr(given)
