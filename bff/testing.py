"""Test a project without its upstreams: `async with testing("bff.yaml") as up:` runs its schemas over fakes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bff.app import Service, load_project
from bff.contract import Answer, Answers, Parts, Request
from connectors.testing import Fake, Fakes

__all__ = ["Frontend", "Testing", "testing"]


@dataclass(frozen=True, slots=True)
class Frontend:
    """One frontend of the project under test."""

    name: str
    service: Service

    async def run(
        self, query: str, variables: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to a query or mutation. Raises TypeError for a subscription; use `events`."""
        answer = await self._send_request(query, variables, headers)
        if not isinstance(answer, Answer):
            await answer.aclose()
            raise TypeError("this is a subscription; take its answers from events()")
        return answer

    async def events(
        self, query: str, variables: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Answer]:
        """The answers of a subscription, or the one answer that says why it did not start."""
        answer = await self._send_request(query, variables, headers)
        if isinstance(answer, Answer):
            yield answer
            return
        try:
            async for each in answer:
                yield each
        finally:
            await answer.aclose()

    async def _send_request(
        self, query: str, variables: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> Answer | Answers:
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        request = Request(frontend=self.name, query=query, variables=variables, headers=lower)
        answer = await self.service.generation.answer(request)
        assert not isinstance(answer, Parts)  # they come to who asks for them
        return answer


class Testing:
    """A project over fakes: every upstream is an attribute, `calls` is what they were asked."""

    __test__ = False  # pytest would take it for a test

    def __init__(self, service: Service, fakes: Fakes) -> None:
        self._service = service
        self._fakes = fakes

    def __getattr__(self, name: str) -> Fake:
        try:
            return self._fakes[name]
        except KeyError:
            raise AttributeError(f"there is no upstream {name}; there is {', '.join(self._fakes)}") from None

    @property
    def calls(self) -> Sequence[str]:
        """Calls to all upstreams in their order, such as `pricing: GetPrices x40`."""
        return self._fakes.calls

    def frontend(self, name: str) -> Frontend:
        """A frontend by name."""
        if name not in self._service.generation.project.frontends:
            known = ", ".join(self._service.generation.project.frontends)
            raise LookupError(f"there is no frontend {name}; there is {known}")
        return Frontend(name, self._service)


@asynccontextmanager
async def testing(
    config: str | Path = "bff.yaml",  # noqa: PT028 - not a test, for all its name
    environment: Mapping[str, str] | None = None,  # noqa: PT028 - as above
) -> AsyncIterator[Testing]:
    """The project of a bff.yaml, its upstreams replaced by fakes. Raises ConfigError or SchemaError.

    Set answers with `up.catalog["/products"] = [...]`, ask with `await up.frontend("mobile").run("{ ... }")`, read what
    was called in `up.calls`. Without `mode` in the file it is development, so that errors say what is wrong. Variables
    that are not set have placeholders.
    """
    environment = os.environ if environment is None else environment
    project = load_project(Path(config), environment, default_mode="development", has_placeholders=True)
    fakes = Fakes(*project.settings.upstreams)
    service = Service(project, connectors=fakes)
    async with service.running():
        yield Testing(service, fakes)


vars(testing)["__test__"] = False  # pytest would take it for a test wherever it is imported
