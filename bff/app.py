"""The composition root: the only file that knows every room. bff.yaml in, a running gateway and its ASGI app out."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema

from bff.checks.sources import Sources
from bff.checks.uses import list_endpoints, list_uses
from bff.config import Mode, Settings, find_secrets, load
from bff.contract import Answer, Answers, Caller, FrontendCard, Parts, Problem, Refused, Request, Response
from bff.frontends.frontend import Frontend, load_frontends
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.guards.allowed_hosts import choose_hosts
from bff.http.options import Timeouts
from bff.identity.registry import IdentityProviders
from bff.loading.scope import RequestScope
from bff.observability.logger import REDACTOR, get_logger
from bff.observability.metrics import expose_metrics
from bff.upstreams import Upstreams
from connectors.contract import Connector
from connectors.endpoint import current_scope
from connectors.options import Model

log = get_logger("bff.app")

DRAIN = 30.0
"""Seconds that requests under way get to finish when a reload replaces what they run on."""
_RELOADED = frozenset({"server.request_timeout", "server.max_prepare_queue", "server.frontend_names"})
"""Options of `server` that each generation reads. The others belong to the server that listens, until a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A checked bff.yaml with the schemas it names: everything but I/O."""

    settings: Settings
    frontends: Mapping[str, Frontend]
    identity: IdentityProviders
    file_server: Model | None = None
    """The section `server` of bff.yaml, where the command line has replaced parts of it."""
    overridden: frozenset[str] = frozenset()
    """What the command line has replaced: a change of it in bff.yaml has no effect."""

    def listen_at(self, host: str | None, port: int | None) -> Project:
        """The project with this address instead of that of bff.yaml, and with the default of `hosts` for it."""
        server = self.settings.server
        chosen = {"server.host": host, "server.port": port}
        overridden = frozenset(name for name, value in chosen.items() if value is not None)
        host, port = host or server.host, server.port if port is None else port
        update = {"host": host, "port": port, "hosts": choose_hosts(server.hosts, host)}
        settings = replace(self.settings, server=server.model_copy(update=update))
        return replace(self, settings=settings, file_server=server, overridden=overridden)

    @property
    def cards(self) -> Sequence[FrontendCard]:
        """The frontends."""
        return [each.card for each in self.frontends.values()]

    @property
    def used_upstreams(self) -> Set[str]:
        """The upstreams that endpoints of the schemas' modules belong to."""
        sources = Sources(self.settings.folder, self.settings.module_folder)
        return {each.operation.upstream for each in list_endpoints(sources, list_uses(self.schemas.values()))}

    @property
    def schemas(self) -> Mapping[str, GraphQLSchema]:
        """The schemas by the names of their frontends."""
        return {name: each.core for name, each in self.frontends.items()}


def load_project(
    config: Path,
    environment: Mapping[str, str] | None = None,
    *,
    default_mode: Mode | None = None,
    has_placeholders: bool = False,
) -> Project:
    """Read bff.yaml and import its schemas. Raises ConfigError or SchemaError with every problem.

    `default_mode` is the mode of a bff.yaml without `mode`; without it, the address of the server decides. With
    `has_placeholders`, variables that are not set have values that suit their places: for checks.
    """
    environment = os.environ if environment is None else environment
    settings = load(config, environment, default_mode, has_placeholders=has_placeholders)
    REDACTOR.add_secrets(find_secrets(settings))
    identity = IdentityProviders(settings.identity)
    frontends = load_frontends(settings.frontends, settings.module_folder, identity.by_name)
    return Project(settings=settings, frontends=frontends, identity=identity)


