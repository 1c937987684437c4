"""Single flight: identical safe calls that are under way at once become one."""

from __future__ import annotations

from functools import partial

from bff.policies.outbound.identity import create_flight_key
from bff.policies.outbound.policy import Policy, Send
from connectors.aio.clock import Clock
from connectors.aio.single_flight import SingleFlight
from connectors.contract import Call, Reply
from connectors.errors import UpstreamTimeout

Outcome = Reply | Exception


def share(clock: Clock) -> Policy:
    """Join callers of one reply: the first one makes the call, within its own deadline, and the others wait for it.

    Each keeps its own deadline. When the first one leaves before the reply is there, or has less time than the upstream
    takes, the next one makes the call again.
    """
    flights = SingleFlight[Outcome]()

    def around(send: Send) -> Send:
        async def send_once(call: Call) -> Reply:
            if not call.operation.is_safe:
                return await send(call)
            key = create_flight_key(call)
            if flights.find(key) is not None:
                shared = await flights.follow(key, partial(_require_time, call, clock))
                if isinstance(shared, Exception):
                    raise shared
                if shared is not None:
                    return shared.point_at(())  # one each, so that no caller can touch what another one holds
            flights.lead(key)
            outcome: Outcome | None = None
            try:
                outcome = reply = await send(call)
            except Exception as error:
                is_over = call.deadline is not None and clock.now() >= call.deadline
                if not (is_over and isinstance(error, UpstreamTimeout)):
                    outcome = error  # else it says that our time was up, and nothing about the others'
                raise
            else:
                return reply
            finally:
                flights.finish(key, outcome)

        return send_once

    return around


def _require_time(call: Call, clock: Clock) -> float | None:
    """The seconds that a caller has to wait for another one. Raises UpstreamTimeout when it has none."""
    left = call.left(clock)
    if left is not None and left <= 0:
        raise UpstreamTimeout(call.operation, "no reply before the deadline of the request")
    return left
