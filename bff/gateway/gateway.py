"""The gateway: a Request in, an Answer out, whatever transport brought it. Made by `bff.app`, called by `bff.http`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Hashable, Mapping, Sequence
from contextlib import aclosing
from contextvars import Context as TaskContext
from contextvars import copy_context
from typing import Any, NamedTuple, Protocol

import structlog
from graphql import ExecutionResult, GraphQLError

from bff.authoring import Context
from bff.contract import (
    Answer,
    Answers,
    Caching,
    Encoded,
    FrontendCard,
    Increments,
    Parts,
    Refused,
    Request,
    timings,
)
from bff.engine.adapters import reference
from bff.engine.errors import document_errors, field_errors, logged_error
from bff.engine.incremental.by_id import ByIds
from bff.engine.incremental.by_path import ByPaths
from bff.engine.prepare.plan import Invalid, Plan
from bff.frontends.choice import Choice
from bff.frontends.frontend import Frontend
from bff.gateway.delivery import Run
from bff.gateway.sharing import Flights
from bff.loading.scope import RequestScope
from bff.loading.upstream import Reachable
from bff.loading.window import Windows
from bff.observability.metrics import OperationCounts
from connectors.aio.timeout import Timeout
from connectors.endpoint import current_scope

log = structlog.get_logger("bff.gateway")

GRACE = 0.5
"""Seconds an answer may come after its deadline: upstream calls end at the deadline, then what is there is written."""


class KnowsReadiness(Protocol):
    """The upstreams, as the gateway sees them together."""

    def readiness(self) -> Mapping[str, str]:
        """What is not ready, by name, in safe words."""


class Ran(NamedTuple):
    """What running a query came to. Everyone who asked makes an answer of it, with errors under its own request id."""

    result: Any
    """An Exception where it failed as a whole."""
    context: Context
    encoded: Encoded | None
    """Where their JSON is kept, when there are several."""


class Gateway:
    """Answers for all frontends. Implements `bff.contract.AnswersRequests`."""

    def __init__(
        self,
        frontends: Mapping[str, Frontend],
        upstreams: Mapping[str, Reachable],
        *,
        request_timeout: float,
        readiness: KnowsReadiness,
    ) -> None:
        """`request_timeout` in seconds is the one deadline of a request, passed on to every upstream call."""
        self.frontends = frontends
        self._upstreams = upstreams
        self._seconds = {
            name: min(request_timeout, frontend.options.limits.timeout or request_timeout)
            for name, frontend in frontends.items()
        }
        """How long an operation of a frontend, or one event, may take."""
        self._readiness = readiness
        self._card = {name: frontend.card for name, frontend in frontends.items()}
        self._cards = tuple(self._card.values())
        self._choice = Choice({name: frontend.options for name, frontend in frontends.items()})
        self._flights: dict[str, Flights[Ran]] = {
            name: Flights(frontend.options.share_across) for name, frontend in frontends.items() if frontend.may_share
        }
        self._windows = Windows()
        self._counts = {name: OperationCounts(name) for name in frontends}

    @property
    def cards(self) -> Sequence[FrontendCard]:
        """The frontends, in the order of bff.yaml."""
        return self._cards

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> FrontendCard:
        """The frontend for a request; raises Refused."""
        return self._card[self._choice.choose(headers, fixed)]

    def readiness(self) -> Mapping[str, str]:
        """What is not ready yet."""
        return self._readiness.readiness()

    async def answer(self, request: Request) -> Answer | Parts | Answers:
        """Answer a query or mutation, or start a subscription."""
        frontend = self.frontends[request.frontend]
        asked = request
        began = time.perf_counter()
        try:
            if not asked.query or asked.extensions or asked.document_id or frontend.documents.only_trusted:
                request = await frontend.documents.find(asked)
            asks = (request.query, request.operation_name, request.variables or {})
            plan = frontend.plans.find(*asks) or await frontend.plans.prepare_in_thread(*asks)
            if request.no_mutations and plan.kind == "mutation":
                raise Refused(
                    "METHOD_NOT_ALLOWED",
                    "A mutation cannot be sent with GET; use POST.",
                    status=405,
                    headers={"allow": "POST"},
                )
            if asked.extensions:
                await frontend.documents.keep(asked)
        except Refused as refusal:
            return refusal.answer()
        except Invalid as invalid:
            errors = document_errors(invalid.errors, explains=frontend.options.explains)
            return Answer(errors=errors, was_executed=False, status=400)
        except Exception:
            log.exception("prepare_failed", **_labels(request))
            return _internal(request)
        if plan.kind == "subscription":
            if request.instead_of_events is not None:
                return request.instead_of_events
            return await self._subscribe(frontend, plan, request)
        if plan.is_incremental and frontend.options.incremental and request.increments is not None:
            return await self._run_in_parts(frontend, plan, request, request.increments)
        noted = timings.get()
        if noted is None:
            return await self._run(frontend, plan, request)
        prepared = time.perf_counter()
        answer = await self._run(frontend, plan, request)
        noted.parts.update(prepare=prepared - began, run=time.perf_counter() - prepared)
        return answer

    async def close(self) -> None:
        """Give back what frontends hold: connections to stores of documents."""
        for frontend in self.frontends.values():
            await frontend.documents.close()

    def _run(self, frontend: Frontend, plan: Plan, request: Request) -> Awaitable[Answer]:
        """Run it, or wait for one that is under way and that nothing can tell apart from it."""
        ends = time.monotonic() + self._seconds[frontend.name]
        flights = self._flights.get(frontend.name)
        if flights is None or plan.kind != "query" or plan.program.has_effects or plan.program.was_immediate:
            return self._run_alone(frontend, plan, request, ends)
        key = flights.key(plan, request)
        if key is None:
            return self._run_alone(frontend, plan, request, ends)
        if flights.find(key) is None:
            return self._run_alone(frontend, plan, request, ends, flights, key)
        return self._run_once(frontend, plan, request, ends, flights, key)

    async def _run_once(
        self, frontend: Frontend, plan: Plan, request: Request, ends: float, flights: Flights[Ran], key: Hashable
    ) -> Answer:
        while (shared := flights.find(key)) is not None:
            left = ends + GRACE - time.monotonic()
            if left <= 0:
                return self._late(frontend, request)
            ran = await shared.wait(left)
            if ran is not None:
                self._counts[frontend.name].shared()
                return _told(ran, frontend, plan, request)
            if plan.program.has_effects:
                return await self._run_alone(frontend, plan, request, ends)
        return await self._run_alone(frontend, plan, request, ends, flights, key)

    async def _run_alone(
        self,
        frontend: Frontend,
        plan: Plan,
        request: Request,
        ends: float,
        flights: Flights[Ran] | None = None,
        key: Hashable = None,
    ) -> Answer:
        """Run it; with `flights` and a key, others may wait for what it comes to."""
        scope = self._scope(frontend, request, deadline=ends)
        context = _context(plan, request)
        shared = None if flights is None else flights.lead(key)
        token = current_scope.set(scope)
        try:
            limit: Timeout | None = None
            try:
                result = self._begun(frontend, plan, request, context)
                if not isinstance(result, ExecutionResult):
                    limit = Timeout(ends + GRACE - time.monotonic())
                    result = await result
            except asyncio.CancelledError:
                if limit is not None and limit.is_ours():
                    return self._late(frontend, request)
                raise
            except Exception as error:  # noqa: BLE001 - told, and logged, by everyone who asked
                result = error
            finally:
                if limit is not None:
                    limit.cancel()
            ran = Ran(result, context, Encoded() if shared is not None and shared.has_followers else None)
            if scope.has_effects:
                plan.program.has_effects = True
            elif shared is not None and time.monotonic() < ends:  # else the deadline has shaped it, and theirs is later
                shared.finish(ran)
            return _told(ran, frontend, plan, request)
        finally:
            current_scope.reset(token)
            if flights is not None:
                flights.finish(key)
            await scope.close()

    def _begun(self, frontend: Frontend, plan: Plan, request: Request, context: Context) -> Any:
        """The result where nothing must be waited for, or what there is to wait for."""
        self._counts[frontend.name].ran(plan.kind, frontend.not_compiled)
        if frontend.is_compiled:
            return plan.program.begin(request.variables, context, is_written=request.is_written)
        return reference.run(frontend.schema, request.query, request.variables, request.operation_name, context)

    def _late(self, frontend: Frontend, request: Request) -> Answer:
        seconds = self._seconds[frontend.name]
        log.warning("request_timeout", seconds=seconds, **_labels(request))
        message = f"The request took longer than the {seconds:g} seconds that it may."
        return Answer(errors=[logged_error(message, "TIMEOUT", _labels(request))])

    async def _run_in_parts(
        self, frontend: Frontend, plan: Plan, request: Request, increments: Increments
    ) -> Answer | Parts:
        seconds = self._seconds[frontend.name]
        scope = self._scope(frontend, request, deadline=time.monotonic() + seconds)
        context = _context(plan, request, in_parts=True)
        self._counts[frontend.name].ran(plan.kind, frontend.not_compiled)

        def safe(errors: Sequence[GraphQLError]) -> Sequence[Mapping[str, Any]]:
            return field_errors(errors, log_fields=_labels(request), explains=frontend.options.explains)

        run = Run(
            await _results_in_parts(frontend, plan, request, context),
            ByIds(safe) if increments is Increments.IDS else ByPaths(plan.document, plan.operation, safe),
            scope=scope,
            context=context,
            answer=lambda result: _answer(result, context, request, frontend),
            seconds=seconds + GRACE,
            log_fields=_labels(request),
        )
        return await run.start()

    async def _subscribe(self, frontend: Frontend, plan: Plan, request: Request) -> Answer | Answers:
        scope = self._scope(frontend, request, deadline=None)
        context = _context(plan, request)
        self._counts[frontend.name].ran(plan.kind, frontend.not_compiled)
        # A generator runs in the context of whoever iterates it, so each step gets a task with a context of its own.
        own = copy_context()
        own.run(current_scope.set, scope)
        started = _results(frontend, plan, request, context)
        try:
            results = await asyncio.create_task(started, context=own)
        except BaseException:
            await scope.close()
            raise
        if isinstance(results, AsyncGenerator):
            return _events(results, scope, context, request, own, frontend)
        await scope.close()
        return _answer(results, context, request, frontend)

    def _scope(self, frontend: Frontend, request: Request, *, deadline: float | None) -> RequestScope:
        return RequestScope(
            upstreams=self._upstreams,
            incoming=request.headers,
            deadline=deadline,
            most_calls=frontend.options.limits.max_calls,
            event_seconds=self._seconds[frontend.name],
            windows=self._windows,
        )


def _told(ran: Ran, frontend: Frontend, plan: Plan, request: Request) -> Answer:
    if isinstance(ran.result, Exception):
        log.error("request_failed", exc_info=ran.result, **_labels(request))
        return _internal(request)
    try:
        return _answer(ran.result, ran.context, request, frontend, plan.caching, ran.encoded)
    except Exception:
        log.exception("request_failed", **_labels(request))
        return _internal(request)


async def _results(frontend: Frontend, plan: Plan, request: Request, context: Context) -> Any:
    if frontend.is_compiled:
        return plan.program.subscribe(request.variables, context)
    return await reference.subscribe(frontend.schema, request.query, request.variables, request.operation_name, context)


async def _results_in_parts(
    frontend: Frontend, plan: Plan, request: Request, context: Context
) -> AsyncGenerator[Any, None]:
    if frontend.is_compiled and plan.program_in_parts is not None:
        return plan.program_in_parts.run_in_parts(request.variables, context)
    return await reference.run_in_parts(
        frontend.schema, request.query, request.variables, request.operation_name, context
    )


async def _events(
    results: AsyncGenerator[ExecutionResult, None],
    scope: RequestScope,
    context: Context,
    request: Request,
    own: TaskContext,
    frontend: Frontend,
) -> Answers:
    """One Answer per event, until the upstream or the frontend ends the subscription."""
    try:
        async with aclosing(results):
            while True:
                scope.renew(None)
                context.degraded.clear()
                result = await asyncio.create_task(_next(results), context=own)
                if result is None:
                    return
                yield _answer(result, context, request, frontend)
    finally:
        await scope.close()


async def _next(results: AsyncGenerator[ExecutionResult, None]) -> ExecutionResult | None:
    """The next result; None at the end, because StopAsyncIteration cannot leave a task."""
    return await anext(results, None)


def _answer(
    result: ExecutionResult | Any,
    context: Context,
    request: Request,
    frontend: Frontend,
    caching: Caching | None = None,
    encoded: Encoded | None = None,
) -> Answer:
    most_bytes = frontend.options.limits.max_response_size
    if not (result.errors or context.degraded or getattr(result, "extensions", None)):
        return Answer(data=result.data, errors=[], caching=caching, most_bytes=most_bytes, encoded=encoded)
    extensions: dict[str, Any] = dict(getattr(result, "extensions", None) or {})
    if context.degraded:
        extensions.update(context.degraded_extension())
    errors: Sequence[Mapping[str, Any]] = []
    if result.errors:
        errors = field_errors(result.errors, log_fields=_labels(request), explains=frontend.options.explains)
    # An error without a path stopped the request before any field ran (GraphQL specification, section 7.1.2).
    was_executed = not (result.data is None and errors and all("path" not in error for error in errors))
    return Answer(
        data=result.data,
        errors=errors,
        extensions=extensions,
        was_executed=was_executed,
        status=200 if was_executed else 400,
        caching=None if errors or context.degraded else caching,
        most_bytes=most_bytes,
        encoded=None if errors else encoded,
    )


def _context(plan: Plan, request: Request, *, in_parts: bool = False) -> Context:
    document = plan.document if in_parts else plan.whole
    return Context(frontend=request.frontend, headers=request.headers, client=request.client, document=document)


def _labels(request: Request) -> dict[str, str]:
    return {"frontend": request.frontend, "request_id": request.headers.get("x-request-id", "")}


def _internal(request: Request) -> Answer:
    error = logged_error("Something went wrong.", "INTERNAL", _labels(request))
    return Answer(errors=[error], was_executed=False, status=500)