class Generation:
    """One loaded project at work: its upstreams are open, and it counts the requests it is answering."""

    def __init__(self, project: Project, connectors: Mapping[str, Connector] | None = None) -> None:
        """`connectors` replaces those of bff.yaml, for tests."""
        self.project = project
        self.upstreams = Upstreams(project.settings.upstreams, connectors=connectors, used=project.used_upstreams)
        self._gateway = Gateway(
            project.frontends,
            self.upstreams,
            request_timeout=project.settings.server.request_timeout,
            readiness=self.upstreams,
            max_prepare_queue=project.settings.server.max_prepare_queue,
            shows_names=project.settings.server.frontend_names,
        )
        self.choose = self._gateway.choose
        """The frontend for a request; raises Refused where none fits."""
        self._busy = 0
        self._has_ended = False
        """Whether it was replaced, and has waited for its requests for long enough."""
        self._idle: asyncio.Event | None = None
        """Set when no request is under way any more; there while `close` waits for that."""

    @property
    def cards(self) -> Sequence[FrontendCard]:
        """The frontends."""
        return self._gateway.cards

    async def admit(self, head: Request) -> Caller:
        """The caller of a request of which only the head is known; raises Refused."""
        return await self._gateway.admit(head)

    def readiness(self) -> Mapping[str, str]:
        """What is not ready."""
        return self._gateway.readiness()

    async def answer(self, request: Request) -> Response:
        """Answer, and count as busy until the answer, or the subscription, is over."""
        self._busy += 1
        try:
            answer = await self._gateway.answer(request)
        except BaseException:
            self._finish_request()
            raise
        if isinstance(answer, Answer):
            self._finish_request()
            return answer
        if isinstance(answer, Parts):
            return replace(answer, more=_TrackedAnswers(answer.more, self._finish_request))
        return _TrackedEvents(answer, self._finish_request, self._is_replaced)

    async def close(self) -> None:
        """Let requests under way finish, for `DRAIN` seconds at most, then close the upstreams."""
        try:
            async with asyncio.timeout(DRAIN):
                if self._busy:
                    self._idle = asyncio.Event()
                    await self._idle.wait()
        except TimeoutError:
            log.warning("drain_ended", still_running=self._busy)
            self._has_ended = True
        await self.close_now()

    async def open(self) -> None:
        """Open what runs in the background, without waiting for upstreams that are down."""
        await self.project.identity.open()
        await self.upstreams.open()

    async def close_now(self) -> None:
        """Close everything that was opened, also what still runs."""
        await self._gateway.close()
        await self.project.identity.close()
        await self.upstreams.close()

    def _is_replaced(self) -> bool:
        return self._has_ended

    def _finish_request(self) -> None:
        self._busy -= 1
        if not self._busy and self._idle is not None:
            self._idle.set()


class _TrackedAnswers(AsyncGenerator[Answer, None]):
    """Answers that report once when they are over, also when the first was never taken."""

    def __init__(self, answers: Answers, end: Callable[[], None]) -> None:
        self._answers = answers
        self._end: Callable[[], None] | None = end

    async def asend(self, value: None) -> Answer:
        try:
            return await self._answers.asend(value)
        except BaseException:
            self._finish()
            raise

    async def athrow(self, *error: Any) -> Answer:
        try:
            return await self._answers.athrow(*error)
        except BaseException:
            self._finish()
            raise

    async def aclose(self) -> None:
        try:
            await self._answers.aclose()
        finally:
            self._finish()

    def _finish(self) -> None:
        if self._end is not None:
            self._end()
        self._end = None


class _TrackedEvents(_TrackedAnswers):
    """Events of a subscription. They end with SERVER_STOPPING when a reload has replaced what they come from.

    The events and errors of that time are about upstreams that are closed, and would be the last ones to the client;
    after this refusal, transports have it connect again and subscribe anew.
    """

    def __init__(self, answers: Answers, end: Callable[[], None], is_replaced: Callable[[], bool]) -> None:
        super().__init__(answers, end)
        self._is_replaced = is_replaced

    async def asend(self, value: None) -> Answer:
        try:
            answer = await super().asend(value)
        except Exception:  # also the regular end
            if self._is_replaced():
                raise _make_end() from None
            raise
        if self._is_replaced():
            await self.aclose()
            raise _make_end()
        return answer


def _make_end() -> Refused:
    return Problem.SERVER_STOPPING.refusal("The configuration was reloaded; subscribe again.")


