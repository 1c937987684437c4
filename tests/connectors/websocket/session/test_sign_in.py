"""The message that is sent first, and its answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.errors import UpstreamError, UpstreamForbidden, UpstreamUnauthenticated, UpstreamUnreachable
from tests.connectors.conformance import eventually, in_time
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.subscribers import QUESTION, QUICK, SUB_A, answered, stop, tick, viewing, watch
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS, time_limit

MESSAGE = {"op": "login", "args": [{"token": "s3cret"}]}
LOGIN = {"message": MESSAGE, "answer": {"event": "login", "code": 0}, "error": {"event": "error"}, "timeout": "20s"}


async def test_nothing_is_sent_before_the_login_is_answered(upstream: Upstream, connected: Connect) -> None:
    """After each handshake, also the one that follows a lost connection; events that come meanwhile are events."""
    connector = connected(login=LOGIN, reconnect=QUICK)
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(MESSAGE)
    await upstream.say({"event": "welcome"}, [{"event": "login", "code": "0"}])
    assert await upstream.hears(MESSAGE, SUB_A)
    await upstream.say(tick("A", 1))
    assert await eventually(lambda: answered(seen == [1]))
    upstream.answer = lambda asked: {"event": "login", "code": 0} if asked == MESSAGE else None
    await upstream.drop()
    assert await upstream.hears(MESSAGE, SUB_A, MESSAGE, SUB_A)
    await upstream.say(tick("A", 2))
    assert await eventually(lambda: answered(seen == [1, 2]))
    await stop([viewer])
    assert connector.counts.unrouted == 1, "the welcome"


async def test_a_login_without_an_answer(upstream: Upstream, connected: Connect) -> None:
    """It is sent first."""
    viewer = asyncio.create_task(viewing(watch(connected(login={"message": MESSAGE}), "A"), []))
    assert await upstream.hears(MESSAGE, SUB_A)
    await stop([viewer])


@pytest.mark.parametrize(
    ("said", "error", "code"),
    [
        ({"event": "error", "code": "60009"}, UpstreamUnauthenticated, "60009"),
        ({"event": "login", "code": 1}, UpstreamUnreachable, ""),
        (None, UpstreamUnreachable, ""),
    ],
    ids=["refused", "another answer", "no answer"],
)
async def test_a_login_that_fails(
    upstream: Upstream, connected: Connect, said: Any, error: type[UpstreamError], code: str
) -> None:
    """Callers get an error with the upstream's code and without the message, and nothing else is sent."""
    upstream.answer = lambda asked: said
    connector = connected(login={**LOGIN, "timeout": "20s" if code else "200ms"})
    async with time_limit():
        with pytest.raises(error) as caught:
            await connector.send(in_time(QUESTION, GENEROUS))
    assert caught.value.upstream_code == code
    assert "s3cret" not in str(caught.value)
    assert upstream.heard == [MESSAGE]
    assert caught.value.body == (said if code else None)


async def test_an_upstream_that_closes_instead_of_answering(upstream: Upstream, connected: Connect) -> None:
    """By a code that means a status."""

    async def refuse(client: Any) -> None:
        await client.recv()
        await client.close(4403, "no")

    upstream.speak = refuse  # type: ignore[method-assign]
    with pytest.raises(UpstreamForbidden) as caught:
        await connected(login=LOGIN).send(in_time(QUESTION, GENEROUS))
    assert (caught.value.status, caught.value.upstream_code) == (4403, "4403")


def test_the_message_is_not_in_the_options_shown(connected: Connect) -> None:
    """It holds secrets."""
    assert "s3cret" not in repr(connected(login=LOGIN)._options)
