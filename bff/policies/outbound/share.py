"""Single flight: identical safe calls that are under way at once become one."""

from __future__ import annotations

from collections.abc import Hashable

from bff.policies.outbound.identity import flight_key_of
from bff.policies.outbound.policy import Clock, Policy, Send
from connectors.aio.single_flight import Flight
from connectors.contract import Call, Reply
from connectors.errors import UpstreamTimeout

Outcome = Reply | Exception


def share(clock: Clock) -> Policy:
    """Join callers of one reply: the first one makes the call, within its own deadline, and the others wait for it.

    Each keeps its own deadline. When the first one leaves before the reply is there, or has less time than the upstream
    takes, the next one makes the call again.
    """
    flights: dict[Hashable, Flight[Outcome]] = {}

    def around(send: Send) -> Send:
        async def send_once(call: Call) -> Reply:
            if not call.operation.is_safe:
                return await send(call)
            key = flight_key_of(call)
            while (flight := flights.get(key)) is not None:
                outcome = await flight.landed(_left(call, clock))
                if isinstance(outcome, Exception):
                    raise outcome
                if outcome is not None:
                    return outcome.pointed(())  # one each, so that no caller can touch what another one holds
            flight = flights[key] = Flight()
            landed: Outcome | None = None
            try:
                landed = reply = await send(call)
            except Exception as error:
                if not (isinstance(error, UpstreamTimeout) and call.deadline is not None and clock() >= call.deadline):
                    landed = error  # else it says that our time was up, and nothing about the others'
                raise
            else:
                return reply
            finally:
                del flights[key]
                flight.land(landed)

        return send_once

    return around


def _left(call: Call, clock: Clock) -> float | None:
    """The seconds that a caller has to wait for another one. Raises UpstreamTimeout when it has none."""
    left = None if call.deadline is None else call.deadline - clock()
    if left is not None and left <= 0:
        raise UpstreamTimeout(call.operation, "no reply before the deadline of the request")
    return left
