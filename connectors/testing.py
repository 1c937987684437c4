"""Fakes for tests of schemas and policies: upstreams that answer what a test says and remember what they were asked.

up = Fakes("catalog", "pricing")
up.catalog["/products"] = [{"id": 1, "title": "Tin robot"}]
up.pricing["GetPrices"] = UpstreamTimeout
async with Direct(up):
    await products(category="toys")
assert up.calls == ["catalog: GET /products"]
"""

from __future__ import annotations

import asyncio
import heapq
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from connectors.aio.interrupt import Interrupt
from connectors.contract import Call, Event, Operation, Reply, at_path
from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint
from connectors.errors import DefinitionError, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from connectors.messages.paths import EACH, Path
from connectors.streams.deadline import require_time

AnyEndpoint = Endpoint | StreamEndpoint | PublishEndpoint
Answer = Any
"""What a call is answered with. An UpstreamError, as class or instance, and any other exception is raised; a callable
gets the Call and returns an answer, also as a coroutine; a Reply is given as it is; everything else is the data."""


def text_of_call(call: Call) -> str:
    """What tests compare: `GET /products/{id}`, `GetPrices x40` for a batch of forty."""
    name = _shorten(call.operation.name)
    return f"{name} x{len(call.keys)}" if call.keys else name


@dataclass(frozen=True, slots=True)
class Slow:
    """An answer that comes after `seconds`, or the call's deadline as UpstreamTimeout."""

    answer: Answer
    seconds: float


@dataclass(frozen=True, slots=True)
class Published:
    """One message that was handed over."""

    name: str
    """Name of the operation, such as the topic."""
    message: Any
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Values of the topic's parameters."""


class Feed:
    """Events as a test makes them up: an answer for streams. Each stream gets what is pushed after it began."""

    _END = object()

    def __init__(self) -> None:
        self._queues: list[asyncio.Queue[Any]] = []
        self.joined = asyncio.Event()
        """Set when the first stream has begun: `await feed.joined.wait()` before pushing."""

    @property
    def listeners(self) -> int:
        """How many streams are open now."""
        return len(self._queues)

    def push(self, data: Any) -> None:
        """Send an Event, data for one, or an UpstreamError to every open stream."""
        for queue in self._queues:
            queue.put_nowait(data)

    def end(self) -> None:
        """End every open stream."""
        self.push(Feed._END)

    async def __aiter__(self) -> AsyncGenerator[Any, None]:
        queue: asyncio.Queue[Any] = asyncio.Queue(1000)
        self._queues.append(queue)
        self.joined.set()
        try:
            while (item := await queue.get()) is not Feed._END:
                yield item
        finally:
            self._queues.remove(queue)


