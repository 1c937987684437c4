"""When calls may travel together, and when they are sent again alone."""

from __future__ import annotations

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamError, UpstreamFailed, UpstreamUnauthenticated, UpstreamUnreachable
from connectors.joint import JointBudget, find_joint_time, may_ask_alone
from connectors.testing import ManualClock

READ = Operation(upstream="shop", name="read")


def test_the_budget_pays_for_a_tenth_of_the_calls() -> None:
    """It begins full, and is never more than full."""
    budget = JointBudget()
    budget.earn()
    assert (budget.can_pay(40), budget.can_pay(41)) == (True, False)
    budget.spend(40, "shop")
    assert not budget.can_pay(1)
    for _ in range(11):
        budget.earn()
    assert (budget.can_pay(1), budget.can_pay(2)) == (True, False)


def test_a_joint_call_has_half_of_the_time_of_the_most_urgent_part() -> None:
    """Never less than none, and no limit where no part has one."""
    clock = ManualClock()
    now = clock.now()
    assert find_joint_time([None, now + 4, now + 2], clock) == 1
    assert find_joint_time([now - 1], clock) == 0
    assert find_joint_time([None], clock) is None


@pytest.mark.parametrize(
    ("error", "may"),
    [
        (UpstreamFailed(READ, "down"), True),
        (UpstreamUnreachable(READ, "nothing was sent"), False),
        (UpstreamUnauthenticated(READ, "equal headers were refused", upstream_code="401"), False),
        (UpstreamUnauthenticated(READ, "one field was refused", upstream_code="UNAUTHENTICATED"), True),
    ],
)
def test_what_all_parts_would_have_is_not_asked_again(error: UpstreamError, may: bool) -> None:
    """All else can be about one part."""
    assert may_ask_alone(error) is may
