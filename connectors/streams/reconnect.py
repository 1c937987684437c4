"""When to connect again after a connection was lost. For the Options and connectors that keep one connection open."""

from __future__ import annotations

import random

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.options import Duration, Model


class Reconnect(Model):
    """Delays between attempts to reconnect: exponential backoff with jitter."""

    initial_delay: Duration = 0.1
    """Delay after the first failure; it doubles with each failure."""
    max_delay: Duration = 10.0
    """Maximum delay."""
    give_up_after: Duration = 30.0
    """Time without a connection after which subscriptions end with UPSTREAM_UNREACHABLE."""


class Backoff:
    """The delays before the attempts to reconnect of one connection."""

    def __init__(self, rules: Reconnect, clock: Clock = SYSTEM_CLOCK) -> None:
        self._rules = rules
        self._clock = clock
        self._delay = rules.initial_delay
        self._lost_at = self._clock.now()

    @property
    def has_given_up(self) -> bool:
        """Whether it is time to give up."""
        return self._clock.now() - self._lost_at > self._rules.give_up_after

    def record_loss(self, *, open_for: float, has_received: bool) -> None:
        """A connection that lasted this many seconds is gone.

        It starts over with the first delay, and with the time until giving up, if it was of use: if messages came over
        it for longer than the last delay, or it lasted longer than any. One that is closed after the handshake counts
        as one that could not be made.
        """
        if open_for > self._rules.max_delay or (has_received and open_for > self._delay):
            self._lost_at = self._clock.now()
            self._delay = self._rules.initial_delay

    def next_delay(self) -> float:
        """Seconds to wait now, between half and all of a delay that doubles each time ("equal jitter")."""
        delay, self._delay = self._delay, min(self._delay * 2, self._rules.max_delay)
        return random.uniform(delay / 2, delay)  # noqa: S311 - jitter is no secret