class Fake:
    """One upstream with prepared answers. A Connector with Streams and Publishes.

    Answers are set by the operation's name, by its last part, by a path or its beginning, or by the endpoint itself:

        fake["GET /products/{id}"] = {...}
        fake["/products"] = [...]
        fake["GetPrices"] = {"prices": [...]}
        fake[pricing.price] = [...]

    The most exact one wins. Data set by endpoint is the part at the endpoint's `at`. Data set by name is the reply as
    the upstream would send it; for REST, the part at `at` will do. A stream is answered with events or with a Feed.
    A call without an answer is a DefinitionError; a message is taken without one.
    """

    def __init__(self, name: str, *, log: list[str] | None = None) -> None:
        """`log` is shared by fakes that want one order of all calls."""
        self.name = name
        self.calls: list[str] = []
        """What was asked, in order, as `text_of_call`; streams and messages too."""
        self.received: list[Call] = []
        """The same as Calls."""
        self.published: list[Published] = []
        """Messages handed over, in order."""
        self.is_down = False
        """True makes every call, stream, message and check UpstreamUnreachable."""
        self.open_streams = 0
        """Streams that have begun and not ended."""
        self._answers: dict[str, Answer] = {}
        self._own: dict[int, tuple[AnyEndpoint, Answer]] = {}  # by identity: operations need not be hashable
        self._is_closed = False
        self._log = log

    def __setitem__(self, which: str | AnyEndpoint, answer: Answer) -> None:
        if isinstance(which, str):
            self._answers[which] = answer
        else:
            self._own[id(which.operation)] = (which, answer)

    async def start(self) -> None:
        """As Connector.start; opens what was closed."""
        self._is_closed = False

    async def close(self) -> None:
        """As Connector.close; a closed fake is unreachable."""
        self._is_closed = True

    async def check(self) -> None:
        """As Connector.check."""
        self._refuse_when_down(Operation(upstream=self.name, name="check"))

    async def send(self, call: Call) -> Reply:
        """Answer one call and remember it."""
        self._record(call)
        require_time(call)
        answer = await self._resolve_answer(self._find_answer(call.operation), call)
        if isinstance(answer, Reply):
            return answer.point_at(())
        return Reply(self._wrap_data(answer, call), status=200)

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield the events of the answer, then end."""
        self._record(call)
        answer = await self._resolve_answer(self._find_answer(call.operation), call)
        self.open_streams += 1
        try:
            async with aclosing(_iterate(answer)) as items:
                async for item in items:
                    event = await self._resolve_answer(item, call)
                    yield event if isinstance(event, Event) else Event(data=self._wrap_data(event, call))
        finally:
            self.open_streams -= 1

    async def publish(self, call: Call) -> None:
        """Take one message, or raise the exception set as answer."""
        self._record(call)
        await self._resolve_answer(self._find_answer(call.operation, needed=False), call)
        arguments = dict(call.arguments)
        message, key, headers = (arguments.pop(name, None) for name in ("message", "key", "headers"))
        self.published.append(Published(call.operation.name, message, key, headers or {}, arguments))

    def _record(self, call: Call) -> None:
        text = text_of_call(call)
        self.calls.append(text)
        self.received.append(call)
        if self._log is not None:
            self._log.append(f"{self.name}: {text}")
        self._refuse_when_down(call.operation)

    def _refuse_when_down(self, operation: Operation) -> None:
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the fake is closed")
        if self.is_down:
            raise UpstreamUnreachable(operation, "the test made this upstream unreachable")

    def _find_answer(self, operation: Operation, *, needed: bool = True) -> Answer:
        if id(operation) in self._own:
            return self._own[id(operation)][1]
        fitting = [key for key in self._answers if _matches(key, operation.name)]
        if fitting:
            return self._answers[max(fitting, key=len)]
        if not needed:
            return None
        known = ", ".join(map(repr, self._answers)) or "none"
        raise DefinitionError(
            f"the test has no answer for {self.name}: {operation.name}; "
            f"set one, {self.name}[{_shorten(operation.name)!r}] = ... (there is: {known})"
        )

    async def _resolve_answer(self, answer: Answer, call: Call) -> Answer:
        """Wait for what is slow, ask what is callable, raise what is an exception."""
        while True:
            if isinstance(answer, Slow):
                left = call.left()
                left = answer.seconds if left is None else left
                await asyncio.sleep(min(answer.seconds, max(left, 0.0)))
                if left < answer.seconds:
                    raise UpstreamTimeout(call.operation, "the test answers too slowly")
                answer = answer.answer
            elif isinstance(answer, type) and issubclass(answer, UpstreamError):
                raise answer(call.operation, "the test says so")
            elif isinstance(answer, BaseException):
                raise answer
            elif callable(answer):
                answer = answer(call)
                answer = await answer if inspect.isawaitable(answer) else answer
            else:
                return answer

    def _wrap_data(self, data: Any, call: Call) -> Any:
        """Data as the upstream sends it: put where the endpoint's `at` looks for it, unless it is there already."""
        if id(call.operation) in self._own:
            endpoint = self._own[id(call.operation)][0]
            path = endpoint.many_at if call.keys and isinstance(endpoint, Endpoint) else endpoint.at
            return _nest(path, data)
        path = getattr(call.operation, "many_items" if call.keys else "items", ())
        is_whole = isinstance(data, Mapping) and at_path(data, path) is not None
        return data if is_whole else _nest(path, data)


