"""Single flight of whole operations: queries that nothing can tell apart run once. Called by the gateway.

Whoever comes first runs it; see connectors.aio.single_flight for the others.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Hashable
from typing import TypeVar

from bff.contract import Request
from bff.policies.outbound.identity import TRACING
from connectors.aio.single_flight import SingleFlight

T = TypeVar("T")

ADDRESS = "address"
"""In `share_across`: the network address of the peer."""


class Flights(SingleFlight[T]):
    """The operations of one frontend that are under way."""

    def __init__(self, across: Collection[str] = ()) -> None:
        """`across` are headers that never change an answer, in lower case, and perhaps ADDRESS."""
        super().__init__()
        self._ignored = tuple(TRACING | {*across} - {ADDRESS})
        self._tells_addresses = ADDRESS not in across

    def key(self, plan: object, request: Request) -> Hashable | None:
        """Equal for requests that no resolver and no policy can tell apart; None for one that cannot be shared.

        `plan` stands for frontend, document and operation name, and must live as long as the flight does. Variables
        are compared byte for byte: 1 is not 1.0, and the order of an object's keys is data to a JSON scalar. Headers
        are compared in their order, because that costs least; it only ever shares too little.
        """
        headers = dict(request.headers)
        for name in self._ignored:
            headers.pop(name, None)
        try:
            # Later versions of the format write equal values in several ways.
            variables = marshal.dumps(request.variables, 2)  # type: ignore[arg-type]  # it raises for what does not fit
        except ValueError:
            return None  # files, and whatever else is no JSON
        address = request.client if self._tells_addresses else ""
        return (id(plan), variables, tuple(headers.items()), address, request.is_written)
