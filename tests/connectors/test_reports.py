"""What happens beside calls is counted each time; what is left out is logged from time to time."""

from __future__ import annotations

import logging

import pytest

from bff.observability.metrics import expose_metrics
from connectors import reports
from connectors.contract import Operation
from connectors.joint import JointBudget
from connectors.reports import report_event, report_loss, set_counters
from connectors.testing import ManualClock


def test_each_loss_is_counted_and_some_are_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line in ten seconds for an operation, with the count of those between."""
    clock, heard, other_heard = ManualClock(), [], []
    monkeypatch.setattr(reports, "SYSTEM_CLOCK", clock)
    monkeypatch.setattr(reports, "_counters", {})
    monkeypatch.setattr(reports, "_quiet", {})
    read, other = (Operation(upstream="shop", name=name) for name in ("GET /a", "GET /b"))
    report_event("shop", "surplus_bytes")  # nothing counts yet
    set_counters(losses=lambda *loss: heard.append(loss), events=lambda *event: other_heard.append(event))
    with caplog.at_level(logging.WARNING):
        for operation in (read, read, other):
            report_loss(operation, "records", 2, "2 records were not requested")
        clock.seconds += 11
        report_loss(read, "records", 2, "2 records were not requested")
    assert heard == [("shop", "records", 2)] * 4
    assert other_heard == []
    written = [(each.operation, each.count) for each in caplog.records]  # type: ignore[attr-defined]  # of `extra`
    assert written == [("GET /a", 2), ("GET /b", 2), ("GET /a", 4)]


def test_the_gateway_exposes_what_connectors_report() -> None:
    """By upstream and what it was: losses and events apart, in metrics of like names."""
    report_event("counted", "surplus_bytes")
    JointBudget().spend(3, "counted")
    report_loss(Operation(upstream="counted", name="GET /a"), "records", 2, None)
    text = expose_metrics().decode()
    for name, what, number in (
        ("events", "surplus_bytes", 1),
        ("events", "joint_call_split", 3),
        ("losses", "records", 2),
    ):
        assert f'bff_upstream_{name}_total{{upstream="counted",what="{what}"}} {number}.0' in text
