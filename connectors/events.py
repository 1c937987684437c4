"""Events of upstreams that are counted. Connectors know no metrics: the gateway sets what counts them.

`surplus_bytes`: bytes that were not requested, after which connections are used once. `joint_call_split`: a call that
was sent again alone, because the joint call that it was part of failed. `no_own_socket`: a call that `max_own_sockets`
refused.
"""

from __future__ import annotations

from collections.abc import Callable

Count = Callable[[str, str, int], None]
"""Counts an event of an upstream so many times."""

_counters: list[Count] = []


def set_counter(count: Count) -> None:
    """Have all events of this process counted by `count`, which must not raise, and by nothing else."""
    _counters[:] = [count]


def count_event(event: str, upstream: str, number: int = 1) -> None:
    """Count an event; `event` is one of the above."""
    for count in _counters:
        count(event, upstream, number)
