"""When to connect again after a connection was lost. For the Options and connectors that keep one connection open."""

from __future__ import annotations

import random
import time

from connectors.options import Duration, Model


class Reconnect(Model):
    """Pauses between attempts to connect again: exponential, with jitter."""

    first: Duration = 0.1
    """Pause after the first failure; it doubles each time."""
    most: Duration = 10.0
    """Longest pause."""
    give_up: Duration = 30.0
    """After how long without a connection viewers are told that the upstream cannot be reached."""


class Pauses:
    """The pauses of one connection, from when it was lost or first wanted."""

    def __init__(self, rules: Reconnect) -> None:
        self._rules = rules
        self._pause = rules.first
        self._lost_at = time.monotonic()

    @property
    def is_hopeless(self) -> bool:
        """Whether it is time to give up."""
        return time.monotonic() - self._lost_at > self._rules.give_up

    def lost(self, *, open_for: float) -> None:
        """A connection that lasted this many seconds is gone. One that broke at once does not make us any faster."""
        self._lost_at = time.monotonic()
        if open_for > self._pause:
            self._pause = self._rules.first

    def next(self) -> float:
        """Seconds to wait now, between half and all of a pause that doubles each time ("equal jitter")."""
        pause, self._pause = self._pause, min(self._pause * 2, self._rules.most)
        return random.uniform(pause / 2, pause)  # noqa: S311 - jitter is no secret
