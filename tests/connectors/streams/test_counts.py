"""What no subscriber received is kept by the connector, and counted as an event of its upstream."""

from __future__ import annotations

import pytest

from connectors import events
from connectors.streams.counts import Counts


def test_each_loss_is_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its number; none is no event."""
    heard: list[tuple[str, str, int]] = []
    monkeypatch.setattr(events, "_counters", [lambda *event: heard.append(event)])
    counts = Counts("ticker")
    counts.count_undecodable()
    counts.count_unrouted()
    counts.count_dropped(7)
    counts.count_dropped(0)
    assert (counts.undecodable, counts.unrouted, counts.dropped) == (1, 1, 7)
    assert heard == [
        ("message_undecodable", "ticker", 1),
        ("message_unrouted", "ticker", 1),
        ("message_dropped", "ticker", 7),
    ]
