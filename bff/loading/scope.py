"""The scope of one request: its deadline, its identity, its loaders and all its calls. Created by the gateway.

All objects of a list load at the same moment; loaders turn that into one call per endpoint. A call runs in the task
that loads first, which costs no task of its own; nothing outlives `close`.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Hashable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from aiodataloader import DataLoader

from bff.contract import Problem, Refused, Timings, timings
from bff.loading.batch_result import Batch, BatchResult, LoadKey, Outcome, list_outcomes, read_large
from bff.loading.upstream import Reachable
from bff.loading.window import Windows
from bff.policies.outbound.identity import freeze_map
from connectors.aio.cpu_meter import CpuMeter
from connectors.aio.semaphore import Semaphore
from connectors.aio.single_flight import SharedResult
from connectors.batching import check_key, limit_records, single_reply
from connectors.contract import Call, Event, Reply, Selection
from connectors.direct import point_event
from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint
from connectors.errors import DefinitionError, UpstreamError

T = TypeVar("T")
_number_requests = itertools.count(1).__next__
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
MAX_CONCURRENT_CALLS = 16
"""Unbatched calls of one endpoint that may be under way at once in one request, where its author set no `each`."""


class RequestScope:
    """Loads what the fields of one request need. Implements `connectors.endpoint.Scope`."""

    # Defaults of the class cost nothing when a scope is made.
    meter: CpuMeter | None = None
    """Measures the CPU time of the operation; None where that has no limit."""
    calls: int = 0
    """Upstream calls made so far."""
    has_effects: bool = False
    """Whether it made a call that is not safe, published or subscribed: its answer is then not shared."""
    _is_closed: bool = False

    def __init__(
        self,
        upstreams: Mapping[str, Reachable],
        incoming: Mapping[str, str] = _NO_HEADERS,
        *,
        deadline: float | None = None,
        max_calls: int | None = None,
        windows: Windows | None = None,
        event_seconds: float | None = None,
    ) -> None:
        """`incoming` are headers of the frontend's request, from which policies forward.

        `deadline` is when an answer is of no more use, in seconds of `time.monotonic()`. The operation may make
        `max_calls` upstream calls. In `windows` batches wait for those of other requests; None where there are no
        others. Resolving one event of a subscription may take `event_seconds`.
        """
        self.upstreams = upstreams
        self.incoming = incoming
        self.deadline = deadline
        self.max_calls = max_calls
        self.windows = windows
        self.event_seconds = event_seconds
        self.number = _number_requests()
        """Stands for this request in its calls."""
        self._loaders: dict[LoadKey, DataLoader[Any, Outcome]] = {}
        self._batches: dict[LoadKey, dict[Hashable, Batch]] = {}
        self._gathering: dict[LoadKey, Batch] = {}
        self._calls: dict[LoadKey, SharedResult[Outcome]] = {}
        self._semaphores: dict[Endpoint, Semaphore] = {}
        self._streams: dict[AsyncGenerator[Event, None], asyncio.Task[Any] | None] = {}
        """Open streams, and the tasks that read them."""
        self._under_way: dict[SharedResult[Any], asyncio.Task[Any] | None] = {}
        """The work under way and the task that does it, so that `close` reaches it wherever it waits."""

    async def load(self, endpoint: Endpoint, arguments: Mapping[str, Any], selection: Selection | None) -> Reply:
        """Load one reply, in a batch where the endpoint has one. Raises UpstreamError, or Refused over `max_calls`."""
        if not endpoint.operation.is_safe:
            self.has_effects = True
            call = self._create_call(endpoint, arguments, selection)
            reply = single_reply(endpoint, await self._lead(SharedResult(), self._send(call)))
            reply.has_empty_lists = self._find_upstream(endpoint.operation.upstream).has_empty_lists
            return reply
        batch = endpoint.batch
        if batch is None:
            outcome = await self._load_once(endpoint, arguments, selection)
        else:
            key, others = batch.split(arguments)
            if key is None:
                return Reply([] if batch.group else None)
            load_key = LoadKey(endpoint, freeze_map(others), selection)
            outcome = await _shield(self._get_loader(load_key, others).load(check_key(endpoint.operation, key)))
        if isinstance(outcome, Exception):
            raise outcome
        if self.upstreams[endpoint.operation.upstream].has_empty_lists:
            outcome.has_empty_lists = True
        return outcome

    async def load_many(
        self, endpoint: Endpoint, others: Mapping[str, Any], keys: Sequence[Hashable], selection: Selection | None
    ) -> list[Outcome]:
        """The outcome of each key of a batching endpoint, in the keys' order; loads of one moment are one call.

        `others` are the arguments beside the batched one.
        """
        results = await self._load_batches(LoadKey(endpoint, freeze_map(others), selection), others, keys)
        await read_large(results)
        return list_outcomes(endpoint, results, keys)

    def load_set(
        self,
        endpoint: Endpoint,
        others: Mapping[str, Any],
        keys: Sequence[Hashable],
        selection: Selection | None,
        *,
        is_alone: bool = False,
    ) -> Awaitable[list[BatchResult]]:
        """As `load_many`: the calls whose answers hold those of the keys, perhaps among others.

        `is_alone`: nothing beside it can load in this moment, so that it need not wait for others.
        """
        return self._load_batches(LoadKey(endpoint, freeze_map(others), selection), others, keys, is_alone=is_alone)

    async def stream(
        self, endpoint: StreamEndpoint, arguments: Mapping[str, Any], selection: Selection | None
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of one subscription; a subscription has no deadline."""
        call = Call(operation=endpoint.operation, arguments=arguments, selection=selection, incoming=self.incoming)
        self._count_call()
        self.has_effects = True
        upstream = self._find_upstream(endpoint.operation.upstream)
        async with aclosing(upstream.stream(call)) as events:
            # An author's `async for` does not close what it iterates, so `close` does.
            self._streams[events] = asyncio.current_task()
            async for event in events:
                self.renew(self.event_seconds)
                if upstream.has_empty_lists:
                    event = replace(event, has_empty_lists=True)
                yield point_event(event, endpoint.at)
                self._streams[events] = asyncio.current_task()
            self._streams.pop(events, None)

    async def publish(self, endpoint: PublishEndpoint, arguments: Mapping[str, Any]) -> None:
        """Hand over one message."""
        self._count_call()
        self.has_effects = True
        call = Call(operation=endpoint.operation, arguments=arguments, incoming=self.incoming, deadline=self.deadline)
        await self._find_upstream(endpoint.operation.upstream).publish(call)

    def list_endpoints(self) -> set[Endpoint]:
        """The endpoints that were called so far."""
        return {key.endpoint for keys in (self._loaders, self._batches, self._calls) for key in keys}

    def renew(self, seconds: float | None) -> None:
        """Forget what was loaded and counted, before the next event of a subscription is resolved in this time."""
        self._loaders.clear()
        self._batches.clear()
        self._calls.clear()
        self.calls = 0
        if self.meter is not None:
            self.meter.renew()
        self.deadline = None if seconds is None else time.monotonic() + seconds

    async def close(self) -> None:
        """Cancel all work that is under way and wait for its end. Later loads raise DefinitionError."""
        self._is_closed = True
        if self._streams:
            for stream, reader in list(self._streams.items()):
                if reader is not None and getattr(stream, "ag_running", False):  # an author reads it in another task
                    reader.cancel()
                    await asyncio.wait({reader})
                await stream.aclose()
        if self._under_way:
            led = list(self._under_way.items())
            for _, task in led:
                if task is not None:
                    task.cancel()
            for shared, _ in led:
                await shared.wait()
        # They hold errors, which hold this scope: nothing is left for the garbage collector.
        self._loaders, self._batches, self._calls, self._semaphores = {}, {}, {}, {}

    async def _lead(self, shared: SharedResult[T], work: Coroutine[Any, Any, T]) -> T:
        """Do work here for which other tasks may wait."""
        self._under_way[shared] = asyncio.current_task()
        result: T | None = None
        try:
            result = await work
            return result
        finally:
            del self._under_way[shared]
            shared.finish(result)

    async def _follow(self, shared: SharedResult[T]) -> T | None:
        """The result of another task's work; None when it was cut short and must be done anew."""
        result = shared.value if shared.is_finished else await shared.wait()
        if result is None and self._is_closed:
            raise asyncio.CancelledError  # as for the leader: the request has ended
        return result

    async def _load_once(
        self, endpoint: Endpoint, arguments: Mapping[str, Any], selection: Selection | None
    ) -> Outcome:
        """The outcome of a load without a batch: one call, however often the same is loaded."""
        load_key = LoadKey(endpoint, freeze_map(arguments), selection)
        while (call := self._calls.get(load_key)) is not None:
            outcome = await self._follow(call)
            if outcome is not None:
                return outcome
            if self._calls.get(load_key) is call:
                del self._calls[load_key]
        call = self._calls[load_key] = SharedResult()
        return await self._lead(call, self._load_alone(endpoint, arguments, selection))

    def _get_loader(self, load_key: LoadKey, others: Mapping[str, Any]) -> DataLoader[Any, Outcome]:
        loader = self._loaders.get(load_key)
        if loader is None:
            batch = load_key.endpoint.batch
            assert batch is not None

            async def load_keys(keys: list[Hashable]) -> list[Outcome]:
                # The loader has collected the keys of this moment: they do not wait for more.
                results = await self._load_batches(load_key, others, keys, is_alone=True)
                await read_large(results)
                return list_outcomes(load_key.endpoint, results, keys)

            loader = self._loaders[load_key] = DataLoader(load_keys, max_batch_size=batch.limit)
        return loader

    async def _load_batches(
        self, load_key: LoadKey, others: Mapping[str, Any], keys: Sequence[Hashable], *, is_alone: bool = False
    ) -> list[BatchResult]:
        """Wait for the batches that hold the keys; send one with the keys that are in none yet."""
        batches = self._batches.setdefault(load_key, {})
        fresh = [key for key in dict.fromkeys(keys) if key not in batches] if batches else list(dict.fromkeys(keys))
        concerned: Collection[Batch] = ()
        if fresh:
            gathering = self._gathering.get(load_key)
            batch = gathering or Batch()
            batch.keys += fresh
            batches.update(dict.fromkeys(fresh, batch))
            concerned = (batch,)
        if len(fresh) < len(keys):
            concerned = {id(each): each for each in map(batches.__getitem__, keys)}.values()
        if fresh and gathering is None:
            await self._lead(batch, self._send_batches(load_key, others, batch, batches, is_alone=is_alone))
        answers: list[BatchResult] = []
        for each in concerned:
            found = each.value
            if found is None:
                found = await self._follow(each)
            if found is None:
                return await self._load_batches(load_key, others, keys)
            answers += found
        return answers

    async def _send_batches(
        self,
        load_key: LoadKey,
        others: Mapping[str, Any],
        batch: Batch,
        batches: dict[Hashable, Batch],
        *,
        is_alone: bool,
    ) -> list[BatchResult]:
        assert load_key.endpoint.batch is not None
        limit, keys = load_key.endpoint.batch.limit, batch.keys
        try:
            if not is_alone:
                self._gathering[load_key] = batch
                try:
                    await asyncio.sleep(0)  # loads of this moment join the batch
                finally:
                    del self._gathering[load_key]
            if len(keys) <= limit:
                return [await self._send_batch(load_key, others, keys)]
            parts = [keys[start : start + limit] for start in range(0, len(keys), limit)]
            return await asyncio.gather(*(self._send_batch(load_key, others, part) for part in parts))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is for the followers
            return [BatchResult(keys, error, is_single=False)]
        except BaseException:
            for key in keys:
                batches.pop(key, None)  # the next load of it starts anew
            raise

    async def _load_alone(
        self, endpoint: Endpoint, arguments: Mapping[str, Any], selection: Selection | None
    ) -> Outcome:
        semaphore = self._semaphores.get(endpoint)
        if semaphore is None:
            semaphore = self._semaphores[endpoint] = Semaphore(endpoint.each or MAX_CONCURRENT_CALLS)
        try:
            if not semaphore.try_acquire():
                await semaphore.acquire()
            try:
                reply = await self._send(self._create_call(endpoint, arguments, selection))
            finally:
                semaphore.release()
            return single_reply(endpoint, reply)
        except Exception as error:  # noqa: BLE001 - as above
            return error

    async def _send_batch(self, load_key: LoadKey, others: Mapping[str, Any], keys: Sequence[Hashable]) -> BatchResult:
        endpoint = load_key.endpoint
        assert endpoint.batch is not None
        upstream = self.upstreams.get(endpoint.operation.upstream)
        if self.windows is not None and upstream is not None and upstream.window is not None:
            return await self._send_in_window(self.windows, upstream, load_key, others, keys)
        is_single = len(keys) == 1 and endpoint.has_single_form
        arguments = endpoint.batch.join(others, keys[0]) if is_single else others
        call = self._create_call(endpoint, arguments, load_key.selection, () if is_single else tuple(keys))
        try:
            return BatchResult(keys, await self._send(call), is_single)
        except (UpstreamError, Refused, DefinitionError) as error:
            return BatchResult(keys, error, is_single)

    async def _send_in_window(
        self,
        windows: Windows,
        upstream: Reachable,
        load_key: LoadKey,
        others: Mapping[str, Any],
        keys: Sequence[Hashable],
    ) -> BatchResult:
        call = self._create_call(load_key.endpoint, others, load_key.selection, tuple(keys))
        key = (load_key, upstream.identity(self.incoming))
        try:
            return await self._count_and_send(call, lambda sent: windows.load(key, upstream, load_key.endpoint, sent))
        except (UpstreamError, Refused, DefinitionError) as error:
            return BatchResult(keys, error, is_single=False)

    def _create_call(
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
            request=self.number,
        )

    async def _send(self, call: Call) -> Reply:
        upstream = self._find_upstream(call.operation.upstream)
        reply = await self._count_and_send(call, upstream.send)
        limit_records(reply, call.operation, upstream.max_records)
        return reply

    def _count_and_send(self, call: Call, send: Callable[[Call], Awaitable[T]]) -> Awaitable[T]:
        """Count a call, and note its time where timings are collected."""
        self._count_call()
        noted = timings.get()
        return send(call) if noted is None else _measure_time(noted, call, send)

    def _count_call(self) -> None:
        if self._is_closed:
            raise DefinitionError("an endpoint was called after its request had ended; await what a resolver starts")
        self.calls += 1
        if self.max_calls is not None and self.calls > self.max_calls:
            raise Problem.TOO_MANY_CALLS.refusal(
                f"This operation needs more than the {self.max_calls} service calls it may make; select less.",
            )

    def _find_upstream(self, name: str) -> Reachable:
        try:
            return self.upstreams[name]
        except KeyError:
            known = ", ".join(sorted(self.upstreams)) or "none"
            raise DefinitionError(f'no upstream "{name}" is configured; bff.yaml has {known}') from None


async def _measure_time(noted: Timings, call: Call, send: Callable[[Call], Awaitable[T]]) -> T:
    began = time.perf_counter()
    try:
        return await send(call)
    finally:
        noted.upstreams.setdefault(call.operation.upstream, []).append(time.perf_counter() - began)


def _shield(answer: asyncio.Future[Outcome]) -> asyncio.Future[Outcome]:
    """To wait for what other tasks wait for too. Its exception counts as retrieved when all of them have left."""
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())
    return asyncio.shield(answer)
