"""Stop asking an upstream that keeps failing (Nygard, "Release It!", circuit breaker)."""

from __future__ import annotations

import asyncio
from typing import Literal

from bff.observability.logger import get_logger
from bff.policies.outbound.options import Breaker
from bff.policies.outbound.policy import Policy, Send
from bff.policies.outbound.trouble import is_trouble
from connectors.aio.clock import Clock
from connectors.contract import Call, Operation, Reply
from connectors.errors import UpstreamError, UpstreamTimeout, UpstreamUnavailable

log = get_logger("bff.policies.breaker")


class CircuitOpen(UpstreamUnavailable):
    """The upstream was not asked, because its breaker is open."""

    retryable = False  # it stays open for longer than a repetition should wait
    was_not_sent = True


class Circuit:
    """The state of one breaker: closed, open, then half-open while one call tries.

    `era` counts the changes of state. What a call from an earlier era comes to says nothing about this one.
    """

    def __init__(self, options: Breaker, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._era = 0
        self._failures = 0
        self._open_until: float | None = None
        self._is_trying = False

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """What the next call will meet."""
        if self._open_until is None:
            return "closed"
        return "open" if self._open_until > self._clock.now() else "half-open"

    def enter(self, operation: Operation) -> int:
        """Let a call through and return its era; raise CircuitOpen when it may not go."""
        if self._open_until is not None:
            left = max(0.0, self._open_until - self._clock.now())
            if left or self._is_trying:
                when = f"it is tried again in {left:.1f} s" if left else "another call is trying it right now"
                detail = f"no call is made after {self._failures} failures in a row; {when}"
                raise CircuitOpen(operation, detail, retry_after=left)
            self._is_trying = True
            self._era += 1
        return self._era

    def record_success(self, era: int, operation: Operation) -> None:
        """The upstream answered."""
        if era != self._era:
            return
        if self._open_until is not None:
            log.info("breaker_closed", upstream=operation.upstream)
        self._failures, self._open_until, self._is_trying = 0, None, False

    def record_failure(self, era: int, operation: Operation) -> None:
        """The upstream is in trouble."""
        if era != self._era:
            return
        self._failures += 1
        if self._is_trying or self._failures >= self._options.consecutive_failures:
            if not self._is_trying:
                log.warning("breaker_opened", upstream=operation.upstream, failures=self._failures)
            self._open_until = self._clock.now() + self._options.open
            self._is_trying = False
            self._era += 1

    def leave(self, era: int) -> None:
        """The call is over. When it came to nothing, such as by cancellation, the next one may try."""
        if era == self._era:
            self._is_trying = False


def breaker(options: Breaker, clock: Clock, *, patience: float) -> Policy:
    """Open after consecutive failures; let one call probe the upstream after `options.open` seconds; close on success.

    `patience` is the time a call normally gets, in seconds. A timeout counts only when the upstream had half of it: a
    request that came here with little time left says nothing about the upstream.
    """
    circuit = Circuit(options, clock)

    def around(send: Send) -> Send:
        async def send_unless_open(call: Call) -> Reply:
            era = circuit.enter(call.operation)
            began = clock.now()
            try:
                reply = await send(call)
            except UpstreamError as error:
                if isinstance(error, UpstreamTimeout) and clock.now() - began < patience / 2:
                    pass
                elif is_trouble(error):
                    circuit.record_failure(era, call.operation)
                else:
                    circuit.record_success(era, call.operation)  # a refusal is an answer too
                raise
            except asyncio.CancelledError:
                # The deadline further out ends a call by cancelling it; before the deadline it is a caller who left.
                is_late = call.deadline is not None and clock.now() >= call.deadline
                if is_late and clock.now() - began >= patience / 2:
                    circuit.record_failure(era, call.operation)
                raise
            else:
                circuit.record_success(era, call.operation)
                return reply
            finally:
                circuit.leave(era)

        return send_unless_open

    return around