class Service:
    """The gateway as a process runs it: opened, reloaded and closed. `asgi` is the application for any ASGI server."""

    def __init__(
        self,
        project: Project,
        *,
        connectors: Mapping[str, Connector] | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._project = project
        self._listening, self._overridden = project.file_server or project.settings.server, project.overridden
        self._connectors = connectors
        self._generation: Generation | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self.asgi = http_app(
            lambda: self._generation or self.generation,
            project.settings.server,
            timeouts=timeouts,
            lifespan=self.running,
            metrics=expose_metrics,
        )

    @property
    def is_open(self) -> bool:
        """Whether it can answer."""
        return self._generation is not None

    @property
    def generation(self) -> Generation:
        """What answers now."""
        if self._generation is None:
            raise RuntimeError("the service is not open; use `async with service.running():`")
        return self._generation

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Service]:
        """Open the upstreams, without waiting for those that are down, and close everything in the end."""
        self._generation = Generation(self._project, self._connectors)
        await self._generation.open()
        try:
            yield self
        finally:
            current, self._generation = self._generation, None
            for task in self._leaving:
                task.cancel()
            await asyncio.gather(*self._leaving, return_exceptions=True)
            await current.close_now()

    @property
    def settings(self) -> Settings:
        """Those of the file that was loaded last."""
        return self._project.settings

    async def reload(
        self,
        config: Path,
        environment: Mapping[str, str] | None = None,
        *,
        check: Callable[[Project], Awaitable[None]] | None = None,
    ) -> list[str]:
        """Swap in what bff.yaml and the schemas say now, without dropping a request.

        Returns the options that have changed since the start and need a restart. The caller that has configured logging
        applies `log`. Raises ConfigError or SchemaError and leaves everything as it was when they have mistakes, or
        when `check` raises anything.
        """
        with fresh_modules(self._project.settings.folder, self._project.settings.module_folder):
            project = load_project(config, environment, default_mode=self._project.settings.default_mode)
            if check is not None:
                await check(project)
        following = Generation(project, self._connectors)
        await following.open()
        leaving, self._generation, self._project = self.generation, following, project
        task = asyncio.create_task(leaving.close())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        log.info("reloaded", frontends=list(project.frontends))
        changed = _find_changes(self._listening, project.settings.server, "server")
        if unapplied := [name for name in changed if name not in _RELOADED | self._overridden]:
            log.warning("restart_needed", options=unapplied)
        return unapplied


def _find_changes(old: Model, new: Model, path: str) -> Iterator[str]:
    """The options that differ, by their places in bff.yaml."""
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(before, Model) and isinstance(after, Model):
            yield from _find_changes(before, after, f"{path}.{name}")
        elif before != after:
            yield f"{path}.{name}"


class fresh_modules:  # noqa: N801 - used like a function, in `with`
    """Forget the project's own modules, so that importing them reads their files again; put them back on failure."""

    def __init__(self, *folders: Path) -> None:
        """`folders` hold the project's modules."""
        self._folders = folders
        self._old: dict[str, Any] = {}

    def __enter__(self) -> None:
        invalidate_caches()  # or files made a moment ago would not be found
        keep = {"bff", "connectors"}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if not file or name.partition(".")[0] in keep or "site-packages" in file or name == "__main__":
                continue
            if any(Path(file).is_relative_to(folder) for folder in self._folders):
                self._old[name] = sys.modules.pop(name)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            sys.modules.update(self._old)


@asynccontextmanager
async def connect(config: str | Path = "bff.yaml") -> AsyncIterator[RequestScope]:
    """What shells and scripts open to await endpoints.

    For example `async with connect("bff.yaml"): reply = await catalog.product(id="p-001")`.
    """
    project = load_project(Path(config))
    generation = Generation(project)
    await generation.open()
    scope = RequestScope(generation.upstreams)
    token = current_scope.set(scope)
    try:
        yield scope
    finally:
        current_scope.reset(token)
        await scope.close()
        await generation.close_now()