class Fakes(Mapping[str, Fake]):
    """Several fakes by name, `up.catalog` or `up["catalog"]`, with one order of all their calls."""

    def __init__(self, *names: str) -> None:
        self.calls: list[str] = []
        """What all were asked, in order: `["catalog: GET /products", "pricing: GetPrices x40"]`."""
        self._fakes = {name: Fake(name, log=self.calls) for name in names}

    def __getitem__(self, name: str) -> Fake:
        return self._fakes[name]

    def __getattr__(self, name: str) -> Fake:
        try:
            return self.__dict__["_fakes"][name]  # type: ignore[no-any-return]  # a Fake
        except KeyError:
            raise AttributeError(f'there is no fake "{name}"; there are {", ".join(self._fakes)}') from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._fakes)

    def __len__(self) -> int:
        return len(self._fakes)


class ManualClock:
    """A Clock that stands still until a test moves it: with `advance`, or `seconds` where nothing waits."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        """The time that it shows."""
        self._timers: list[tuple[float, int, _ManualTimer]] = []
        self._count = 0

    def now(self) -> float:
        """As Clock.now."""
        return self.seconds

    async def sleep(self, seconds: float, /) -> None:
        """As Clock.sleep."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(seconds, waiter.set_result, None)
        try:
            await waiter
        finally:
            timer.cancel()

    def timeout(self, seconds: float, /) -> Interrupt:
        """As Clock.timeout."""
        return _ManualTimeout(self, seconds)

    def call_later(self, seconds: float, callback: Callable[..., object], /, *arguments: Any) -> _ManualTimer:
        """As Clock.call_later; at once, in the next round of the event loop, where no time is to pass."""
        timer = _ManualTimer(callback, arguments)
        if seconds <= 0:
            asyncio.get_running_loop().call_soon(timer.fire)
        else:
            self._count += 1
            heapq.heappush(self._timers, (self.seconds + seconds, self._count, timer))
        return timer

    async def advance(self, seconds: float) -> None:
        """Move time on, firing timers in their order and letting what they do happen."""
        await _settle()  # tasks just created begin now, not later
        until = self.seconds + seconds
        while self._timers and self._timers[0][0] <= until:
            self.seconds, _, timer = heapq.heappop(self._timers)
            timer.fire()
            await _settle()
        self.seconds = until
        await _settle()


class _ManualTimer:
    """A callback that a ManualClock has still to call."""

    def __init__(self, callback: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self._callback = callback
        self._arguments = arguments
        self._is_cancelled = False

    def cancel(self) -> None:
        """As Timer.cancel."""
        self._is_cancelled = True

    def fire(self) -> None:
        """Call it, unless it was cancelled. At most once."""
        if not self._is_cancelled:
            self._is_cancelled = True
            self._callback(*self._arguments)


class _ManualTimeout(Interrupt):
    """What `ManualClock.timeout` gives."""

    __slots__ = ("_timer",)

    def __init__(self, clock: ManualClock, seconds: float) -> None:
        super().__init__()
        self._timer = clock.call_later(seconds, self)

    def cancel(self) -> None:
        """As Interrupt.cancel."""
        self._timer.cancel()


async def _settle() -> None:
    """Let tasks that can go on do so: a few rounds of the loop."""
    for _ in range(10):
        await asyncio.sleep(0)


async def _iterate(answer: Any) -> AsyncGenerator[Any, None]:
    if not isinstance(answer, AsyncIterable):
        for item in answer:
            yield item
    elif isinstance(iterator := aiter(answer), AsyncGenerator):
        async with aclosing(iterator) as items:
            async for item in items:
                yield item
    else:
        async for item in iterator:
            yield item


def _shorten(name: str) -> str:
    """`GetPrices` of `shop.Pricing/GetPrices`; names with a space or a leading slash, as REST has, stay."""
    return name if " " in name or name.startswith("/") else name.rpartition("/")[2]


def _matches(key: str, name: str) -> bool:
    """Whether an answer set for `key` is for the operation of this name."""
    path = name.partition(" ")[2] or name
    beginning = key.rstrip("/") + "/"
    return key in (name, _shorten(name), path) or (key.startswith("/") and path.startswith(beginning))


def _nest(path: Path, data: Any) -> Any:
    if not path:
        return data
    if path[0] == EACH:
        return [_nest(path[1:], item) for item in (data if isinstance(data, list) else [data])]
    return {path[0]: _nest(path[1:], data)}
