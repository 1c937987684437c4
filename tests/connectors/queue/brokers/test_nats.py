"""What is special about NATS: connections that break, signing in, TLS, JetStream. With servers of the tests' own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import trustme
from nats.aio.client import Client

from connectors.contract import Call
from connectors.error_details import ServiceError
from connectors.errors import (
    DefinitionError,
    UpstreamDisconnected,
    UpstreamForbidden,
    UpstreamNotFound,
    UpstreamRejected,
    UpstreamUnreachable,
)
from connectors.options import TlsOptions
from connectors.queue.brokers import Message, nats, open_broker
from connectors.queue.brokers.contract import (
    BrokerDenied,
    BrokerDisconnected,
    BrokerRefused,
    BrokerUnreachable,
)
from connectors.queue.connector import QueueConnector, connect
from connectors.queue.endpoints import queue
from connectors.queue.options import Options
from tests.connectors.conformance import eventually, free_port, in_time
from tests.connectors.queue.brokers.test_contract import take
from tests.connectors.queue.session.test_shared_topic import count_subscriptions
from tests.connectors.queue.world import NatsServer, opened, responding
from tests.waiting import GENEROUS, settle, time_limit, until

QUICK = {"initial_delay": "20ms", "max_delay": "100ms", "give_up_after": "30s"}
orders = queue("orders")
updates = orders.subscribe("orders.updates")
jobs = orders.subscribe("orders.jobs", group="workers")
placed = orders.publish("orders.placed")
quote = orders.request("shipping.quote")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with NatsServer(tmp_path) as server:
        yield server


@pytest.fixture
async def connector(server: NatsServer) -> AsyncIterator[QueueConnector]:
    options = Options.model_validate({"address": server.address, "reconnect": QUICK, "connect_timeout": "1s"})
    connector = connect("orders", options)
    yield connector
    await connector.close()


def place(text: str = "{}") -> Call:
    return Call(operation=placed.operation, arguments={"message": text})


async def test_whoever_needs_a_lost_connection_is_told_that_and_nothing_else(server: NatsServer) -> None:
    """Also who comes at the very moment when making it anew has failed for others."""
    async with opened(server.address) as broker:
        await server.kill()

        async def fail() -> None:
            with pytest.raises((BrokerUnreachable, BrokerDisconnected)):
                await broker.publish(Message(topic="orders.placed", body=b"{}"))

        until = time.monotonic() + 0.5
        async with time_limit(), asyncio.TaskGroup() as group:
            while time.monotonic() < until:
                group.create_task(fail())
                await asyncio.sleep(0)


async def test_viewers_and_groups_survive_a_lost_connection(server: NatsServer, connector: QueueConnector) -> None:
    """The server dies and comes back: both are subscribed again and notice nothing but the gap."""
    seen: dict[str, list[object]] = {"updates": [], "jobs": []}

    async def view(name: str, call: Call) -> None:
        async with aclosing(connector.stream(call)) as events:
            async for event in events:
                seen[name].append(event.data)

    viewers = [
        asyncio.create_task(view("updates", Call(operation=updates.operation))),
        asyncio.create_task(view("jobs", Call(operation=jobs.operation))),
    ]

    async def both_see(number: int) -> bool:
        async with opened(server.address) as publisher:
            for topic in ("orders.updates", "orders.jobs"):
                await publisher.publish(Message(topic=topic, body=str(number).encode()))
        return all(number in each for each in seen.values())

    assert await eventually(lambda: both_see(1))
    await server.kill()
    await asyncio.sleep(0.2)
    await server.start()
    assert await eventually(lambda: both_see(2))
    for viewer in viewers:
        viewer.cancel()
    await asyncio.gather(*viewers, return_exceptions=True)


@pytest.mark.parametrize("endpoint", [updates, jobs], ids=["viewer", "group"])
async def test_viewers_are_told_when_it_is_hopeless(server: NatsServer, endpoint) -> None:
    """After give_up_after without a connection: UpstreamUnreachable."""
    options = {
        "address": server.address,
        "reconnect": {"initial_delay": "20ms", "max_delay": "50ms", "give_up_after": "200ms"},
    }
    connector = connect("orders", Options.model_validate(options))
    joined = count_subscriptions(connector)
    viewing = asyncio.ensure_future(anext(connector.stream(Call(operation=endpoint.operation))))
    await until(lambda: joined)
    await settle()
    await server.kill()
    began = time.monotonic()
    with pytest.raises(UpstreamUnreachable):
        await asyncio.wait_for(viewing, GENEROUS)
    assert 0.15 < time.monotonic() - began < GENEROUS
    await connector.close()


async def test_a_request_under_way_fails_when_the_connection_breaks(
    server: NatsServer, connector: QueueConnector
) -> None:
    """At once, and as disconnected, because it may have been acted on."""

    async def hang(message: Message) -> bytes:
        asked.set()
        await asyncio.Event().wait()
        return b""

    asked = asyncio.Event()
    async with opened(server.address) as broker, responding(broker, "shipping.quote", hang):
        asking = asyncio.create_task(connector.send(in_time(Call(operation=quote.operation), GENEROUS)))
        await asked.wait()
        await server.kill()
        began = time.monotonic()
        with pytest.raises(UpstreamDisconnected):
            await asking
        assert time.monotonic() - began < GENEROUS


async def test_nothing_is_kept_to_be_sent_later(server: NatsServer, connector: QueueConnector) -> None:
    """A message that was said to be unreachable is never delivered: a retry would send it twice."""
    await connector.start()
    await server.kill()
    with pytest.raises((UpstreamUnreachable, UpstreamDisconnected)):
        await connector.publish(in_time(place("lost"), GENEROUS))
    with pytest.raises(UpstreamUnreachable) as caught:
        await connector.publish(in_time(place("lost"), GENEROUS))
    assert caught.value.was_not_sent
    await server.start()
    async with opened(server.address) as broker:
        subscription = await broker.subscribe("orders.placed")
        await connector.publish(in_time(place("found"), GENEROUS))
        assert await take(subscription, 1) == ['"found"']
        await subscription.aclose()


async def test_cancelled_publishers_do_not_break_the_connection(server: NatsServer, connector: QueueConnector) -> None:
    """A cancelled flush stops nats-py from reading; ours is not cancelled with its caller."""
    for pause in (0.0, 0.0001, 0.0005, 0.001) * 10:
        publishing = asyncio.create_task(connector.publish(place()))
        await asyncio.sleep(pause)
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
    before = connector._broker._connecting.value  # type: ignore[attr-defined]
    await connector.publish(in_time(place(), GENEROUS))
    assert connector._broker._connecting.value is before  # type: ignore[attr-defined]


async def test_an_unreachable_server_is_told_soon() -> None:
    """Refused is refused: no waiting for a time limit."""
    async with time_limit():
        with pytest.raises(BrokerUnreachable):
            await open_broker(f"nats://127.0.0.1:{free_port()}").open()


async def test_the_second_server_is_used_when_the_first_is_down(server: NatsServer) -> None:
    """An address may name a cluster."""
    async with opened(f"nats://127.0.0.1:{free_port()},{server.address}") as broker:
        await broker.publish(Message(topic="x", body=b""))


async def test_a_silent_server_meets_the_time_limit() -> None:
    """Something listens and says nothing."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            pass
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    began = time.monotonic()
    with pytest.raises(BrokerUnreachable):
        async with opened(f"nats://127.0.0.1:{port}", connect_timeout=0.2):
            pass
    assert time.monotonic() - began < GENEROUS
    listening.close()
    await listening.wait_closed()
    await asyncio.sleep(0.05)


