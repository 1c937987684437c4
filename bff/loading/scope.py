"""The scope of one request: its deadline, its identity, its loaders and all its tasks. Made by the gateway.

All objects of a list ask at the same moment; loaders turn that into one call per endpoint. Nothing outlives `close`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Hashable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiodataloader import DataLoader

from bff.contract import Refused, timings
from bff.loading.upstream import Reachable
from bff.policies.outbound.identity import frozen
from connectors.batching import deal, single_reply
from connectors.contract import Call, Event, Reply, Selection
from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint
from connectors.errors import DefinitionError, UpstreamError
from connectors.scope import point

T = TypeVar("T")
Outcome = Reply | Exception
"""Errors travel as values, so that an answer nobody waits for any more is never an unretrieved exception."""

SIDE_BY_SIDE = 16
"""Unbatched calls of one endpoint that may be under way at once in one request, where its author set no `each`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one loader is for: an endpoint, its arguments but the batched one, and what is wanted."""

    endpoint: Endpoint
    arguments: Hashable
    selection: Selection | None


@dataclass(slots=True)
class _Batch:
    """Keys that go out together."""

    done: asyncio.Future[None]
    keys: list[Hashable] = field(default_factory=list)
    outcomes: dict[Hashable, Outcome] = field(default_factory=dict)


@dataclass(slots=True)
class RequestScope:
    """Carries out the asks of one request. Implements `connectors.endpoint.Scope`."""

    upstreams: Mapping[str, Reachable]
    incoming: Mapping[str, str] = field(default_factory=dict)
    """Headers of the frontend's request, from which policies forward."""
    deadline: float | None = None
    """When the answer is of no more use, in seconds of `time.monotonic()`."""
    most_calls: int | None = None
    """Upstream calls this operation may make."""
    event_seconds: float | None = None
    """How long resolving one event of a subscription may take."""
    calls: int = 0
    """Upstream calls made so far."""
    _loaders: dict[Asked, DataLoader[Any, Outcome]] = field(default_factory=dict)
    _batches: dict[Asked, dict[Hashable, _Batch]] = field(default_factory=dict)
    _gathering: dict[Asked, _Batch] = field(default_factory=dict)
    _turns: dict[Endpoint, asyncio.Semaphore] = field(default_factory=dict)
    _streams: set[AsyncGenerator[Event, None]] = field(default_factory=set)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _is_closed: bool = False

    async def load(self, endpoint: Endpoint, arguments: Mapping[str, Any], selection: Selection | None) -> Reply:
        """Answer one ask, in a batch where the endpoint has one. Raises UpstreamError, or Refused over `most_calls`."""
        if not endpoint.operation.is_safe:
            reply = await self._owned(self._send(endpoint, self._call(endpoint, arguments, selection)))
            return single_reply(endpoint, reply)
        batch = endpoint.batch
        if batch is None:
            key: Hashable = frozen(arguments)
            loader = self._loader(Asked(endpoint, (), selection), {}, batch_of=1)
            outcome = await _shared(loader.load((key, arguments)))
        else:
            key = arguments.get(batch.parameter)
            if key is None:
                return Reply([] if batch.group else None)
            others = {name: value for name, value in arguments.items() if name != batch.parameter}
            loader = self._loader(Asked(endpoint, frozen(others), selection), others, batch_of=batch.limit)
            outcome = await _shared(loader.load((key, key)))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def load_many(
        self, endpoint: Endpoint, others: Mapping[str, Any], keys: Sequence[Hashable], selection: Selection | None
    ) -> list[Outcome]:
        """The outcome of each key of a batching endpoint, in the keys' order; what is asked at one moment is one call.

        `others` are the arguments beside the batched one.
        """
        return await self._gathered(Asked(endpoint, frozen(others), selection), others, keys)

    async def stream(
        self, endpoint: StreamEndpoint, arguments: Mapping[str, Any], selection: Selection | None
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of one subscription; a subscription has no deadline."""
        call = Call(operation=endpoint.operation, arguments=arguments, selection=selection, incoming=self.incoming)
        self._count(1)
        async with aclosing(self._upstream(endpoint.operation.upstream).stream(call)) as events:
            self._streams.add(events)  # an author's `async for` does not close what it iterates, so `close` does
            async for event in events:
                self.renew(self.event_seconds)
                yield point(event, endpoint.at)
            self._streams.discard(events)

    async def publish(self, endpoint: PublishEndpoint, arguments: Mapping[str, Any]) -> None:
        """Hand over one message."""
        self._count(1)
        call = Call(operation=endpoint.operation, arguments=arguments, incoming=self.incoming, deadline=self.deadline)
        await self._upstream(endpoint.operation.upstream).publish(call)

    def renew(self, seconds: float | None) -> None:
        """Forget what was loaded and counted, before the next event of a subscription is resolved in this time."""
        self._loaders.clear()
        self._batches.clear()
        self.calls = 0
        self.deadline = None if seconds is None else time.monotonic() + seconds

    async def close(self) -> None:
        """Cancel whatever is still under way and wait until it is gone; who asks later gets a DefinitionError."""
        self._is_closed = True
        for stream in self._streams:
            await stream.aclose()
        tasks = [task for task in self._tasks if not task.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)

    def _loader(self, asked: Asked, others: Mapping[str, Any], *, batch_of: int) -> DataLoader[Any, Outcome]:
        loader = self._loaders.get(asked)
        if loader is None:

            async def answer(keys: list[tuple[Hashable, Any]]) -> list[Outcome]:
                values = [value for _, value in keys]
                if asked.endpoint.batch is None:
                    return [await self._alone(asked.endpoint, values[0], asked.selection)]
                return await self._gathered(asked, others, values)

            loader = DataLoader(answer, max_batch_size=batch_of, get_cache_key=_first)
            self._loaders[asked] = loader
        return loader

    async def _gathered(self, asked: Asked, others: Mapping[str, Any], keys: Sequence[Hashable]) -> list[Outcome]:
        """Wait for the batches in which the keys are; make one of those that are in none yet."""
        batches = self._batches.setdefault(asked, {})
        fresh = [key for key in dict.fromkeys(keys) if key not in batches]
        if fresh:
            gathering = self._gathering.get(asked)
            if gathering is None:
                loop = asyncio.get_running_loop()
                gathering = self._gathering[asked] = _Batch(loop.create_future())
                loop.call_soon(self._dispatch, asked, others, gathering)
            gathering.keys += fresh
            batches.update(dict.fromkeys(fresh, gathering))
        for batch in {id(batch): batch for batch in map(batches.__getitem__, keys)}.values():
            await asyncio.shield(batch.done)
        return [batches[key].outcomes[key] for key in keys]

    def _dispatch(self, asked: Asked, others: Mapping[str, Any], batch: _Batch) -> None:
        del self._gathering[asked]
        task = asyncio.ensure_future(self._carry_out(asked, others, batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, asked: Asked, others: Mapping[str, Any], batch: _Batch) -> None:
        assert asked.endpoint.batch is not None
        limit, keys = asked.endpoint.batch.limit, batch.keys
        parts = [keys[start : start + limit] for start in range(0, len(keys), limit)]
        try:
            if len(parts) == 1:
                answers = [await self._batch(asked.endpoint, others, keys, asked.selection)]
            else:
                works = (self._batch(asked.endpoint, others, part, asked.selection) for part in parts)
                answers = await asyncio.gather(*works)
            for part, answer in zip(parts, answers, strict=True):
                batch.outcomes.update(zip(part, answer, strict=True))
        except BaseException:
            batch.done.cancel()  # only `close` ends this early, and whoever waits then is ending too
            raise
        batch.done.set_result(None)

    async def _alone(self, endpoint: Endpoint, arguments: Mapping[str, Any], selection: Selection | None) -> Outcome:
        turns = self._turns.get(endpoint)
        if turns is None:
            turns = self._turns[endpoint] = asyncio.Semaphore(endpoint.each or SIDE_BY_SIDE)
        async with turns:
            try:
                reply = await self._owned(self._send(endpoint, self._call(endpoint, arguments, selection)))
                return single_reply(endpoint, reply)
            except (UpstreamError, Refused, DefinitionError) as error:
                return error

    async def _batch(
        self, endpoint: Endpoint, others: Mapping[str, Any], keys: Sequence[Hashable], selection: Selection | None
    ) -> list[Outcome]:
        assert endpoint.batch is not None
        try:
            if len(keys) == 1 and endpoint.has_single_form:
                arguments = {**others, endpoint.batch.parameter: keys[0]}
                reply = await self._owned(self._send(endpoint, self._call(endpoint, arguments, selection)))
                return [single_reply(endpoint, reply)]
            call = self._call(endpoint, others, selection, tuple(keys))
            return list(deal(endpoint, await self._owned(self._send(endpoint, call)), keys))
        except (UpstreamError, Refused, DefinitionError) as error:
            return [error] * len(keys)

    def _call(
        self,
        endpoint: Endpoint,
        arguments: Mapping[str, Any],
        selection: Selection | None,
        keys: tuple[Hashable, ...] = (),
    ) -> Call:
        return Call(
            operation=endpoint.operation,
            arguments=arguments,
            keys=keys,
            selection=selection,
            deadline=self.deadline,
            incoming=self.incoming,
        )

    async def _send(self, endpoint: Endpoint, call: Call) -> Reply:
        self._count(1)
        name = endpoint.operation.upstream
        noted = timings.get()
        if noted is None:
            return await self._upstream(name).send(call)
        began = time.perf_counter()
        try:
            return await self._upstream(name).send(call)
        finally:
            noted.upstreams.setdefault(name, []).append(time.perf_counter() - began)

    async def _owned(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in a task of this scope, so that `close` reaches it wherever it waits."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await task

    def _count(self, calls: int) -> None:
        if self._is_closed:
            raise DefinitionError("an endpoint was asked after its request had ended; await what a resolver starts")
        self.calls += calls
        if self.most_calls is not None and self.calls > self.most_calls:
            raise Refused(
                "TOO_MANY_CALLS",
                f"This operation needs more than the {self.most_calls} service calls it may make; ask for less.",
            )

    def _upstream(self, name: str) -> Reachable:
        try:
            return self.upstreams[name]
        except KeyError:
            known = ", ".join(sorted(self.upstreams)) or "none"
            raise DefinitionError(f'no upstream "{name}" is configured; bff.yaml has {known}') from None


def _shared(answer: asyncio.Future[Outcome]) -> asyncio.Future[Outcome]:
    """To wait for what others wait for too; when all have gone, nobody misses its exception."""
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())
    return asyncio.shield(answer)


def _first(key: tuple[Hashable, Any]) -> Hashable:
    return key[0]
