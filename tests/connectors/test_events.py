"""Events of upstreams are handed to what counts them; /metrics shows them."""

from __future__ import annotations

from bff.observability.metrics import expose_metrics
from connectors.events import count_event
from connectors.joint import JointBudget


def test_the_gateway_exposes_what_connectors_count() -> None:
    """By upstream and event, with the number of times."""
    count_event("surplus_bytes", "counted")
    JointBudget().spend(3, "counted")
    text = expose_metrics().decode()
    for event, number in (
        ("surplus_bytes", 1),
        ("joint_call_split", 3),
    ):
        assert f'bff_upstream_events_total{{event="{event}",upstream="counted"}} {number}.0' in text
