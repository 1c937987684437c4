"""What happens beside calls, counted and logged once for every kind of connector. Connectors know no metrics.

Losses: what an upstream sent and no response will hold, such as lists that are cut at a bound, records of a batch that
were not requested, and messages that cannot be read. Each is one count and, from time to time, a log line.
Events: nothing is lost, and who runs the gateway wants to know. `surplus_bytes`: bytes that were not requested, after
which connections are used once. `joint_call_split`: a call that was sent again alone, because the joint call that it
was part of failed. `no_own_socket`: a call that `max_own_sockets` refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from connectors.aio.clock import SYSTEM_CLOCK
from connectors.contract import Operation

log = logging.getLogger(__name__)

Count = Callable[[str, str, int], None]
"""Takes the name of the upstream, what it was, and how many. It must not raise."""
Detail = str | Callable[[], str] | None
"""What the log says: a text, what makes it if a line is written, or None for no line. It has no data and no secrets."""
_INTERVAL: Final = 10.0
"""Seconds between two lines about one operation; the next one has the count of those between."""
_counters: dict[str, Count] = {}
_quiet: dict[tuple[str, str, str], tuple[float, int]] = {}
"""Until when an operation has no further line, and what was left out since its last one."""


def set_counters(*, losses: Count, events: Count) -> None:
    """Have all losses and events of this process counted by these, and by nothing else."""
    _counters.update(losses=losses, events=events)


def report_loss(operation: Operation, what: str, count: int, detail: Detail) -> None:
    """Count what was left out, and log it. `what` is a constant in snake case."""
    if (count_loss := _counters.get("losses")) is not None:
        count_loss(operation.upstream, what, count)
    if detail is None:
        return
    key = (operation.upstream, operation.name, what)
    now = SYSTEM_CLOCK.now()
    until, unwritten = _quiet.get(key, (0.0, 0))
    if now < until:
        _quiet[key] = (until, unwritten + count)
        return
    _quiet[key] = (now + _INTERVAL, 0)
    extra = {"upstream": operation.upstream, "operation": operation.name, "what": what, "count": count + unwritten}
    log.warning(
        "something that an upstream sent was left out: %s", detail if isinstance(detail, str) else detail(), extra=extra
    )


def report_event(upstream: str, what: str, count: int = 1) -> None:
    """Count an event; `what` is one of the above."""
    if (count_event := _counters.get("events")) is not None:
        count_event(upstream, what, count)
