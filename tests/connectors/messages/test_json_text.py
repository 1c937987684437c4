"""Messages as JSON text, and how deep they may be nested."""

from __future__ import annotations

import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Operation
from connectors.errors import DefinitionError
from connectors.messages.json_slices import Bounds
from connectors.messages.json_text import NotJson, decode_json, decode_json_in_slices, encode_json, is_deeper

PUBLISH = Operation(upstream="orders", name="placed")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('a[]{}"\\', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a[{"', max_size=3), inner, max_size=3),
    max_leaves=12,
)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


@given(JSON, st.integers(1, 6))
def test_depth_is_never_made_up(value: object, max_depth: int) -> None:
    """Brackets in texts may hide some depth, but never add any."""
    if is_deeper(json.dumps(value).encode(), max_depth):
        assert _depth(value) > max_depth


@pytest.mark.parametrize("depth", [1, 2, 5, 50])
def test_depth_without_texts_is_exact(depth: int) -> None:
    """Objects and lists count alike."""
    body = b'[{"a":' * depth + b"1" + b"}]" * depth
    assert not is_deeper(body, 2 * depth)
    assert is_deeper(body, 2 * depth - 1)


def test_empty_text_is_nothing() -> None:
    """As a message without a body."""
    assert decode_json("", 5) is None
    assert decode_json(b'{"a": [1]}', 5) == {"a": [1]}


@pytest.mark.parametrize("text", ["<xml/>", b"\xff", "[" * 9 + "]" * 9, b"[1", "\ud800"])
def test_what_is_not_json(text: str | bytes) -> None:
    """Also what is nested more deeply than allowed."""
    with pytest.raises(NotJson):
        decode_json(text, 5)


def test_data_that_json_cannot_hold_is_the_authors_mistake() -> None:
    """It is named with the endpoint."""
    assert encode_json(PUBLISH, {"id": 1}) == b'{"id":1}'
    with pytest.raises(DefinitionError, match="orders: placed: the message cannot be written as JSON"):
        encode_json(PUBLISH, {"id": object()})


def test_depth_with_brackets_in_texts() -> None:
    """Brackets in strings are no depth."""
    chance = random.Random(7)
    for _ in range(300):
        depth = chance.randrange(1, 60)
        pairs = [chance.choice(["[]", "{}"]) for _ in range(depth)]
        inner = "".join(pair[0] + ('"":' if pair == "{}" else "") for pair in pairs) + '"]]]}{["'
        body = ("[1," + inner + "".join(pair[1] for pair in reversed(pairs)) + ",[2]]").encode()
        assert not is_deeper(body, depth + 1)
        assert is_deeper(body, depth)


def test_half_a_megabyte_of_98_levels() -> None:
    """126 ms before, 20 ms after, of CPU."""
    body = b"[" + b",".join([b"[" * 97 + b"]" * 97] * 2500) + b"]"
    began = time.thread_time()
    assert not is_deeper(body, 98)
    assert is_deeper(body, 97)
    assert time.thread_time() - began < 0.1


async def test_large_messages_have_the_same_bounds() -> None:
    """And the same values."""
    body = b"[" + b",".join([b'{"a":[1]}'] * 60_000) + b"]"
    assert await decode_json_in_slices(body, Bounds(3, None)) == decode_json(body, 3)
    assert await decode_json_in_slices(body.decode(), Bounds(3, None)) == decode_json(body, 3)
    for bounds in (Bounds(2, None), Bounds(3, 100_000)):
        with pytest.raises(NotJson):
            await decode_json_in_slices(body, bounds)
    with pytest.raises(NotJson):
        await decode_json_in_slices(body[:-1], Bounds(3, None))
