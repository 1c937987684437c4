"""Joint calls: calls of several that travel in one request. What keeps one of them from being a burden to the others.

A joint call that fails is sent again in its parts, each alone and once, so that only the part that fails by itself has
an error. It has half of the time that its parts have, which leaves them the other half. If that happens often, calls
travel alone for a while, so that an upstream in trouble has hardly more requests than without joint calls.
Used by the GraphQL connector, which merges queries, and by bff.loading, which merges batches.
"""

from __future__ import annotations

from collections.abc import Iterable

from connectors.aio.clock import Clock
from connectors.errors import UpstreamError
from connectors.reports import report_event

_EARNED, _RESERVE = 0.1, 40.0
"""Calls sent again that each call pays for, and the most that can be saved up."""
_SHARE_OF_TIME = 0.5


class JointBudget:
    """How many calls may be sent again because their joint call failed. Begins full."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _RESERVE

    def earn(self) -> None:
        """Count a call."""
        if self._left < _RESERVE:
            self._left += _EARNED

    def can_pay(self, calls: int) -> bool:
        """Whether so many calls can travel together: all of them can be sent again."""
        return self._left >= calls

    def spend(self, calls: int, upstream: str) -> None:
        """Count calls that are sent again."""
        self._left -= calls
        report_event(upstream, "joint_call_split", calls)


def may_ask_alone(error: UpstreamError) -> bool:
    """Whether a part of the joint call that failed with this error may succeed alone.

    Not if nothing was sent, or if the headers were refused (HTTP 401), which are equal. All else can be about one part:
    an upstream can refuse a request for the rights, the cost or the text of one field in it.
    """
    return not (error.was_not_sent or error.upstream_code == "401")


def find_joint_time(deadlines: Iterable[float | None], clock: Clock) -> float | None:
    """The seconds that a joint call of parts with these deadlines may take; None for no limit."""
    earliest = min((each for each in deadlines if each is not None), default=None)
    return None if earliest is None else max(0.0, (earliest - clock.now()) * _SHARE_OF_TIME)
