"""Schemas and configuration are swapped while clients keep asking, and no request is lost."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from bff.app import Service, load_project
from bff.authoring import SchemaError
from bff.config import ConfigError
from tests.bff.cli.test_watching import mount
from tests.e2e.command import running
from tests.serving import serving
from tests.waiting import GENEROUS, time_limit

SCHEMA = """\
import strawberry

from bff.authoring import frontend


@strawberry.type
class Query:
    @strawberry.field
    async def first(self) -> int:
        import asyncio

        await asyncio.sleep(0.005)
        return 1
"""
MORE = """
    @strawberry.field
    def second(self) -> int:
        return 2
"""
END = "\n\nschema = frontend(query=Query)\n"
CONFIG = "frontends:\n  web: {schema: reloaded, default: true}\n"
CLIENTS = 20


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two files; the module of an earlier test, in another folder, is forgotten."""
    monkeypatch.delitem(sys.modules, "reloaded", raising=False)
    (tmp_path / "reloaded.py").write_text(SCHEMA + END)
    (tmp_path / "bff.yaml").write_text(CONFIG)
    return tmp_path / "bff.yaml"


class Asking:
    """Clients that ask all the time, and what they got."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url, self.client = url, client
        self.good, self.bad = 0, list[str]()
        self._tasks = [asyncio.create_task(self._ask()) for _ in range(CLIENTS)]

    async def more(self, count: int = 100) -> None:
        """Until so many more answers came."""
        wanted = self.good + count
        async with time_limit():
            while self.good < wanted and not self.bad:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Finish what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(self) -> None:
        while True:
            try:
                response = await self.client.post(self.url + "/graphql", json={"query": "{ first }"})
            except httpx.HTTPError as error:
                self.bad.append(repr(error))
                continue
            if response.text == '{"data":{"first":1}}':
                self.good += 1
            else:
                self.bad.append(response.text)


@pytest.fixture
async def asking(config: Path) -> AsyncIterator[tuple[Service, Asking]]:
    """The project served in this process, with clients at work."""
    service = Service(load_project(config, {}))
    limits = httpx.Limits(max_connections=CLIENTS + 5)
    async with serving(service.asgi) as url, httpx.AsyncClient(timeout=GENEROUS, limits=limits) as client:
        clients = Asking(url, client)
        try:
            await clients.more()
            yield service, clients
        finally:
            await clients.stop()


async def _ask(clients: Asking, path: str, query: str) -> dict:
    return (await clients.client.post(clients.url + path, json={"query": query})).json()


async def test_a_changed_schema_loses_no_request(config: Path, asking: tuple[Service, Asking]) -> None:
    """A field is added, twenty clients see nothing but answers."""
    service, clients = asking
    (config.parent / "reloaded.py").write_text(SCHEMA + MORE + END)
    await service.reload(config, {})
    assert await _ask(clients, "/graphql", "{ second }") == {"data": {"second": 2}}
    await clients.more()
    assert clients.bad == []


async def test_a_changed_configuration_loses_no_request(config: Path, asking: tuple[Service, Asking]) -> None:
    """A frontend and a limit are added."""
    service, clients = asking
    config.write_text(CONFIG + "  phone: {schema: reloaded, limits: {max_tokens: 4}}\n")
    await service.reload(config, {})
    assert (await _ask(clients, "/graphql/phone", "{ first }")) == {"data": {"first": 1}}
    refused = await _ask(clients, "/graphql/phone", "{ first again: first }")
    assert refused["errors"][0]["extensions"]["code"] == "TOO_MANY_TOKENS"
    await clients.more()
    assert clients.bad == []


@pytest.mark.parametrize(
    ("file", "text", "error"),
    [
        ("reloaded.py", "schema =\n", SchemaError),
        ("reloaded.py", SCHEMA.replace("-> int", "-> Nothing") + END, SchemaError),
        ("bff.yaml", "frontends: {web: {schem: reloaded}}\n", ConfigError),
        ("bff.yaml", "frontends: {\n", ConfigError),
    ],
)
async def test_a_mistake_changes_nothing(config: Path, asking, file: str, text: str, error: type[Exception]) -> None:
    """What was there keeps answering, and the next good state is taken."""
    service, clients = asking
    good = (config.parent / file).read_text()
    (config.parent / file).write_text(text)
    with pytest.raises(error):
        await service.reload(config, {})
    await clients.more()
    (config.parent / file).write_text(good)
    await service.reload(config, {})
    await clients.more()
    assert clients.bad == []


async def test_many_reloads_under_load(config: Path, asking: tuple[Service, Asking]) -> None:
    """Ten in a row, and still no request is lost."""
    service, clients = asking
    for number in range(10):
        (config.parent / "reloaded.py").write_text(SCHEMA + (MORE if number % 2 else "") + END)
        await service.reload(config, {})
        await clients.more(20)
    assert clients.bad == []


def test_serve_reload_sees_what_is_saved(config: Path) -> None:
    """`bff serve --reload`: a saved change answers within five seconds; a mistake is shown and changes nothing."""
    with running("serve", "--reload", cwd=config.parent) as command:
        assert command.ask_when_up("{ first }") == {"data": {"first": 1}}
        for attempt in range(20):  # the watcher begins some time after the port is open
            (config.parent / "reloaded.py").write_text(SCHEMA + MORE + END + f"# {attempt}\n")
            with suppress(AssertionError):
                command.wait_for("reloaded after a change of reloaded.py", seconds=5)
                break
        assert command.ask("{ second }") == {"data": {"second": 2}}
        config.write_text(CONFIG.replace("schema", "schem"))
        command.wait_for('bff.yaml:2:9: error [config] frontends.web.schem: unknown key; did you mean "schema"?')
        assert command.ask("{ second }") == {"data": {"second": 2}}
        assert command.stop() == 0


def test_changes_of_log_and_server(config: Path) -> None:
    """`log` is applied; what needs a restart is named, each time until it is as it was."""
    with running("serve", "--reload", cwd=config.parent) as command:
        command.ask_when_up("{ first }")
        for attempt in range(20):  # the watcher begins some time after the port is open
            config.write_text(CONFIG + f"log: {{format: console, level: warning}}\n# {attempt}\n")
            with suppress(AssertionError):
                command.wait_for("reloaded after a change of bff.yaml", seconds=5)
                break
        section = (
            "host: 0.0.0.0, hosts: [a.example], max_body_size: 9kB, request_timeout: 9s, websocket: {max_ratio: 5}"
        )
        config.write_text(f"{CONFIG}server: {{{section}}}\n")
        command.wait_for("restart_needed")
        changes = "server.host, server.hosts, server.max_body_size, server.websocket.max_ratio"
        command.wait_for(f"not applied these changes need a restart: {changes}")
        assert "warning  restart_needed" in command.output
        config.write_text(CONFIG + "server: {request_timeout: 9s}\n")
        command.wait_for("reloaded after a change of bff.yaml")
        assert command.ask("{ first }") == {"data": {"first": 1}}
        assert command.output.count("not applied") == 1
        assert command.stop() == 0


def test_a_config_map_whose_target_is_swapped(tmp_path: Path) -> None:
    """bff.yaml in a mounted folder, schemas in another, no PYTHONPATH of the user's; each swap is seen."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "in_the_image.py").write_text(SCHEMA + END)
    text = "schemas: ../app\nfrontends:\n  web: {schema: in_the_image, default: true}\n"
    mount(tmp_path / "config", "..1", text)
    with running("serve", "--reload", cwd=tmp_path / "config") as command:
        assert command.ask_when_up("{ first }") == {"data": {"first": 1}}
        for number in (2, 3):
            more = f"  phone{number}: {{schema: in_the_image}}\n"
            mount(tmp_path / "config", f"..{number}", text + more)
            command.wait_for("reloaded after a change of bff.yaml")
            assert command.ask("{ first }", f"/graphql/phone{number}") == {"data": {"first": 1}}
        assert command.stop() == 0
