"""What several ask at once: one call, one reading of its reply, and an outcome for each, whoever leaves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bff.loading.scope import RequestScope
from connectors.contract import Call, Reply
from connectors.errors import UpstreamBadReply, UpstreamFailed
from tests.bff.fakes import FakeUpstream, batched, endpoint
from tests.waiting import time_limit

user = batched("shop: user", single=True)
time_ = endpoint("shop: time", {"zone": True})


class Read:
    """Replies whose payload is decoded by a function that counts."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.count = 0

    def __call__(self, call: Call) -> Reply:
        return Reply(b"", decode=self._decoded)

    def _decoded(self, payload: bytes) -> Any:
        self.count += 1
        if isinstance(self.data, Exception):
            raise self.data
        return self.data


async def test_a_batch_is_read_and_dealt_once() -> None:
    """However many ask, at one moment and later."""
    read = Read([{"id": 2}, {"id": 1}])
    scope = RequestScope({"shop": (shop := FakeUpstream(read))})
    lots = await asyncio.gather(*(scope.load_many(user, {}, keys, None) for keys in ([1, 2], [2, 1], [2])))
    lots.append(await scope.load_many(user, {}, [1], None))
    assert [[each.data for each in lot] for lot in lots] == [
        [{"id": 1}, {"id": 2}],
        [{"id": 2}, {"id": 1}],
        [{"id": 2}],
        [{"id": 1}],
    ]
    assert (read.count, len(shop.calls)) == (1, 1)


@pytest.mark.parametrize("data", [{"users": []}, "text", UpstreamBadReply(user.operation, "no JSON")])
async def test_a_reply_that_cannot_be_dealt_is_an_error_of_each_key(data: Any) -> None:
    """An outcome, so that one field's failure is not another's exception."""
    scope = RequestScope({"shop": FakeUpstream(Read(data))})
    outcomes = await scope.load_many(user, {}, [1, 2], None)
    assert [type(each) for each in outcomes] == [UpstreamBadReply] * 2
    assert outcomes[0] is outcomes[1]


async def test_an_unbatched_call_is_made_once() -> None:
    """Its reply, or its error, is everybody's who asked with the same arguments."""
    for answer in ("noon", UpstreamFailed(time_.operation, "down")):
        shop = FakeUpstream(lambda call, answer=answer: answer, delay=0.01)
        scope = RequestScope({"shop": shop})
        asks = [scope.load(time_, {"zone": zone}, None) for zone in ("CET", "CET", "UTC")]
        outcomes = await asyncio.gather(*asks, return_exceptions=True)
        assert [each.data if isinstance(each, Reply) else each for each in outcomes] == [answer] * 3
        assert sorted(call.arguments["zone"] for call in shop.calls) == ["CET", "UTC"]


@pytest.mark.parametrize("leaving", [0, 1])
async def test_who_leaves_an_unbatched_call_takes_nobody_along(leaving: int) -> None:
    """Whether it asked first or second: the other one has its reply."""
    shop = FakeUpstream(lambda call: "noon", delay=0.03)
    scope = RequestScope({"shop": shop})
    asks = [asyncio.create_task(scope.load(time_, {"zone": "CET"}, None)) for _ in range(2)]
    await asyncio.sleep(0.01)
    asks[leaving].cancel()
    async with time_limit():
        outcomes = await asyncio.gather(*asks, return_exceptions=True)
    assert isinstance(outcomes[leaving], asyncio.CancelledError)
    assert outcomes[1 - leaving].data == "noon"
    await scope.close()
