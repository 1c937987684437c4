"""JSON in pieces is JSON."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import msgspec
import pytest

from connectors.aio import cooperative


def drawn(chance: random.Random, depth: int) -> Any:
    """Any JSON value."""
    kind = chance.randrange(7 if depth else 5)
    if kind == 5:
        return [drawn(chance, depth - 1) for _ in range(chance.randrange(8))]
    if kind == 6:
        return {chance.choice(["a", "é", "", "b\n"]): drawn(chance, depth - 1) for _ in range(chance.randrange(4))}
    return [None, True, 12345678901234567890123, 1.5, 'text é \u2028 "' * chance.randrange(9)][kind]


async def test_what_comes_in_pieces_is_what_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is large in it; spaces, keys twice, and what is no JSON, as ever."""
    monkeypatch.setattr(cooperative, "LARGE", 30)
    chance = random.Random(3)
    for _ in range(500):
        text = json.dumps(drawn(chance, 5), ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 2]))
        body = text.encode()
        assert await cooperative.decode_in_slices(body) == msgspec.json.decode(body)
    twice = b'{"a": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "a": {"b": 1, "b": 2}}'
    assert await cooperative.decode_in_slices(twice) == {"a": {"b": 2}}


@pytest.mark.parametrize(
    "body", [b"[1, 2, 3, 4, 5,]", b'[{"a": 1}, {"a": nul}]', b'["x", "\xff\xff\xff\xff"]', b"[[1, 2, 3"]
)
async def test_what_is_no_json_is_refused(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces too."""
    monkeypatch.setattr(cooperative, "LARGE", 5)
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        await cooperative.decode_in_slices(body)


async def test_others_have_their_turn() -> None:
    """Many of them, while eleven megabytes are decoded."""
    body = json.dumps([{"id": number, "name": "x" * 80} for number in range(100_000)]).encode()
    decoding = asyncio.ensure_future(cooperative.decode_in_slices(body))
    count = 0
    while not decoding.done():
        await asyncio.sleep(0)
        count += 1
    assert len(await decoding) == 100_000
    assert count > len(body) / cooperative.LARGE


@pytest.mark.parametrize("count", [0, 1, cooperative.SLICE, cooperative.SLICE + 1, 3 * cooperative.SLICE - 1])
def test_slices_are_the_whole(count: int) -> None:
    """Each index once, in order, and no slice is longer than one turn's work, or empty."""
    slices = list(cooperative.slices(count))
    assert [index for each in slices for index in each] == list(range(count))
    assert all(0 < len(each) <= cooperative.SLICE for each in slices)
    assert len(slices) == -(-count // cooperative.SLICE)


def test_what_is_small_takes_no_turn() -> None:
    """It is there at once: nearly every body is, and a turn costs more than reading it does."""
    for body in (b"[1, 2]", b'{"a": null}', b'"x"', b"[" + b"1," * 200_000 + b"1]"):
        assert len(body) <= cooperative.LARGE
        with pytest.raises(StopIteration) as done:
            cooperative.decode_in_slices(body).send(None)
        assert done.value.value == msgspec.json.decode(body)


async def test_few_large_items_are_decoded_one_by_one() -> None:
    """As many at once as are large together: two lists of a megabyte each are not one piece."""
    item = b"[" + b"1234567," * 125_000 + b"1]"
    decoding, count = asyncio.ensure_future(cooperative.decode_in_slices(b'{"a": [' + item + b"," + item + b"]}")), 0
    while not decoding.done():
        await asyncio.sleep(0)
        count += 1
    assert [len(each) for each in (await decoding)["a"]] == [125_001, 125_001]
    assert count > 6
