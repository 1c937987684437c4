"""What an upstream sent and no response will hold: one log line and one count each. Called by connectors.

Lists that are cut at a bound, records of a batch that were not requested, messages that cannot be read. The gateway's
metrics listen; outside of the gateway there is the log alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from connectors.aio.clock import SYSTEM_CLOCK
from connectors.contract import Operation

log = logging.getLogger(__name__)

Listener = Callable[[str, str, int], None]
"""Takes the name of the upstream, what was left out, and how many."""
Detail = str | Callable[[], str] | None
"""What the log says: a text, what makes it if a line is written, or None for no line. It has no data and no secrets."""
_INTERVAL: Final = 10.0
"""Seconds between two lines about one operation; the next one has the count of those between."""
_listeners: list[Listener] = []
_quiet: dict[tuple[str, str, str], tuple[float, int]] = {}
"""Until when an operation has no further line, and what was left out since its last one."""


def listen_to_losses(listener: Listener) -> None:
    """Call this for every loss from now on."""
    _listeners.append(listener)


def report_loss(operation: Operation, what: str, count: int, detail: Detail) -> None:
    """Count what was left out, and log it. `what` is a constant in snake case."""
    for listener in _listeners:
        listener(operation.upstream, what, count)
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
