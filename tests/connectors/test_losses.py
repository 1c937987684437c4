"""What is left out is counted each time, and logged from time to time."""

from __future__ import annotations

import logging

import pytest

from connectors import losses
from connectors.contract import Operation
from connectors.losses import listen_to_losses, report_loss
from connectors.testing import ManualClock


def test_each_loss_is_counted_and_some_are_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line in ten seconds for an operation, with the count of those between."""
    clock, heard = ManualClock(), []
    monkeypatch.setattr(losses, "SYSTEM_CLOCK", clock)
    monkeypatch.setattr(losses, "_listeners", [])
    monkeypatch.setattr(losses, "_quiet", {})
    listen_to_losses(lambda *loss: heard.append(loss))
    read, other = (Operation(upstream="shop", name=name) for name in ("GET /a", "GET /b"))
    with caplog.at_level(logging.WARNING):
        for operation in (read, read, other):
            report_loss(operation, "records", 2, "2 records were not requested")
        clock.seconds += 11
        report_loss(read, "records", 2, "2 records were not requested")
    assert heard == [("shop", "records", 2)] * 4
    written = [(each.operation, each.count) for each in caplog.records]  # type: ignore[attr-defined]  # of `extra`
    assert written == [("GET /a", 2), ("GET /b", 2), ("GET /a", 4)]
