"""How names become addresses, with a lookup that a test controls, and how connections are made of them."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Sequence

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamUnreachable
from connectors.testing import ManualClock
from connectors.transport import HttpOptions, open_transport
from connectors.transport import resolve as module
from connectors.transport.resolve import (
    PATIENCE,
    Address,
    DnsOptions,
    Resolver,
    connect_socket,
    interleave_families,
    look_up,
    race,
)
from tests.connectors.conformance import free_port
from tests.connectors.http_world import HttpWorld
from tests.waiting import GENEROUS, time_limit, until

READ = Operation(upstream="shop", name="GET /")


def v4(host: str, port: int = 80) -> Address:
    return Address(socket.AF_INET, (host, port))


class Names:
    """A lookup whose answers a test sets; names in `hanging` are not answered until `release`."""

    def __init__(self, **known: Sequence[Address] | Exception) -> None:
        self.known = known
        self.asked: list[str] = []
        self.hanging: set[str] = set()
        self._released = threading.Event()

    def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append(host)
        if host in self.hanging:
            self._released.wait(GENEROUS)
        answer = self.known[host]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def release(self) -> None:
        self.hanging.clear()
        self._released.set()


def resolver(names: Names, clock: ManualClock, ttl: float = 30.0, timeout: float = 2.0) -> Resolver:
    return Resolver(DnsOptions(ttl=ttl, timeout=timeout), clock, names)


async def test_a_name_is_looked_up_once_for_all_and_then_kept() -> None:
    """Until `ttl` has passed."""
    names, clock = Names(shop=[v4("10.0.0.1")]), ManualClock()
    names.hanging.add("shop")
    one = resolver(names, clock)
    waiting = [asyncio.ensure_future(one.resolve("shop", 80)) for _ in range(50)]
    await until(lambda: names.asked)
    names.release()
    assert await asyncio.gather(*waiting) == [[v4("10.0.0.1")]] * 50
    assert await one.resolve("shop", 80) == [v4("10.0.0.1")]
    assert names.asked == ["shop"]
    names.known["shop"] = [v4("10.0.0.2")]
    await clock.advance(31)
    assert await one.resolve("shop", 80) == [v4("10.0.0.2")]
    assert names.asked == ["shop"] * 2


async def test_a_known_address_is_used_while_a_lookup_is_slow() -> None:
    """After PATIENCE, and from then on at once; what the lookup finds is used when it is there."""
    names, clock = Names(shop=[v4("10.0.0.1")]), ManualClock()
    one = resolver(names, clock)
    await one.resolve("shop", 80)
    names.hanging.add("shop")
    await clock.advance(31)
    waiting = asyncio.ensure_future(one.resolve("shop", 80))
    await until(lambda: len(names.asked) == 2)
    assert not waiting.done()
    await clock.advance(PATIENCE)
    assert await waiting == [v4("10.0.0.1")]
    async with time_limit():
        assert await one.resolve("shop", 80) == [v4("10.0.0.1")]
    names.known["shop"] = [v4("10.0.0.2")]
    names.release()
    async with time_limit():
        while await one.resolve("shop", 80) != [v4("10.0.0.2")]:
            await asyncio.sleep(0.001)
    assert len(names.asked) == 2


async def test_a_known_address_is_used_while_lookups_fail() -> None:
    """And the name is looked up again after a second, not for each connection."""
    names, clock = Names(shop=[v4("10.0.0.1")]), ManualClock()
    one = resolver(names, clock)
    await one.resolve("shop", 80)
    names.known["shop"] = socket.gaierror("no such host")
    await clock.advance(31)
    for _ in range(3):
        assert await one.resolve("shop", 80) == [v4("10.0.0.1")]
    assert len(names.asked) == 2
    await clock.advance(1.1)
    assert await one.resolve("shop", 80) == [v4("10.0.0.1")]
    assert len(names.asked) == 3


async def test_an_unknown_name_that_hangs_or_fails_is_an_error() -> None:
    """Each connection waits for `timeout`, and all of them for the same lookup."""
    names, clock = Names(shop=socket.gaierror("no such host"), empty=[], hung=[v4("10.0.0.1")]), ManualClock()
    names.hanging.add("hung")
    one = resolver(names, clock)
    for name in ("shop", "empty"):
        with pytest.raises(OSError, match=r"no such host|no address"):
            await one.resolve(name, 80)
    for _ in range(2):
        waiting = asyncio.ensure_future(one.resolve("hung", 80))
        await until(lambda: "hung" in names.asked)
        await asyncio.sleep(0)
        await clock.advance(2)
        with pytest.raises(TimeoutError):
            await waiting
    assert names.asked == ["shop", "empty", "hung"]
    names.release()


async def test_a_name_that_hangs_delays_no_other() -> None:
    """A hundred of them have a thread each, and none of the loop's."""
    names, clock = Names(good=[v4("10.0.0.9")]), ManualClock()
    names.hanging |= {f"hung{number}" for number in range(100)}
    one = resolver(names, clock)
    waiting = [asyncio.ensure_future(one.resolve(name, 80)) for name in sorted(names.hanging)]
    await until(lambda: len(names.asked) == 100)
    async with time_limit():
        assert await one.resolve("good", 80) == [v4("10.0.0.9")]
        assert await asyncio.to_thread(lambda: "the loop's threads are free") == "the loop's threads are free"
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    names.release()


