"""Known messages, as bff.yaml writes them."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.websocket.session.patterns import Patterns, check_pattern

KNOWN = Patterns(["pong", {"type": "heartbeat"}, {r"meta.a\.b": 7, "ok": True}, {"1": "hb"}])


@pytest.mark.parametrize(
    ("message", "is_known"),
    [("pong", True), ("pong\n", True), (b"pong", True), ("PONG", False), ("pong" * 999, False), (b"\xff", False)],
)
def test_texts(message: str | bytes, is_known: bool) -> None:
    """In text and binary frames."""
    assert KNOWN.match_text(message) == is_known


@pytest.mark.parametrize(
    ("data", "is_known"),
    [
        ({"type": "heartbeat", "n": 1}, True),
        ({"type": "tick"}, False),
        ({"meta": {"a.b": "7"}, "ok": True}, True),
        ({"meta": {"a.b": "7"}}, False),
        ([42, "hb"], True),
        ([42, "te", {}], False),
        ("heartbeat", False),
        (None, False),
    ],
)
def test_fields(data: Any, is_known: bool) -> None:
    """All of a pattern, by the paths and equality of topics."""
    assert KNOWN.match_data(data) == is_known


@pytest.mark.parametrize("written", ["", {}, {"a..b": 1}, {"": 1}])
def test_patterns_that_cannot_be_meant(written: Any) -> None:
    """Every message would be one, or none."""
    with pytest.raises(ValueError, match=r"is empty|the path"):
        check_pattern(written)
    assert not Patterns([])