ACCOUNTS = """
authorization: {
  users: [{user: "shop", password: "s3cret", permissions: {publish: ["orders.>", "_INBOX.>"], subscribe: ["orders.>", "_INBOX.>"]}}]
}
"""


async def test_signing_in_and_permissions(tmp_path: Path) -> None:
    """The wrong password and a forbidden topic are told as such, without the password."""
    async with NatsServer(tmp_path, config=ACCOUNTS) as server:
        async with opened(server.address, username="shop", password="s3cret") as broker:
            await broker.publish(Message(topic="orders.placed", body=b""))
            with pytest.raises(BrokerDenied, match=r"the topic salaries\.raised"):
                await broker.publish(Message(topic="salaries.raised", body=b""))
            with pytest.raises(BrokerDenied, match=r"the topic salaries\.>"):
                await broker.subscribe("salaries.>")
            await broker.publish(Message(topic="orders.placed", body=b""))
        options = Options.model_validate({"address": server.address, "username": "shop", "password": "wr0ng"})
        assert "wr0ng" not in repr(options)
        connector = connect("orders", options)
        with pytest.raises(UpstreamForbidden, match="does not accept the sign-in") as caught:
            await connector.start()
        error: BaseException | None = caught.value
        while error is not None:
            assert "wr0ng" not in str(error)
            error = error.__cause__
        await connector.close()


