"""What no subscriber received is kept by the connector, counted as a loss of its upstream, and logged with a reason."""

from __future__ import annotations

import logging

import pytest

from connectors import reports
from connectors.streams.counts import Counts


def test_each_kind_is_a_loss(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """With its number; none is no loss, and one without a detail has no line."""
    heard: list[tuple[str, str, int]] = []
    monkeypatch.setattr(reports, "_counters", {"losses": lambda *loss: heard.append(loss)})
    monkeypatch.setattr(reports, "_quiet", {})
    counts = Counts("ticker")
    with caplog.at_level(logging.WARNING):
        counts.count_undecodable(lambda: "4 bytes")
        counts.count_unrouted(None, 3)
        counts.count_late()
        counts.count_dropped(7)
        counts.count_dropped(0)
    assert (counts.undecodable, counts.unrouted, counts.dropped) == (1, 4, 7)
    assert heard == [
        ("ticker", "unread", 1),
        ("ticker", "unclaimed", 3),
        ("ticker", "late", 1),
        ("ticker", "dropped", 7),
    ]
    assert [(vars(line)["what"], vars(line)["upstream"]) for line in caplog.records] == [
        (what, "ticker") for what in ("unread", "late", "dropped")
    ]
    assert "4 bytes" in caplog.text
