"""What depends on the inside of nats-py: with another version than 2.16, look here first."""

from __future__ import annotations

import asyncio
import gc
import inspect

import pytest
from nats.aio.client import Client as NatsClient
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError, NoRespondersError, SecureConnWantedError, SlowConsumerError

from connectors.queue.brokers.contract import (
    BrokerDenied,
    BrokerDisconnected,
    BrokerError,
    BrokerRefused,
    BrokerUnreachable,
    NoResponders,
)
from connectors.queue.brokers.nats_connection import Client, Connection, translate_error
from connectors.transport.resolve import DnsOptions, Resolver


def test_the_private_method_that_is_overridden_is_there() -> None:
    """With these parameters; a client that must use TLS depends on it."""
    parameters = inspect.signature(NatsClient._process_info).parameters
    assert list(parameters) == ["self", "info", "initial_connection"]


async def test_a_client_that_must_use_tls_does_not_sign_in_without() -> None:
    """nats-py would follow the server, and send the password in clear text."""
    client = Client(Resolver(DnsOptions()))
    client.must_be_tls = True
    with pytest.raises(SecureConnWantedError):
        await client._process_info({"tls_required": False}, initial_connection=True)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NoRespondersError(), NoResponders),
        (NatsError("nats: 'Authorization Violation'"), BrokerDenied),
        (MaxPayloadError(), BrokerRefused),
        (OSError("refused"), BrokerUnreachable),
    ],
)
def test_errors_are_translated(error: Exception, kind: type[BrokerError]) -> None:
    """The text names no address."""
    assert type(translate_error(error)) is kind
    assert "refused" not in str(translate_error(OSError("refused: 10.0.0.1")))


async def test_a_permission_error_is_known_by_its_text() -> None:
    """It comes in the background, and is raised once, to the caller of its topic."""
    connection = Connection(1.0, Resolver(DnsOptions()), must_be_tls=False)
    await connection.record_error(NatsError('nats: permissions violation for publish to "secret"'))
    connection.check_permission("orders")
    with pytest.raises(BrokerDenied, match="secret"):
        connection.check_permission("secret")
    connection.check_permission("secret")


async def test_a_lost_connection_ends_what_waits_for_it() -> None:
    """Without waiting for the client, which may never return."""
    connection = Connection(1.0, Resolver(DnsOptions()), must_be_tls=False)
    running = asyncio.ensure_future(connection.run(asyncio.sleep(3600)))
    await asyncio.sleep(0)
    await connection.mark_lost()
    with pytest.raises(BrokerDisconnected):
        await running
    assert not connection.is_alive
    await connection.close()


async def test_a_call_that_fails_after_its_caller_has_left() -> None:
    """Its exception is retrieved: asyncio logs "Task exception was never retrieved" otherwise."""
    connection = Connection(1.0, Resolver(DnsOptions()), must_be_tls=False)
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context["message"]))

    async def fail_late() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise NoRespondersError

    for _ in range(10):
        caller = asyncio.create_task(connection.run(fail_late()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait({caller})
    await asyncio.sleep(0)
    gc.collect()
    assert reported == []


async def test_messages_that_the_client_drops_are_counted() -> None:
    """It reports each in the background."""
    dropped: list[int] = []
    connection = Connection(1.0, Resolver(DnsOptions()), must_be_tls=False, count_dropped=dropped.append)
    await connection.record_error(SlowConsumerError("orders", "", 1, None))
    assert dropped == [1]
