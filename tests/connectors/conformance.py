"""What every connector must do, whatever its protocol. Each kind subclasses ConnectorConformance and brings a World.

A World is one real server of the protocol on a free local port, with a few switches for misbehaviour.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from abc import ABC, abstractmethod
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.contract import Call, Connector, Operation
from connectors.errors import (
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamError,
    UpstreamFailed,
    UpstreamReplyTooLarge,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
    copy_error,
)
from tests.waiting import GENEROUS, until

SECRET = "s3cret-of-the-upstream"
REASON = "no stock in aisle 7"


class World(ABC):
    """One upstream of the kind under test. Made and taken down by the `world` fixture of each kind."""

    expected: Any
    """`reply.data` for `call()`."""

    @abstractmethod
    def connector(self, *, port: int | None = None, max_reply_size: int | None = None) -> Connector:
        """A new connector to this world (or to another port), holding SECRET as credential or header where the kind can."""

    @abstractmethod
    def call(self) -> Call:
        """A good call whose reply's data is `expected`; its headers hold `authorization: Bearer SECRET` where the kind can."""

    @abstractmethod
    def hang(self) -> None:
        """From now on calls are taken and never answered."""

    @abstractmethod
    def fail(self) -> None:
        """From now on calls are answered with the protocol's word for an internal failure."""

    @abstractmethod
    def garble(self) -> None:
        """From now on answers cannot be understood."""

    @abstractmethod
    def is_hanging(self) -> bool:
        """Whether a call has come that is not answered."""

    @abstractmethod
    async def hung_up(self) -> bool:
        """Whether the server saw a hanging call being cancelled or its connection being closed."""

    @abstractmethod
    def refuse(self) -> str | int:
        """From now on calls are refused, and the reply's body holds REASON; the `status` of the error."""

    async def received_header(self, name: str) -> str | None:
        """The value of a header of the last call; asked by HeadersConformance."""
        raise AssertionError(f"{type(self).__name__} carries no headers")


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def eventually(question: Any, within: float = GENEROUS) -> bool:
    """Ask an async question until it is answered with yes or time is up."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if await question():
            return True
        await asyncio.sleep(0.02)
    return False


def in_time(call: Call, seconds: float) -> Call:
    """The call with a deadline this many seconds from now."""
    return replace(call, deadline=time.monotonic() + seconds)


async def asked(connector: Connector, world: World) -> Any:
    """The data of a good call, read as late errors need it."""
    return (await connector.send(in_time(world.call(), GENEROUS))).data


async def started_and_asked(connector: Connector, world: World) -> Any:
    """As `asked`, or the error with which the connector refused to start."""
    await connector.start()
    return await asked(connector, world)


class ConnectorConformance:
    """The suite. Subclass it as TestConformance and define a `world` fixture."""

    @pytest.fixture
    async def connector(self, world: World):
        connector = world.connector()
        await connector.start()
        yield connector
        await connector.close()

    async def test_a_call_is_answered(self, world: World, connector: Connector) -> None:
        """The plain way works and gives plain Python."""
        reply = await connector.send(world.call())
        assert reply.data == world.expected

    async def test_many_calls_at_once_are_all_answered(self, world: World, connector: Connector) -> None:
        """Fifty calls share the pool and none gets another's answer or an error."""
        replies = await asyncio.gather(*(connector.send(world.call()) for _ in range(50)))
        assert [reply.data for reply in replies] == [world.expected] * 50

    async def test_making_a_connector_does_no_io(self, world: World) -> None:
        """A connector to nowhere can be made and closed: the gateway starts while upstreams are down."""
        connector = world.connector(port=free_port())
        await connector.close()
        assert isinstance(connector, Connector)

    async def test_an_unreachable_upstream_is_said_to_be_so(self, world: World) -> None:
        """Nothing listens: a coded error, soon, whichever of start and send meets it first."""
        connector = world.connector(port=free_port())
        began = time.monotonic()
        with pytest.raises(UpstreamUnreachable) as caught:
            await started_and_asked(connector, world)
        assert caught.value.was_not_sent
        assert time.monotonic() - began < GENEROUS / 2  # the call had until GENEROUS
        with pytest.raises(UpstreamError):
            await connector.check()
        await connector.close()

    async def test_check_passes_when_the_upstream_is_up(self, world: World, connector: Connector) -> None:
        """Readiness can be asked without an error."""
        assert await connector.check() is None

    async def test_a_silent_upstream_meets_the_deadline(self, world: World, connector: Connector) -> None:
        """A call that is never answered ends at its deadline with UpstreamTimeout."""
        world.hang()
        began = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            await connector.send(in_time(world.call(), 0.25))
        assert 0.2 < time.monotonic() - began < GENEROUS

    async def test_a_deadline_in_the_past_is_a_timeout(self, world: World, connector: Connector) -> None:
        """A call whose time is already up is not hung on to."""
        with pytest.raises(UpstreamTimeout):
            await connector.send(in_time(world.call(), -1))

    async def test_cancelling_reaches_the_upstream(self, world: World, connector: Connector) -> None:
        """A cancelled call does not keep the upstream busy."""
        world.hang()
        sending = asyncio.create_task(connector.send(world.call()))
        await until(world.is_hanging)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await eventually(world.hung_up)

    async def test_a_failing_upstream_is_said_to_fail(self, world: World, connector: Connector) -> None:
        """The protocol's own failure becomes a coded error."""
        world.fail()
        with pytest.raises((UpstreamFailed, UpstreamUnavailable)) as caught:
            await connector.send(in_time(world.call(), GENEROUS))
        assert caught.value.code.startswith("UPSTREAM_")

    async def test_an_unreadable_answer_is_a_bad_reply(self, world: World, connector: Connector) -> None:
        """Garbage is never data and never a traceback of a library."""
        world.garble()
        with pytest.raises((UpstreamBadReply, UpstreamDisconnected)):
            await asked(connector, world)

    async def test_an_answer_over_the_limit_is_refused(self, world: World) -> None:
        """`max_reply_size` bounds what is read."""
        connector = world.connector(max_reply_size=8)
        with pytest.raises(UpstreamReplyTooLarge):
            await started_and_asked(connector, world)
        await connector.close()

    async def test_after_a_failure_the_next_call_works(self, world: World, connector: Connector) -> None:
        """A timed-out call leaves no broken connection in the pool."""
        late = in_time(world.call(), 0.000_001)
        with pytest.raises(UpstreamTimeout):
            await connector.send(late)
        assert (await connector.send(world.call())).data == world.expected

    async def test_no_error_tells_a_secret(self, world: World, connector: Connector) -> None:
        """Credentials are in no error text, cause chain included."""
        world.fail()
        with pytest.raises(UpstreamError) as caught:
            await connector.send(in_time(world.call(), GENEROUS))
        error: BaseException | None = caught.value
        while error is not None:
            assert SECRET not in str(error)
            assert SECRET not in repr(error)
            error = error.__cause__

    async def test_what_the_upstream_says_when_it_refuses_can_be_read(self, world: World, connector: Connector) -> None:
        """Status, body and typed details are on the caught error, and on its copies; no word of it is public."""
        status = world.refuse()
        with pytest.raises(UpstreamError) as caught:
            await asked(connector, world)
        for error in (caught.value, copy_error(caught.value, Operation(upstream="u", name="o"))):
            assert error.status == status
            assert REASON in json.dumps(error.body)
            assert error.details
            assert REASON not in error.public
            assert error.upstream_code
        assert (type(caught.value.headers), caught.value.violations) == (dict, ())

    async def test_closing_twice_is_fine_and_final(self, world: World) -> None:
        """close() is idempotent; a closed connector says unreachable."""
        connector = world.connector()
        await connector.start()
        await connector.close()
        await connector.close()
        with pytest.raises(UpstreamUnreachable):
            await connector.send(in_time(world.call(), GENEROUS))


class HeadersConformance(ConnectorConformance):
    """The suite for the kinds whose every call has headers of its own; one websocket serves all callers, so it has none."""

    async def test_headers_of_a_call_arrive(self, world: World, connector: Connector) -> None:
        """What policies put on a call reaches the upstream."""
        call = world.call()
        await connector.send(replace(call, headers={**call.headers, "x-request-id": "r-17"}))
        assert await world.received_header("x-request-id") == "r-17"