async def test_tls_trusts_the_given_ca_and_shows_the_client_certificate(tmp_path: Path) -> None:
    """tls:// with a private CA and mutual TLS; a server without TLS gets no word from us."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    authority.issue_cert("gateway").private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    config = f'tls: {{cert_file: "{tmp_path}/server.pem", key_file: "{tmp_path}/server.pem", ca_file: "{tmp_path}/ca.pem", verify: true}}'
    async with NatsServer(tmp_path, config=config) as server:
        address = server.address.replace("nats://", "tls://")
        known = TlsOptions(ca=tmp_path / "ca.pem", cert=tmp_path / "client.pem")
        async with opened(address, tls=known) as broker:
            await broker.publish(Message(topic="x", body=b""))
        for tls in (TlsOptions(ca=tmp_path / "ca.pem"), TlsOptions()):
            with pytest.raises((BrokerUnreachable, BrokerDisconnected)):
                async with opened(address, tls=tls):
                    pass
        with pytest.raises(DefinitionError, match="check the files"):
            async with opened(address, tls=TlsOptions(ca=tmp_path / "nowhere.pem")):
                pass
    (tmp_path / "plain").mkdir()
    async with NatsServer(tmp_path / "plain") as plain:
        with pytest.raises(BrokerUnreachable, match="SecureConnWanted"):
            async with opened(plain.address, tls=known, token="s3cret"):
                pass


async def test_a_message_too_large_is_refused(server: NatsServer) -> None:
    """The server's limit, said as a refusal."""
    async with opened(server.address) as broker:
        with pytest.raises(BrokerRefused, match="larger than NATS takes"):
            await broker.publish(Message(topic="x", body=b"x" * 2_000_000))


async def add_stream(server: NatsServer) -> None:
    client = Client()
    await client.connect(server.address)
    await client.jetstream().add_stream(name="ORDERS", subjects=["orders.>"])
    await client.close()


async def test_a_durable_group_gets_everything_at_least_once(server: NatsServer) -> None:
    """What came while it was away, and again what was not acknowledged; what was acknowledged not again."""
    await add_stream(server)
    async with opened(server.address) as broker:
        first = await broker.subscribe("orders.placed", group="mailers", durable=True)
        for number in range(3):
            await broker.publish(Message(topic="orders.placed", body=str(number).encode(), key="k"), durable=True)
        assert await take(first, 2) == ["0", "1"]
        await first.aclose()  # 0 is acknowledged, 1 is given back
        await broker.publish(Message(topic="orders.placed", body=b"3"), durable=True)
    async with opened(server.address) as broker:
        second = await broker.subscribe("orders.placed", group="mailers", durable=True)
        got = await take(second, 3)
        assert sorted(got) == ["1", "2", "3"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(second), 0.2)
        await second.aclose()


