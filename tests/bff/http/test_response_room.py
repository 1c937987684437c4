"""Room for large responses: who waits, who does not, and who is refused."""

from __future__ import annotations

import asyncio

import pytest

from bff.contract import Refused
from bff.http.response_room import MAX_WAITING, SMALL, ResponseRoom, is_small
from connectors.forms import Record

LARGE = ["x" * SMALL, "x"]


class Row(Record):
    """A record as connectors make them."""

    id: int
    name: str


async def test_a_large_answer_waits_until_others_are_written() -> None:
    """And no longer."""
    room = ResponseRoom(100, 60)
    assert not room.is_crowded
    room.hold(150)
    assert room.is_crowded
    waiting = asyncio.create_task(room.wait(LARGE, lambda: pytest.fail("there is time")))
    await asyncio.sleep(0)
    room.release(150)
    await waiting


async def test_one_at_a_time_goes_on() -> None:
    """The next sees what the first holds."""
    room, passed = ResponseRoom(100, 60), list[int]()

    async def encode(number: int) -> None:
        await room.wait(LARGE, lambda: None)
        room.hold(150)
        passed.append(number)

    room.hold(150)
    tasks = [asyncio.create_task(encode(number)) for number in range(3)]
    for count in (1, 2, 3):
        await asyncio.sleep(0)
        room.release(150)
        for _ in range(10):
            await asyncio.sleep(0)
        assert passed == list(range(count))
    await asyncio.gather(*tasks)


async def test_small_answers_do_not_wait() -> None:
    """Whatever is held."""
    room = ResponseRoom(100, 60)
    room.hold(1000)
    await room.wait({"data": {"hello": "world"}}, lambda: None)


async def test_too_many_are_refused_and_so_is_one_that_waited_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a code, and a header that says when to come again. Room is made for those that wait."""
    made = []
    room = ResponseRoom(100, 0.05)
    room.hold(150)
    tasks = [asyncio.create_task(room.wait(LARGE, lambda: made.append(1))) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as refused:
        await room.wait(LARGE, lambda: None)
    assert refused.value.headers["retry-after"] == "1"
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, Refused) for each in outcomes)
    assert made


def test_what_is_small() -> None:
    """As little of it is looked at as that takes."""
    assert is_small({"a": [1, 2.5, None, True, "x"]})
    assert not is_small("x" * SMALL)
    assert not is_small({"a": ["x" * 1000] * 100})
    assert not is_small(list(range(100_000)))
    assert not is_small({str(each): each for each in range(20_000)})
    assert is_small([Row(id=1, name="a")])
    assert not is_small([Row(id=1, name="a" * 100)] * 1000)
