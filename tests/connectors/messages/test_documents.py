"""The JSON documents of one message."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from typing import Any

import pytest

from connectors.aio.cooperative import LARGE
from connectors.messages.documents import decode_documents, outline_event, outline_unread
from connectors.messages.json_slices import Bounds

ONE, TWO = {"n": 1}, {"n": [2, "}{"]}
FIRST, SECOND = json.dumps(ONE), json.dumps(TWO)


@pytest.mark.parametrize(
    ("message", "values", "unread"),
    [
        (FIRST, [ONE], 0),
        (f"[{FIRST},{SECOND}]", [[ONE, TWO]], 0),
        (f"{FIRST}\n{SECOND}\n", [ONE, TWO], 0),
        (f"{FIRST}\r\n\r\n{SECOND}", [ONE, TWO], 0),
        (FIRST + SECOND, [ONE, TWO], 0),
        (f"\x1e{FIRST}\n\x1e{SECOND}\n", [ONE, TWO], 0),
        (f"{FIRST}\x1e", [ONE], 0),
        (json.dumps(TWO, indent=1) + FIRST, [TWO, ONE], 0),
        ("\ufeff" + FIRST, [ONE], 0),
        (f"{FIRST}\n{{broken\n{SECOND}", [ONE, TWO], 1),
        (f"{FIRST}\nkeep-alive\n", [ONE], 1),
        ("", [None], 0),
        (b"", [None], 0),
        ("pong", [], 1),
        ("{no json", [], 1),
        (FIRST[:-1], [], 1),
        ("[" * 5000, [], 1),
        (f"{FIRST} NaN", [ONE], 1),
        (gzip.compress(FIRST.encode()), [ONE], 0),
        (zlib.compress(f"{FIRST}\n{SECOND}".encode()), [ONE, TWO], 0),
        (zlib.compress(FIRST.encode())[2:-4], [ONE], 0),
        (gzip.compress(gzip.compress(gzip.compress(FIRST.encode()))), [], 1),
        (FIRST.encode("utf-16"), [ONE], 0),
        (FIRST.encode("utf-16-be"), [ONE], 0),
        (FIRST.encode("utf-32"), [ONE], 0),
        (b"\xff\xfe\x00", [], 1),
        (b"\x89PNG\r\n", [], 1),
    ],
)
async def test_messages(message: str | bytes, values: list[Any], unread: int) -> None:
    """Each document is one value, and each part that is none is counted."""
    found = await decode_documents(message, Bounds(50), 10_000)
    assert (found.values, found.unread, bool(found.reason)) == (values, unread, bool(unread))


async def test_a_large_message_of_many_lines() -> None:
    """One broken line costs itself."""
    lines = [json.dumps({"n": number, "text": "x" * 80}) for number in range(LARGE // 80)]
    lines[7] = "broken"
    found = await decode_documents("\n".join(lines), Bounds(50), 10_000_000)
    assert (len(found.values), found.unread) == (len(lines) - 1, 1)
    assert found.values[-1]["n"] == len(lines) - 1


async def test_the_number_of_documents_is_bounded() -> None:
    """By max_values, as in one document."""
    found = await decode_documents("{}\n" * 100, Bounds(50, 20), 10_000)
    assert (len(found.values), found.unread, found.reason) == (10, 90, "more than 20 values")


@pytest.mark.parametrize("text", ["[1,\n" * 45 + "1,\n" * 90_000, '{"a":\n' * 45 + "1\n" * 90_000, '"\n' * 150_000])
async def test_broken_messages_are_not_looked_through_again_and_again(text: str) -> None:
    """A few times their size, whatever is in them."""
    began = time.process_time()
    found = await decode_documents(text, Bounds(50), 10_000_000)
    assert found.unread
    assert time.process_time() - began < 5


def test_what_the_log_says_has_no_data() -> None:
    """Sizes, names of fields, kinds."""
    assert (
        outline_unread(b"\x1f\x8b\x08\x00abc", "damaged")
        == "7 bytes that begin with 1f 8b 08 00 cannot be read: damaged"
    )
    assert outline_unread("token=s3cret", "no") == "a text of 12 characters, like 'xxxxx=x0xxxx', cannot be read: no"
    assert outline_event({"sym": "A", "n": 1, "of 7": [], "data": {}, "ok": True, "x": None}) == (
        "{sym: text, n: number, ...: array, data: object, ok: bool, x: null}"
    )
    assert outline_event([1, 2]) == "an array of 2"
    assert outline_event("hunter2") == "text"
