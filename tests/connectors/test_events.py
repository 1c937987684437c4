"""Events of upstreams are handed to what counts them; /metrics shows them."""

from __future__ import annotations

from bff.observability.metrics import expose_metrics
from connectors.events import count_event
from connectors.joint import JointBudget
from connectors.streams.counts import Counts


def test_the_gateway_exposes_what_connectors_count() -> None:
    """By upstream and event, with the number of times."""
    count_event("surplus_bytes", "counted")
    JointBudget().spend(3, "counted")
    counts = Counts("counted")
    counts.count_unrouted()
    counts.count_undecodable()
    counts.count_dropped(7)
    counts.count_dropped(0)
    text = expose_metrics().decode()
    for event, number in (
        ("surplus_bytes", 1),
        ("joint_call_split", 3),
        ("message_unrouted", 1),
        ("message_undecodable", 1),
        ("message_dropped", 7),
    ):
        assert f'bff_upstream_events_total{{event="{event}",upstream="counted"}} {number}.0' in text