async def test_addresses_need_no_lookup() -> None:
    """Of both families."""
    one = resolver(Names(), ManualClock())
    assert await one.resolve("127.0.0.1", 80) == (v4("127.0.0.1"),)
    assert await one.resolve("::1", 80) == (Address(socket.AF_INET6, ("::1", 80, 0, 0)),)


def test_families_take_turns() -> None:
    """RFC 8305 section 4: a family that does not work costs one attempt."""
    six = [Address(socket.AF_INET6, (f"fd00::{number}", 80, 0, 0)) for number in range(3)]
    four = [v4("10.0.0.1")]
    assert interleave_families([*six, *four]) == [six[0], four[0], six[1], six[2]]
    assert interleave_families([]) == []


async def test_the_next_address_is_tried_when_one_hangs_or_fails() -> None:
    """The first that answers is used; the others are cancelled, and nothing is left open."""
    tried: list[str] = []
    left: list[str] = []

    async def connect(address: Address) -> str:
        tried.append(address.host)
        if address.host == "hangs":
            try:
                await asyncio.Event().wait()
            finally:
                left.append(address.host)
        if address.host == "fails":
            raise ConnectionRefusedError
        return address.host

    lost: list[str] = []
    addresses = [v4("hangs"), v4("fails"), v4("good"), v4("never")]
    assert await race(addresses, connect, lost.append, stagger=0.01) == (2, "good")
    await asyncio.sleep(0)
    assert (tried, left, lost) == (["hangs", "fails", "good"], ["hangs"], [])
    with pytest.raises(ConnectionRefusedError):
        await race([v4("fails"), v4("fails")], connect, lost.append)


async def test_what_came_second_is_disposed_of() -> None:
    """Two that answer in one moment."""
    lost: list[str] = []
    both = asyncio.Event()

    async def connect(address: Address) -> str:
        await both.wait()
        return address.host

    racing = asyncio.ensure_future(race([v4("one"), v4("two")], connect, lost.append, stagger=0.001))
    await asyncio.sleep(0.02)
    both.set()
    assert await racing == (0, "one")
    await asyncio.sleep(0)
    assert lost == ["two"]


async def test_an_address_that_did_not_answer_comes_last_from_then_on() -> None:
    """The first connection pays for a dead address, the others do not."""
    names = Names(shop=[v4("127.0.0.2"), v4("127.0.0.1")])
    one = resolver(names, ManualClock())

    async def connect(address: Address) -> str:
        if address.host == "127.0.0.2":
            raise ConnectionRefusedError
        return address.host

    assert await one.connect("shop", 80, connect, lambda _: None) == "127.0.0.1"
    assert await one.resolve("shop", 80) == [v4("127.0.0.1"), v4("127.0.0.2")]


async def test_a_socket_is_connected_or_the_error_is_told() -> None:
    """Without the loop's own lookups."""
    async with HttpWorld() as world:
        with await connect_socket(v4("127.0.0.1", world.port)) as made:
            assert made.getpeername() == ("127.0.0.1", world.port)
            assert not made.getblocking()
    with pytest.raises(ConnectionRefusedError):
        await connect_socket(v4("127.0.0.1", free_port()))
    assert v4("127.0.0.1", 80) in look_up("localhost", 80)


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
async def test_a_dead_address_and_a_name_that_hangs_over_real_sockets(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls to other upstreams go on while the system's lookup of one name hangs."""
    dead = free_port()
    async with HttpWorld() as world:
        names = Names(two=[v4("127.0.0.1", dead), v4("127.0.0.1", world.port)], hung=[])
        names.hanging.add("hung")
        monkeypatch.setattr(module, "look_up", names)
        options = HttpOptions(address="http://unused", engine=engine, dns=DnsOptions(timeout=0.5))
        transport = open_transport(options)

        async def ask(host: str) -> bytes:
            url = f"http://{host}:{world.port}/"
            return (await transport.request(READ, "GET", url, headers={}, timeout=GENEROUS)).body

        hung = [asyncio.ensure_future(ask("hung")) for _ in range(20)]
        await until(lambda: "hung" in names.asked)
        began = time.monotonic()
        assert [await ask("127.0.0.1"), await ask("two")] == [b"ok", b"ok"]
        assert time.monotonic() - began < GENEROUS
        failures = await asyncio.gather(*hung, return_exceptions=True)
        assert {type(each) for each in failures} == {UpstreamUnreachable}
        assert names.asked.count("hung") == 1
        names.release()
        await transport.close()
