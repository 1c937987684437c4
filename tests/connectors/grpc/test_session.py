"""The channel and the schema of one upstream: opened once, and closed for good."""

from __future__ import annotations

import asyncio
import time

import pytest
from google.protobuf.message import DecodeError

from connectors.contract import Operation
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamTimeout, UpstreamUnreachable
from connectors.grpc.options import Options
from connectors.grpc.session import Session
from tests.connectors.grpc.shop import PROTO, Shop
from tests.connectors.grpc.wire import silent_server

OPERATION = Operation(upstream="shop", name="test")


def session(**options: object) -> Session:
    return Session("shop", Options.model_validate({"address": "127.0.0.1:1", "protos": [str(PROTO)], **options}))


async def test_all_callers_get_the_same_channel_and_schema(shop: Shop) -> None:
    """However many open it at once."""
    opened = session(address=shop.address)
    channels = await asyncio.gather(*(opened.open(OPERATION, None) for _ in range(5)))
    assert len({id(channel) for channel, _ in channels}) == len({id(schema) for _, schema in channels}) == 1
    await opened.close()


async def test_after_a_failure_the_next_caller_tries_anew() -> None:
    """A broken file is a mistake each time, and no task is left."""
    broken = session(protos=["/nowhere.proto"])
    for _ in range(2):
        with pytest.raises(DefinitionError, match="does not exist"):
            await broken.open(OPERATION, None)
    await broken.close()


async def test_a_caller_waits_until_its_deadline() -> None:
    """The attempt goes on for the others."""
    async with silent_server() as port:
        silent = session(address=f"127.0.0.1:{port}", protos=[], reflection=True)
        with pytest.raises(UpstreamTimeout):
            await silent.open(OPERATION, time.monotonic() + 0.1)
        await silent.close()


async def test_a_closed_session_opens_no_more() -> None:
    """Also for a caller that waits."""
    closed = session()
    await closed.close()
    await closed.close()
    assert closed.is_closed
    with pytest.raises(UpstreamUnreachable, match="the connector is closed"):
        await closed.open(OPERATION, None)


async def test_errors_inside_are_translated() -> None:
    """A message that is none, and a call that ends because the session was closed."""
    closed = session()
    with (
        pytest.raises(UpstreamBadReply, match="not a message of the declared type"),
        closed.translate_errors(OPERATION),
    ):
        raise DecodeError
    await closed.close()
    with pytest.raises(UpstreamUnreachable), closed.translate_errors(OPERATION):
        raise asyncio.CancelledError
