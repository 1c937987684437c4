"""The one record that is handed on, from the gateway through the inbound policies to the execution.

Each policy fills what its place in `bff.policies.inbound.order` says; an attribute that no policy has filled yet raises
AttributeError.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bff.authoring import Context
from bff.contract import ANONYMOUS, Caller, Encoded, Request
from bff.engine.prepare.plan import Plan
from bff.frontends.frontend import Frontend
from bff.loading.scope import RequestScope
from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.aio.single_flight import SharedResult

GRACE = 0.5
"""Seconds an answer may come after its deadline: upstream calls end at the deadline, then what is there is written."""


class Outcome(NamedTuple):
    """What running a query came to. Each operation that shares it makes its own answer of it, under its request id."""

    result: Any
    """The execution result; an Exception where the execution failed as a whole."""
    context: Context
    encoded: Encoded | None
    """Where the JSON is kept, when several operations share it."""


class Operation:
    """One request of one frontend, and all that becomes known of it."""

    __slots__ = (
        "arrived_at",
        "caller",
        "context",
        "deadline",
        "frontend",
        "plan",
        "prepared_at",
        "request",
        "scope",
        "shared",
    )

    request: Request
    """With its document in `query` after the policy `documents`."""
    frontend: Frontend
    caller: Caller
    """Anonymous until the policy `authenticate`."""
    arrived_at: float
    """When its document began to be looked for, in seconds of `time.monotonic()`; 0 where that takes no time."""
    plan: Plan
    """Filled by the policy `prepare`."""
    prepared_at: float
    """When its plan was there, in seconds of `time.monotonic()`; 0 before. Filled by the policy `prepare`."""
    deadline: float
    """When an answer is of no more use, in seconds of `time.monotonic()`. Filled by the policy `prepare`."""
    shared: SharedResult[Outcome] | None
    """Where the outcome goes when other operations may share it. Filled by the policy `share`."""
    context: Context
    """What resolvers see. Filled by the execution."""
    scope: RequestScope
    """What owns all upstream calls. Filled, and closed, by the execution."""

    def __init__(self, request: Request, frontend: Frontend) -> None:
        self.request = request
        self.frontend = frontend
        self.caller = ANONYMOUS
        self.arrived_at = 0.0
        self.prepared_at = 0.0
        self.shared = None

    @property
    def takes_parts(self) -> bool:
        """Whether @defer and @stream may send its answer in parts."""
        return self.request.increments is not None and self.frontend.options.incremental

    @property
    def log_fields(self) -> dict[str, str]:
        """What ties its log lines and errors to the request."""
        return log_fields(self.request)

    def left(self, clock: Clock = SYSTEM_CLOCK) -> float:
        """The seconds until an answer is too late: GRACE after the deadline. Negative when it is."""
        return self.deadline + GRACE - clock.now()


def log_fields(request: Request) -> dict[str, str]:
    """What ties log lines and errors to a request."""
    return {"frontend": request.frontend, "request_id": request.headers.get("x-request-id", "")}
