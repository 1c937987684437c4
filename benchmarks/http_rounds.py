"""Queries over HTTP: all servers at once behind one upstream, asked in turns, so that noise meets them all."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from benchmarks.client import Clients, Load, WrongAnswer, get, once, post, repeated
from benchmarks.processes import NotStarted, Running, nap, spent
from benchmarks.servers import SERVERS, Server, started, upstream
from benchmarks.world import QUESTIONS

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Variant:
    """A question, and who asks it how."""

    name: str
    question: str
    connections: int = 50
    distinct: bool = True
    """Whether each client has an Authorization of its own; else all have the same."""
    delay: float = 0.0
    """Seconds that the upstream takes for each reply."""
    cold: bool = False
    """Whether every request is a document that nobody saw before."""
    quick: bool = True
    """Whether a quick run has it too."""

    def requests(self, server: Server) -> Callable[[int], Iterator[bytes]]:
        """The endless requests of each client."""
        query, path = QUESTIONS[self.question].query, server.path(self.question)

        def of(client: int) -> Iterator[bytes]:
            if self.cold:
                texts = (f"query Q{next(_numbers)} {query}" for _ in itertools.repeat(None))
                return (self._request(path, client, text) for text in texts)
            return repeated(self._request(path, client, query))

        return of

    def primed(self, server: Server) -> Callable[[int], Iterator[bytes]]:
        """The same after one small question, by which a connection is made and accepted."""
        requests, path, query = self.requests(server), server.path("hello"), QUESTIONS["hello"].query
        return lambda client: itertools.chain((self._request(path, client, query),), requests(client))

    def _request(self, path: str, client: int, text: str) -> bytes:
        token = {"authorization": f"Bearer client-{client if self.distinct else 0}"}
        return post(path, orjson.dumps({"query": text}), token)


_numbers = itertools.count(1)
VARIANTS = (
    Variant("posts-users", "posts-users"),
    Variant("posts-users-same", "posts-users", distinct=False),
    Variant("flat", "flat"),
    Variant("three-level", "three-level"),
    Variant("hello", "hello"),
    Variant("records", "records", connections=4),
    Variant("cold", "posts-users", cold=True),
    Variant("posts-users-c1", "posts-users", connections=1, quick=False),
    Variant("posts-users-5ms", "posts-users", delay=0.005, quick=False),
    Variant("posts-users-same-5ms", "posts-users", distinct=False, delay=0.005, quick=False),
    Variant("hello-c1", "hello", connections=1, quick=False),
)


@dataclass(slots=True)
class Figures:
    """What one server needed for one variant; a value for each round."""

    cpu: list[float] = field(default_factory=list)
    """Milliseconds of CPU per request, which is also seconds per 1,000 requests."""
    rate: list[float] = field(default_factory=list)
    """Answers per second."""
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """Share of its core that the server used; what is far below one waited for the load or the upstream."""
    calls: list[float] = field(default_factory=list)
    """Upstream calls per request."""
    answers: int = 0


@dataclass(slots=True)
class Measurement:
    """All that a run over HTTP found."""

    variants: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    """Why a server could not be measured."""
    peak: dict[str, float] = field(default_factory=dict)
    """Most memory in MB at c=50, by server: after every variant but the records."""


@dataclass(slots=True)
class _Asked:
    """One server in one variant."""

    server: Server
    running: Running
    clients: Clients
    expected: bytes
    figures: Figures = field(default_factory=Figures)


async def measure(
    variants: Sequence[Variant], names: Sequence[str], rounds: int, seconds: float, say: Say
) -> Measurement:
    """Every server in every variant, `rounds` times for `seconds` each; the first, uncounted round warms up."""
    found = Measurement()
    with ExitStack() as stack:
        port = stack.enter_context(upstream())
        servers: dict[str, Running] = {}
        for name in names:
            try:
                servers[name] = stack.enter_context(started(SERVERS[name], f"http://127.0.0.1:{port}"))
            except NotStarted as error:
                found.absent[name] = str(error)
            say(f"  {name}: {found.absent.get(name, 'started')}")
        for number, variant in enumerate(sorted(variants, key=lambda each: each.question == "records")):
            if variant.question == "records" and number and not found.peak:
                found.peak = _peaks(servers)  # before ten thousand records raise it
            say(f"  {variant.name}")
            warm = seconds * (4 if number == 0 else 1)
            figures = await _variant(variant, servers, port, rounds, (warm, seconds), found.absent)
            found.variants[variant.name] = {name: asdict(each) for name, each in figures.items()}
        found.peak = found.peak or _peaks(servers)
    return found


def _peaks(servers: Mapping[str, Running]) -> dict[str, float]:
    return {name: running.peak() for name, running in servers.items()}


async def _variant(
    variant: Variant,
    servers: Mapping[str, Running],
    upstream_port: int,
    rounds: int,
    seconds: tuple[float, float],
    absent: dict[str, str],
) -> dict[str, Figures]:
    """`seconds` are those of the round that warms up, and of each that counts."""
    asked: list[_Asked] = []
    await once(upstream_port, get(f"/-/reset?delay={variant.delay}"))
    for name, running in servers.items():
        server = SERVERS[name]
        if variant.cold and not server.executes:
            continue
        try:
            expected = await _checked(variant, server, running)
            clients = Clients(running.port, variant.primed(server), variant.connections, polls=True)
            asked.append(_Asked(server, running, clients, expected))
        except (WrongAnswer, OSError) as error:
            absent[f"{name}: {variant.name}"] = str(error)
    for turn in range(rounds + 1):
        for each in list(asked):
            try:
                await _round(variant, each, upstream_port, seconds[turn > 0], counts=turn > 0)
            except (WrongAnswer, OSError) as error:
                absent[f"{each.server.name}: {variant.name}"] = str(error)
                asked.remove(each)
    return {each.server.name: each.figures for each in asked}


async def _checked(variant: Variant, server: Server, running: Running) -> bytes:
    """The bytes this server answers with, once they are known to be the right answer. Raises WrongAnswer."""
    body = await once(running.port, next(variant.requests(server)(0)))
    try:
        again = orjson.dumps(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise WrongAnswer(f"no JSON: {body[:200]!r}") from None
    if again != QUESTIONS[variant.question].answer:
        raise WrongAnswer(f"another answer: {body[:200]!r}")
    return body


async def _round(variant: Variant, each: _Asked, upstream_port: int, seconds: float, *, counts: bool) -> None:
    async with each.clients:
        await each.clients.run(0.0, None)  # the small question, outside of the measurement
        await once(upstream_port, get(f"/-/reset?delay={variant.delay}"))
        before = each.running.cpu()
        load = await each.clients.run(seconds, each.expected)
        await nap(0.01)
        cpu = sum(spent(before, each.running.cpu()).values())
        seen = orjson.loads(await once(upstream_port, get("/-/counts")))
    if seen["anonymous"]:
        raise WrongAnswer("it does not hand on the Authorization header")
    if counts:
        _note(each.figures, load, cpu, seen["calls"])


def _note(figures: Figures, load: Load, cpu: float, calls: int) -> None:
    answers = len(load.latencies)
    figures.answers += answers
    figures.cpu.append(cpu / answers * 1000)
    figures.rate.append(load.rate)
    figures.p50.append(load.percentile(0.5))
    figures.p99.append(load.percentile(0.99))
    figures.busy.append(cpu / (load.ended - load.began))
    figures.calls.append(calls / answers)