async def test_a_durable_message_survives_the_server(server: NatsServer) -> None:
    """Stored is stored: publish returns only then."""
    await add_stream(server)
    async with opened(server.address) as broker:
        member = await broker.subscribe("orders.placed", group="mailers", durable=True)
        await member.aclose()
        await broker.publish(Message(topic="orders.placed", body=b"1"), durable=True)
    await server.kill()
    await server.start()
    async with opened(server.address) as broker:
        member = await broker.subscribe("orders.placed", group="mailers", durable=True)
        assert await take(member, 1) == ["1"]
        await member.aclose()


async def test_a_member_that_hangs_loses_its_message_to_another(server: NatsServer) -> None:
    """After redeliver_after without an acknowledgement."""
    await add_stream(server)
    async with opened(server.address, ack_timeout=0.3) as broker:
        hanging = await broker.subscribe("orders.placed", group="mailers", durable=True)
        await broker.publish(Message(topic="orders.placed", body=b"1"), durable=True)
        assert await take(hanging, 1) == ["1"]
        other = await broker.subscribe("orders.placed", group="mailers", durable=True)
        assert await take(other, 1) == ["1"]
        await other.aclose()
        await hanging.aclose()


async def test_what_no_stream_holds_cannot_be_durable(server: NatsServer) -> None:
    """Said with the next step, to publishers and to groups."""
    options = Options.model_validate({"address": server.address, "durable": True})
    connector = connect("orders", options)
    with pytest.raises(UpstreamRejected, match="nats stream add"):
        await connector.publish(in_time(place(), GENEROUS))
    with pytest.raises(UpstreamRejected, match="nats stream add"):
        await anext(connector.stream(in_time(Call(operation=jobs.operation), GENEROUS)))
    await connector.close()


async def test_the_error_of_a_service(server: NatsServer, connector: QueueConnector) -> None:
    """As the services framework of NATS reports it: in two headers, with an empty body."""
    service = Client()
    await service.connect(server.address)

    async def refuse(message: Any) -> None:
        headers = {"Nats-Service-Error": "no such order", "Nats-Service-Error-Code": "404"}
        await service.publish(message.reply, b"", headers=headers)

    await service.subscribe("shipping.quote", cb=refuse)
    await service.flush()
    with pytest.raises(UpstreamNotFound) as caught:
        await connector.send(in_time(Call(operation=quote.operation, arguments={"message": {}}), GENEROUS))
    await service.close()
    assert (caught.value.status, caught.value.body) == (404, None)
    assert caught.value.details == (ServiceError("404", "no such order"),)
    nobody = orders.request("shipping.none").operation
    with pytest.raises(UpstreamUnreachable) as silent:
        await connector.send(in_time(Call(operation=nobody, arguments={"message": {}}), GENEROUS))
    assert silent.value.status == 503


async def test_what_the_client_drops_and_what_a_group_leaves_is_counted(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subscriber that is slower than its limits; a member that leaves before it has read what came."""
    monkeypatch.setattr(nats, "_MAX_PENDING", 3)
    dropped: list[int] = []
    async with opened(server.address, count_dropped=dropped.append) as slow, opened(server.address) as other:
        viewer = await slow.subscribe("orders.updates")
        member = await slow.subscribe("orders.jobs", group="workers")
        for number in range(5):
            await other.publish(Message(topic="orders.updates", body=b"%d" % number))
        await until(lambda: sum(dropped) == 2)
        for number in range(2):
            await other.publish(Message(topic="orders.jobs", body=b"%d" % number))
        await slow.open()
        await member.aclose()
        await until(lambda: sum(dropped) == 4)
        assert await take(viewer, 3) == ["0", "1", "2"]
        await viewer.aclose()


async def test_what_a_group_has_not_read_at_the_stop_is_counted(server: NatsServer) -> None:
    """Core NATS stores nothing: no other member gets it."""
    dropped: list[int] = []
    async with opened(server.address, count_dropped=dropped.append) as slow, opened(server.address) as other:
        member = await slow.subscribe("orders.jobs", group="workers")
        for number in range(3):
            await other.publish(Message(topic="orders.jobs", body=b"%d" % number))
        await slow.open()
        assert await take(member, 1) == ["0"]
        await slow.close()
        await member.aclose()
    assert sum(dropped) == 2
