"""A gateway over upstreams that are Python functions: for tests of everything above the protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Any

import strawberry

from bff.contract import Answer, Request
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from bff.policies.outbound.options import Options as Policies
from bff.upstreams.upstream import Upstream, UpstreamSettings
from connectors.contract import Call, Connector, Event, Operation, Reply
from connectors.endpoint import Batch, Endpoint, PublishEndpoint, StreamEndpoint
from connectors.options import ConnectorOptions
from tests.waiting import GENEROUS


class FakeUpstream:
    """Answers every call with `answer(call)`; an exception it returns is raised. Remembers all calls."""

    window: float | None = None
    timeout: float | None = None
    max_records: int | None = None
    has_empty_lists = False

    def __init__(
        self,
        answer: Callable[[Call], Any] = lambda call: None,
        events: Iterable[Any] = (),
        delay: float = 0,
        before: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """`before` is awaited before each answer; else `delay` seconds are waited."""
        self.answer = answer
        self.events = list(events)
        self.delay = delay
        self.before = before
        self.calls: list[Call] = []
        self.published: list[Call] = []
        self.cancelled = 0
        self.streams_open = 0

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        try:
            await (self.before() if self.before else asyncio.sleep(self.delay))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        answer = self.answer(call)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else Reply(answer)

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        self.calls.append(call)
        self.streams_open += 1
        try:
            for event in self.events:
                if isinstance(event, Exception):
                    raise event
                yield Event(data=event)
        finally:
            self.streams_open -= 1

    def identity(self, incoming: Mapping[str, str]) -> Hashable:
        return frozenset(incoming.items())

    async def publish(self, call: Call) -> None:
        self.published.append(call)


def endpoint(name: str, parameters: Mapping[str, bool] | None = None, **options: Any) -> Endpoint:
    """`endpoint("shop: product", {"id": True})`: an endpoint without a protocol."""
    upstream, _, operation = name.partition(": ")
    safe = options.pop("safe", True)
    return Endpoint(Operation(upstream=upstream, name=operation, is_safe=safe), parameters or {}, **options)


def batched(name: str, parameter: str = "id", key: str = "id", *, single: bool = False, **batch: Any) -> Endpoint:
    """An endpoint that takes many values of one parameter."""
    rule = Batch(parameter=parameter, key=(key,) if key else (), **batch)
    return endpoint(name, {parameter: True}, batch=rule, has_single_form=single)


def stream(name: str, parameters: Mapping[str, bool] | None = None) -> StreamEndpoint:
    """A stream without a protocol."""
    upstream, _, operation = name.partition(": ")
    return StreamEndpoint(Operation(upstream=upstream, name=operation), parameters or {})


def publisher(name: str) -> PublishEndpoint:
    """A publish endpoint without a protocol."""
    upstream, _, operation = name.partition(": ")
    return PublishEndpoint(Operation(upstream=upstream, name=operation, is_safe=False), {})


def upstream_of(connector: Connector, options: ConnectorOptions) -> Upstream:
    """A real connector as the gateway has it, with the policies of an upstream of which bff.yaml says nothing else."""
    return Upstream(
        UpstreamSettings(name="api", kind="test", connector=options, policies=Policies(timeout=GENEROUS)), connector
    )


class AllReady:
    """Upstreams of which none is missing."""

    def readiness(self) -> Mapping[str, str]:
        return {}


def gateway(
    schema: strawberry.Schema,
    timeout: float = GENEROUS,
    limits: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    **upstreams: FakeUpstream | Upstream,
) -> Gateway:
    """A gateway with one frontend named `app`."""
    chosen = Options.model_validate({"schema": "tests", "limits": dict(limits or {}), **(options or {})})
    return Gateway(
        {"app": make_frontend("app", chosen, schema)}, upstreams, request_timeout=timeout, readiness=AllReady()
    )


async def ask(gateway: Gateway, query: str, **variables: Any) -> Answer:
    """Run a query and return its one answer."""
    answer = await gateway.answer(Request(frontend="app", query=query, variables=variables))
    assert isinstance(answer, Answer)
    return answer
