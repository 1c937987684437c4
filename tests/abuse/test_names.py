"""Names of upstreams whose lookup hangs, for every kind that looks names up here."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Call, Operation
from connectors.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable
from connectors.grpc.endpoints import grpc
from connectors.grpc.options import Options as GrpcOptions
from connectors.queue.brokers import open_broker
from connectors.queue.brokers.contract import BrokerUnreachable, Settings
from connectors.transport import HttpOptions, open_transport
from connectors.transport.resolve import DnsOptions, Resolver
from connectors.transport.websocket import open_websocket
from tests.connectors.grpc.conftest import descriptor_set
from tests.connectors.grpc.shop import Shop
from tests.connectors.grpc.shop import serving as serving_grpc
from tests.connectors.http_world import HttpWorld
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS, time_limit

__all__ = ["descriptor_set"]  # a fixture

READ = Operation(upstream="shop", name="GET /")
HUNG = 100


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The system's lookup of names in `.invalid` hangs; those that were looked up."""
    asked: list[str] = []
    is_over = threading.Event()
    look_up: Callable[..., Any] = socket.getaddrinfo

    def hang(host: Any, *rest: Any, **options: Any) -> Any:
        if str(host).endswith(".invalid"):
            asked.append(str(host))
            is_over.wait(GENEROUS)
            raise socket.gaierror("at last")
        return look_up(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield asked
    is_over.set()


@pytest.fixture
async def world() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
async def test_names_that_hang_fail_no_call_to_another(engine: Any, hanging: list[str], world: HttpWorld) -> None:
    """100 calls wait for four names; each of 50 calls to a good name is answered. Before, none was."""
    transport = open_transport(
        HttpOptions(address="http://unused", engine=engine, max_connections=HUNG + 10, connect_timeout=1.0)
    )

    async def ask(host: str) -> Any:
        url = f"http://{host}:{world.port}/"
        try:
            return (await transport.request(READ, "GET", url, headers={}, timeout=GENEROUS)).body
        except UpstreamError as error:
            return type(error)

    hung = [asyncio.ensure_future(ask(f"shop{number % 4}.invalid")) for number in range(HUNG)]
    await asyncio.sleep(0.05)
    answers = [await ask("localhost") for _ in range(50)]
    print(f"{engine}: {answers.count(b'ok')} of 50 calls to a good name were answered while {HUNG} hung")
    assert answers == [b"ok"] * 50
    assert set(await asyncio.gather(*hung)) == {UpstreamUnreachable}
    assert len(hanging) == 4
    await transport.close()


async def test_names_that_hang_fail_no_websocket_to_another(hanging: list[str]) -> None:
    """Those of websocket upstreams and of GraphQL subscriptions are opened by one function."""
    resolver = Resolver(DnsOptions())

    async def connect(address: str, seconds: float) -> Any:
        return await open_websocket(
            READ, address, headers={}, subprotocol=None, tls=None, timeout=seconds, max_size=100, resolver=resolver
        )

    async with Upstream() as upstream:
        hung = [asyncio.ensure_future(connect("ws://shop.invalid/", 1.0)) for _ in range(HUNG)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        await (await connect(upstream.address.replace("127.0.0.1", "localhost"), GENEROUS)).close()
        assert time.monotonic() - began < GENEROUS
        failures = await asyncio.gather(*hung, return_exceptions=True)
    assert {type(each) for each in failures} == {UpstreamUnreachable}
    assert hanging == ["shop.invalid"]


async def test_the_name_of_a_broker_that_hangs_holds_no_thread_of_others(hanging: list[str]) -> None:
    """One lookup at a time. Before, each attempt held a thread of the pool in which responses are compressed, until none was left."""
    broker = open_broker("nats://bus.invalid:4222", Settings(connect_timeout=0.05))
    for _ in range(40):
        with pytest.raises(BrokerUnreachable):
            await broker.open()
    async with time_limit():
        assert await asyncio.to_thread(len, "free") == 4
    assert hanging == ["bus.invalid"]
    await broker.close()


def test_a_name_that_hangs_keeps_no_process_from_ending() -> None:
    """The threads of lookups are not waited for."""
    program = """
import asyncio, threading
from connectors.transport.resolve import DnsOptions, Resolver
async def main():
    try:
        await Resolver(DnsOptions(timeout=0.1), lookup=lambda *_: threading.Event().wait()).resolve("shop", 80)
    except TimeoutError:
        print("timed out")
asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=GENEROUS, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "timed out\n", "")


class _SilentNames(asyncio.DatagramProtocol):
    """A name server that never answers."""

    def __init__(self) -> None:
        self.queries = 0

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.queries += 1


async def test_names_that_hang_fail_no_grpc_call_to_another(
    monkeypatch: pytest.MonkeyPatch, descriptor_set: Path
) -> None:
    """The library looks names up by itself: calls to the hanging one end at their deadline, others are answered."""
    target = GrpcOptions.target.fget
    assert target is not None
    transport, names = await asyncio.get_running_loop().create_datagram_endpoint(
        _SilentNames, local_addr=("127.0.0.1", 0)
    )
    server = transport.get_extra_info("sockname")[1]

    def find_target(options: GrpcOptions) -> str:
        found = target(options)
        return f"dns://127.0.0.1:{server}/{found}" if "never" in found else found

    monkeypatch.setattr(GrpcOptions, "target", property(find_target))
    prices = grpc("shop").unary("shop.Pricing/GetPrices", {"skus": ["{sku}"]})
    async with serving_grpc(Shop()) as shop:
        good, bad = shop.connector(), shop.connector(address="never.example:50051")
        await good.start()
        await bad.start()

        async def ask(connector: Any, seconds: float) -> Any:
            deadline = time.monotonic() + seconds
            try:
                return await connector.send(Call(operation=prices.operation, arguments={"sku": "A"}, deadline=deadline))
            except UpstreamError as error:
                return type(error)

        hung = [asyncio.ensure_future(ask(bad, 1.0)) for _ in range(HUNG)]
        await asyncio.sleep(0.05)
        answers = [await ask(good, GENEROUS) for _ in range(50)]
        assert not [each for each in answers if isinstance(each, type)]
        assert set(await asyncio.gather(*hung)) <= {UpstreamUnreachable, UpstreamTimeout}
        await good.close()
        await bad.close()
    transport.close()
    assert names.queries, "the name was not looked up at the silent server"
