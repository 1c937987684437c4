"""The gateway: a Request in, an Answer out, for every transport. Made by `bff.app`, called by `bff.http`.

It composes, once for each frontend, the inbound policies around the execution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from bff.contract import Answer, Caller, FrontendCard, Refused, Request, Response, Timings, timings
from bff.engine.prepare.queue import PrepareQueue
from bff.frontends.choice import Choice
from bff.frontends.frontend import Frontend
from bff.gateway.execution import Execution
from bff.loading.upstream import Reachable
from bff.loading.window import Windows
from bff.observability.logger import get_logger
from bff.observability.metrics import OperationCounts
from bff.operation.answers import answer_internal
from bff.operation.operation import Operation, log_fields
from bff.policies.inbound.order import Placed, inbound, wrap
from bff.policies.inbound.policy import Respond

log = get_logger("bff.gateway")

_ADMITTED = Answer()
"""The result at the end of the chain of `admit`. Its value is not used."""


class KnowsReadiness(Protocol):
    """The upstreams, as the gateway sees them together."""

    def readiness(self) -> Mapping[str, str]:
        """What is not ready, by name, in safe words."""


@dataclass(frozen=True, slots=True)
class _Entrance:
    """The one way into a frontend."""

    frontend: Frontend
    placed: Sequence[Placed]
    respond: Respond
    """The policies, and the execution within."""
    admit: Respond
    """Those of the policies that need only the head of a request, and nothing within."""


class Gateway:
    """Answers for all frontends. Implements `bff.contract.AnswersRequests`."""

    def __init__(
        self,
        frontends: Mapping[str, Frontend],
        upstreams: Mapping[str, Reachable],
        *,
        request_timeout: float,
        readiness: KnowsReadiness,
        max_prepare_queue: int = 256,
        shows_names: bool = True,
    ) -> None:
        """`request_timeout` in seconds is the one deadline of a request, passed on to every upstream call.

        At most `max_prepare_queue` unknown documents wait. `shows_names` lists the frontends in refusals.
        """
        self.frontends = frontends
        self._readiness = readiness
        self._card = {name: frontend.card for name, frontend in frontends.items()}
        self._cards = tuple(self._card.values())
        self._choice = Choice({name: frontend.options for name, frontend in frontends.items()}, shows_names=shows_names)
        windows, preparing = Windows(), PrepareQueue(max_prepare_queue)
        self._entrances = {
            name: _open_entrance(frontend, upstreams, windows, preparing, request_timeout)
            for name, frontend in frontends.items()
        }

    @property
    def cards(self) -> Sequence[FrontendCard]:
        """The frontends, in the order of bff.yaml."""
        return self._cards

    def list_policies(self, frontend: str) -> Sequence[Placed]:
        """The inbound policies of a frontend that are on, the outermost first."""
        return self._entrances[frontend].placed

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> FrontendCard:
        """The frontend for a request; raises Refused where none fits. Whether the caller may ask is said by `admit`."""
        return self._card[self._choice.choose(headers, fixed)]

    def readiness(self) -> Mapping[str, str]:
        """What is not ready yet."""
        return self._readiness.readiness()

    async def admit(self, head: Request) -> Caller:
        """The caller of a request of which only frontend, headers and client are known; raises Refused.

        For transports that want to know before they read on. `answer` asks again, whether or not they did.
        """
        entrance = self._entrances[head.frontend]
        operation = Operation(head, entrance.frontend)
        await entrance.admit(operation)
        return operation.caller

    async def answer(self, request: Request) -> Response:
        """Answer a query or mutation, or start a subscription."""
        try:
            entrance = self._entrances[request.frontend]
            operation = Operation(request, entrance.frontend)
            noted = timings.get()
            if noted is None:
                return await entrance.respond(operation)
            return await _respond_timed(entrance.respond, operation, noted)
        except Refused as refusal:
            return refusal.answer()
        except Exception:
            log.exception("request_failed", **log_fields(request))
            return answer_internal(request)

    async def close(self) -> None:
        """Give back what frontends hold: connections to stores of documents."""
        for frontend in self.frontends.values():
            await frontend.documents.close()


def _open_entrance(
    frontend: Frontend,
    upstreams: Mapping[str, Reachable],
    windows: Windows,
    preparing: PrepareQueue,
    request_timeout: float,
) -> _Entrance:
    timeout = min(request_timeout, frontend.options.limits.timeout or request_timeout)
    counts = OperationCounts(frontend.name)
    execution = Execution(frontend, upstreams, windows, counts, timeout=timeout)
    placed = inbound(frontend, counts, preparing, timeout=timeout)
    return _Entrance(
        frontend,
        placed,
        respond=wrap(execution.respond, placed),
        admit=wrap(_let_in, [each for each in placed if each.needs_head_only]),
    )


async def _let_in(operation: Operation) -> Response:
    return _ADMITTED


async def _respond_timed(respond: Respond, operation: Operation, noted: Timings) -> Response:
    """Note how long an operation took to be prepared and to run whole."""
    began = monotonic()
    response = await respond(operation)
    if isinstance(response, Answer) and operation.prepared_at and operation.plan.kind != "subscription":
        prepared_at = operation.prepared_at
        noted.parts.update(prepare=prepared_at - began, run=monotonic() - prepared_at)
    return response
