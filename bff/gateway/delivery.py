"""Run an operation with @defer or @stream: its first part, then the others when they are ready. Used by the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from contextvars import copy_context
from typing import Any

import structlog
from graphql.execution import InitialIncrementalExecutionResult

from bff.authoring import Context
from bff.contract import Answer, Answers, Part, Parts
from bff.engine.errors import logged_error
from bff.engine.incremental.by_id import Delivery
from bff.loading.scope import RequestScope
from connectors.endpoint import current_scope

log = structlog.get_logger("bff.engine")


class Run:
    """One operation that is answered in parts. Its scope lives until the last part is taken, or nobody wants more."""

    def __init__(
        self,
        results: AsyncGenerator[Any, None],
        delivery: Delivery,
        *,
        scope: RequestScope,
        context: Context,
        answer: Callable[[Any], Answer],
        seconds: float,
        log_fields: Mapping[str, str],
    ) -> None:
        """`results` are graphql-core's, `answer` makes one of them safe to show; all parts are out after `seconds`."""
        self._results = results
        self._delivery = delivery
        self._scope = scope
        self._context = context
        self._answer = answer
        self._seconds = seconds
        self._log_fields = log_fields
        self._degraded = 0
        # A generator runs in the context of whoever iterates it, so each step gets a task with a context of its own.
        self._own = copy_context()
        self._own.run(current_scope.set, scope)

    async def start(self) -> Answer | Parts:
        """The first part; or all of the answer, when nothing of it is left to wait for."""
        parts = self._parts()
        first = await anext(parts)
        if isinstance(first, Part):
            return Parts(first, parts)
        await parts.aclose()
        return first

    async def _parts(self) -> Answers:
        end = asyncio.get_running_loop().time() + self._seconds
        has_begun = False
        try:
            async with aclosing(self._results):
                while True:
                    async with asyncio.timeout_at(end):
                        result = await asyncio.create_task(_next(self._results), context=self._own)
                    if result is None:
                        return
                    yield self._part(result, is_first=not has_begun)
                    has_begun = True
        except TimeoutError:
            log.warning("request_timeout", seconds=self._seconds, **self._log_fields)
            error = logged_error("The request took too long.", "TIMEOUT", self._log_fields)
            yield self._broken_off(error) if has_begun else Answer(errors=[error])
        except Exception:
            log.exception("request_failed", **self._log_fields)
            error = logged_error("Something went wrong.", "INTERNAL", self._log_fields)
            yield self._broken_off(error) if has_begun else Answer(errors=[error], was_executed=False, status=500)
        finally:
            for end_it in self._context.unfinished:
                await end_it()
            await self._scope.close()

    def _part(self, result: Any, *, is_first: bool) -> Answer:
        if not is_first:
            return Part(delivery=self._with_degraded(self._delivery.go_on(result)))
        first = self._answer(result)
        if not isinstance(result, InitialIncrementalExecutionResult):
            return first
        self._degraded = len(self._context.degraded)
        fields = self._delivery.begin(result)
        return Part(data=first.data, errors=first.errors, extensions=first.extensions, delivery=fields, is_first=True)

    def _with_degraded(self, fields: dict[str, Any]) -> dict[str, Any]:
        """All that is degraded so far, beside the data: clients keep the extensions that they read last."""
        if len(self._context.degraded) > self._degraded and fields.get("incremental"):
            self._degraded = len(self._context.degraded)
            fields["incremental"][0]["extensions"] = self._context.degraded_extension()
        return fields

    def _broken_off(self, error: Mapping[str, Any]) -> Part:
        return Part(delivery=self._delivery.break_off(error))


async def _next(results: AsyncGenerator[Any, None]) -> Any:
    """The next result; None at the end, because StopAsyncIteration cannot leave a task."""
    return await anext(results, None)
