"""Large JSON in pieces is the same JSON, whatever its form, and keeps the loop for a few milliseconds at a time.

Before, for 8 MB each, the longest time in milliseconds that the loop was kept, and after. The two kinds of numbers were
measured with 400 kB before, and are extrapolated:

    lists in a list                 1,251      24     TooManyValues
    objects in a list                 126      15     TooManyValues
    98 levels, again and again      4,500      49     TooManyValues
    an object of 600,000 names        286      13
    1e300, again and again         48,000      10     TooManyValues
    denormal numbers                7,200       5
    one string of escapes              10      20
    records                           110       6
"""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import msgspec
import pytest

from connectors.messages import json_slices
from connectors.messages.json_slices import Bounds, TooDeep, TooManyValues, decode_in_slices
from tests.connectors.watch import BOUND, outcome_of

BOUNDS = Bounds(100, 10_000_000)
DEFAULT = Bounds(100, 1_000_000)
SIZE = 8_000_000


def repeated(unit: bytes) -> bytes:
    return b"[" + b",".join([unit] * (SIZE // (len(unit) + 1))) + b"]"


HOSTILE: dict[str, tuple[bytes, type[Exception] | None]] = {
    "lists": (repeated(b"[]"), TooManyValues),
    "objects": (repeated(b"{}"), TooManyValues),
    "98 levels": (repeated(b"[" * 97 + b"]" * 97), TooManyValues),
    "98 levels after a bracket in a string": (b'["]",' + repeated(b"[" * 96 + b"]" * 96) + b"]", TooManyValues),
    "101 levels": (repeated(b"[" * 100 + b"]" * 100), TooDeep),
    "an object of 600,000 names": (b"{" + b",".join(b'"%d":1' % number for number in range(600_000)) + b"}", None),
    "1e300": (repeated(b"1e300"), TooManyValues),
    "1e300 among spaces": (repeated(b"1e300" + b" " * 10), None),
    "denormal numbers": (repeated(b"2.2250738585072011e-308"), None),
    "one number": (b"[1." + b"9" * SIZE + b"]", None),
    "one string of escapes": (b'["' + b"\\\\" * (SIZE // 2) + b'"]', None),
    "quotes": (b'["' + b'""' * (SIZE // 2) + b'"]', msgspec.DecodeError),
    "spaces": (b"[" + b" " * SIZE + b"]", None),
    "a string inside of 98 lists": (b"[" * 98 + b'"' + b"x" * SIZE + b'"' + b"]" * 98, None),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_keeps_the_loop(name: str) -> None:
    """Eight megabytes each, of what takes longest."""
    body, expected = HOSTILE[name]
    outcome, longest = await outcome_of(lambda: decode_in_slices(body, DEFAULT))
    print(f"{name}: {longest * 1000:.0f} ms")
    assert isinstance(outcome, Exception) == (expected is not None), repr(outcome)[:200]
    if expected is not None:
        assert isinstance(outcome, expected)
    assert longest < BOUND


async def test_values_are_counted() -> None:
    """Outside of strings; objects and lists count as two."""
    body = b'[1, {"a, b": "c, [d"}, []]'
    assert await decode_in_slices(body, Bounds(2, 8)) == [1, {"a, b": "c, [d"}, []]
    with pytest.raises(TooManyValues):
        await decode_in_slices(body, Bounds(2, 7))
    with pytest.raises(TooDeep):
        await decode_in_slices(body, Bounds(1, 8))


@pytest.mark.parametrize("window", [3, 5, 16])
@pytest.mark.parametrize(
    "body",
    [
        b"1,",
        b"1,2",
        b"[1],",
        b"[1],[2]",
        b'{"a":1,2}',
        b'[1,"a":2]',
        b"[1,2}",
        b"[1,,2]",
        b"[1, ,2]",
        b"[,1]",
        b"",
        b"[1,",
    ],
)
async def test_pieces_hide_no_mistake(body: bytes, window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comma at which a text is cut is still a comma."""
    monkeypatch.setattr(json_slices, "_WINDOW", window)
    with pytest.raises(msgspec.DecodeError):
        await decode_in_slices(body, BOUNDS)


def drawn(chance: random.Random, depth: int) -> Any:
    """Any JSON value."""
    kind = chance.randrange(7 if depth else 5)
    if kind == 5:
        return [drawn(chance, depth - 1) for _ in range(chance.randrange(8))]
    if kind == 6:
        return {
            chance.choice(["a", "é", "", "b\n", '"', "\\", "[,"]): drawn(chance, depth - 1)
            for _ in range(chance.randrange(4))
        }
    return [None, True, 12345678901234567890123, 1.5, 'text é \u2028 ",[{\\' * chance.randrange(9)][kind]


@pytest.mark.parametrize("window", [7, 16, 100])
async def test_what_comes_in_pieces_is_what_comes_at_once(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is large in it; spaces, keys twice, and what is no JSON, as ever."""
    monkeypatch.setattr(json_slices, "_WINDOW", window)
    chance = random.Random(3)
    for _ in range(500):
        text = json.dumps(drawn(chance, 5), ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 2]))
        body = text.encode()
        assert await decode_in_slices(body, BOUNDS) == msgspec.json.decode(body)
    twice = b'{"a": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "a": {"b": 1, "b": 2}}'
    assert await decode_in_slices(twice, BOUNDS) == {"a": {"b": 2}}


@pytest.mark.parametrize(
    "body", [b"[1, 2, 3, 4, 5,]", b'[{"a": 1}, {"a": nul}]', b'["x", "\xff\xff\xff\xff"]', b"[[1, 2, 3"]
)
async def test_what_is_no_json_is_refused(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces too."""
    monkeypatch.setattr(json_slices, "_WINDOW", 5)
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        await decode_in_slices(body, BOUNDS)


async def test_others_have_their_turn() -> None:
    """Many of them, while eleven megabytes are decoded."""
    body = json.dumps([{"id": number, "name": "x" * 80} for number in range(100_000)]).encode()
    decoding = asyncio.ensure_future(decode_in_slices(body, BOUNDS))
    count = 0
    while not decoding.done():
        await asyncio.sleep(0)
        count += 1
    assert len(await decoding) == 100_000
    assert count > len(body) / 1_000_000


async def test_few_large_items_are_decoded_one_by_one() -> None:
    """As many at once as are large together: two lists of a megabyte each are not one piece."""
    item = b"[" + b"1234567," * 125_000 + b"1]"
    decoding, count = asyncio.ensure_future(decode_in_slices(b'{"a": [' + item + b"," + item + b"]}", BOUNDS)), 0
    while not decoding.done():
        await asyncio.sleep(0)
        count += 1
    assert [len(each) for each in (await decoding)["a"]] == [125_001, 125_001]
    assert count > 1
