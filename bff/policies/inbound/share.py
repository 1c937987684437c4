"""Single flight of whole operations: queries that nothing can tell apart run once.

The first one runs; see connectors.aio.single_flight for the others.
"""

from __future__ import annotations

import marshal
from collections import deque
from collections.abc import Awaitable, Collection, Hashable
from itertools import repeat

from bff.contract import Response
from bff.observability.metrics import OperationCounts
from bff.operation.answers import answer_outcome, answer_timeout
from bff.operation.operation import Operation, Outcome
from bff.policies.inbound.policy import Policy, Respond
from bff.policies.outbound.identity import TRACING
from connectors.aio.single_flight import SingleFlight

_take_all = deque[object](maxlen=0).extend
_NONES: repeat[None] = repeat(None)
ADDRESS = "address"
"""In `share_across`: the network address of the peer."""


class SharingKeys:
    """Makes keys that are equal for operations that no resolver and no policy can tell apart."""

    def __init__(self, across: Collection[str] = ()) -> None:
        """`across` are headers that never change an answer, in lower case, and perhaps ADDRESS."""
        self._ignored = tuple(TRACING | {*across} - {ADDRESS})
        self._tells_addresses = ADDRESS not in across

    def make_key(self, operation: Operation) -> Hashable | None:
        """The key of an operation; None for one that cannot be shared.

        The plan stands for frontend, document and operation name, and must live as long as the key is used. Variables
        are compared byte for byte: 1 is not 1.0, and the order of an object's keys is data to a JSON scalar. Headers
        are compared in their order, because that costs least; it only ever shares too little. So does comparing callers
        by the object: one credential is one caller.
        """
        request = operation.request
        headers = dict(request.headers)
        _take_all(map(headers.pop, self._ignored, _NONES))  # no loop over names, but in C
        try:
            # Later versions of the format write equal values in several ways.
            variables = marshal.dumps(request.variables, 2)  # type: ignore[arg-type]  # it raises for what does not fit
        except ValueError:
            return None  # files, and other values that are no JSON
        address = request.client if self._tells_addresses else ""
        scope = request.asgi_scope
        target = (scope.get("method"), scope.get("path"), scope.get("query_string"), scope.get("scheme"))
        own = (id(operation.plan), operation.caller, request.takes_records)
        return (own, variables, tuple(headers.items()), address, target)


def share(across: Collection[str], counts: OperationCounts, *, timeout: float) -> Policy:
    """Run a query once for all operations that equal it while it runs. Each keeps its own `timeout` in seconds.

    `across` as in SharingKeys.
    """
    keys = SharingKeys(across)
    flights: SingleFlight[Outcome] = SingleFlight()

    def around(respond: Respond) -> Respond:
        def respond_once(operation: Operation) -> Awaitable[Response]:
            plan = operation.plan
            history = plan.history
            if plan.kind != "query" or history.has_effects or history.was_immediate:
                return respond(operation)
            if plan.is_incremental and operation.takes_parts:
                return respond(operation)
            key = keys.make_key(operation)
            if key is None:
                return respond(operation)
            return lead(operation, key) if flights.find(key) is None else follow(operation, key)

        async def lead(operation: Operation, key: Hashable) -> Response:
            operation.shared = flights.lead(key)
            try:
                return await respond(operation)
            finally:
                flights.finish(key)

        async def follow(operation: Operation, key: Hashable) -> Response:
            while (shared := flights.find(key)) is not None:
                left = operation.left()
                if left <= 0:
                    return answer_timeout(operation, timeout)
                outcome = await shared.wait(left)
                if outcome is not None:
                    counts.count_shared()
                    return answer_outcome(operation, outcome)
                if operation.plan.history.has_effects:
                    return await respond(operation)
            return await lead(operation, key)

        return respond_once

    return around
