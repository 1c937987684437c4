"""Answers to pings of the upstream."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.contract import Operation
from connectors.websocket.options import PingReply
from connectors.websocket.session.replies import Replies
from tests.connectors.conformance import eventually
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.subscribers import SUB_A, answered, stop, tick, viewing, watch
from tests.connectors.websocket.upstream import Upstream

RULES = [
    {"message": {"pong": "{ping}"}},
    {"to": {"method": "heartbeat"}, "message": {"id": "{id}", "re": ["{meta.n}", "x", 1], "method": "respond"}},
    {"to": "ping", "message": "pong"},
]
REPLIES = Replies(Operation(upstream="api", name="socket"), [PingReply.model_validate(rule) for rule in RULES])


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ({"ping": 7}, b'{"pong":7}'),
        ({"ping": None}, None),
        (
            {"method": "heartbeat", "id": "a", "meta": {"n": False}},
            b'{"id":"a","re":[false,"x",1],"method":"respond"}',
        ),
        ({"method": "heartbeat"}, None),
        ({"method": "tick", "id": 1}, None),
        ([1], None),
        (None, None),
    ],
)
def test_messages(data: Any, answer: bytes | None) -> None:
    """One is answered whose fields fit and that has the values."""
    assert REPLIES.answer_data(data) == answer


def test_texts() -> None:
    """That are no JSON."""
    assert [REPLIES.answer_text(each) for each in ("ping", b"ping", "pong")] == [b"pong", b"pong", None]


@pytest.mark.parametrize(
    "rule", [{"message": {"op": "pong"}}, {"message": {"pong": "{a..b}"}}, {"to": {}, "message": "p"}]
)
def test_rules_that_cannot_be_meant(rule: Any) -> None:
    """They would answer everything, or have no path."""
    with pytest.raises(ValueError, match=r"every message|the path"):
        PingReply.model_validate(rule)


async def test_pings_are_answered_and_are_no_events(upstream: Upstream, connected: Connect) -> None:
    """Over the same connection."""
    connector = connected(ping_replies=[{"message": {"pong": "{ping}"}}])
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A)
    await upstream.say({"ping": 1492420473027}, tick("A", 1))
    assert await upstream.hears(SUB_A, {"pong": 1492420473027})
    assert await eventually(lambda: answered(seen == [1]))
    assert connector.counts.unrouted == 0
    await stop([viewer])
