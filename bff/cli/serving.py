"""What `bff serve` and `bff demo` do: load, say what was opened, run until stopped, watch for changes."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.markup import escape
from watchfiles import awatch

from bff.app import Service, load_project
from bff.authoring import SchemaError
from bff.config import ConfigError
from bff.http.server.run import run, serve, serve_workers, settle
from bff.observability import logs

log = structlog.get_logger("bff.cli")
console = Console(stderr=True, highlight=False)

_WATCHED = (".yaml", ".yml", ".py", ".graphql", ".json")


def serve_project(config: Path, *, host: str | None, port: int | None, workers: int, reload: bool) -> int | None:
    """Run the gateway of a project until it is stopped. Raises ConfigError, SchemaError and PortInUse."""
    project = load_project(config)
    logs.set_up(project.settings.log)
    options = project.settings.server
    options = options.model_copy(update={"host": host or options.host, "port": options.port if port is None else port})
    if workers > 1:
        if reload:
            console.print("[red]error[/red] --reload works with one worker; leave out --workers")
            return 2
        os.environ["BFF_CONFIG"] = str(config.resolve())
        serve_workers("bff.cli.serving:application", options, workers)
        return 0
    settle()
    service = Service(project)
    work: list[Callable[[], Awaitable[None]]] = [lambda: _watch(service, config.resolve())] if reload else []
    _until_stopped(serve(service.asgi, options, beside=work, started=lambda address: _say_open(service, address)))
    return 0


def serve_demo(config: Path, *, host: str, port: int) -> int | None:
    """Start the six upstreams of the shop in this process, then the gateway with their addresses."""
    try:
        open_shop: Any = import_module("demo.shop").open_shop
    except ModuleNotFoundError:
        console.print("[red]error[/red] there is no `demo` here; run this in a checkout of the gateway's repository")
        return 1
    _until_stopped(_demo(open_shop, config, host, port))
    return 0


async def _demo(open_shop: Any, config: Path, host: str, port: int) -> None:
    async with open_shop(host=host) as shop:
        project = load_project(config, {**os.environ, **shop.addresses})
        logs.set_up(project.settings.log.model_copy(update={"format": "console", "level": "warning"}))
        service = Service(project)
        options = project.settings.server.model_copy(update={"host": host, "port": port})

        def say(address: str) -> None:
            console.print("\n[bold]The shop's upstreams[/bold]")
            for name, where in shop.addresses.items():
                console.print(f"  {name:<18} {where}")
            _say_open(service, address)
            _say_queries(service, address)

        await serve(service.asgi, options, started=say)


def application() -> Any:
    """The ASGI application of one worker process; the parent put the file's path into BFF_CONFIG."""
    project = load_project(Path(os.environ["BFF_CONFIG"]))
    logs.set_up(project.settings.log)
    settle()
    return Service(project).asgi


def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run until Ctrl-C, which is how a server is meant to end: no failure, so that `make demo` reports none."""
    with suppress(KeyboardInterrupt):
        run(work)


async def _watch(service: Service, config: Path) -> None:
    """Reload at each change of YAML, Python or schema files; a mistake is shown and the old state stays."""
    async for changes in awatch(config.parent, watch_filter=lambda _, path: path.endswith(_WATCHED)):
        files = sorted({Path(path).name for _, path in changes})
        try:
            await service.reload(config)
            console.print(f"reloaded after a change of {', '.join(files)}")
        except (ConfigError, SchemaError) as error:
            for problem in error.problems:
                console.print(f"[red]not reloaded[/red] {escape(str(problem))}", soft_wrap=True)


def _say_open(service: Service, address: str) -> None:
    console.print(f"\n[bold]The gateway[/bold] is open at {address}/graphql")
    for card in service.generation.cards:
        console.print(f"  {card.name:<10} {address}/graphql/{card.name}   {escape(card.description)}")
    console.print("  Open one in a browser for GraphiQL. Ctrl-C stops.\n")


def _say_queries(service: Service, address: str) -> None:
    console.print("[bold]Try[/bold]")
    for header, path, query in (
        (
            "-H 'x-client: mobile' ",
            "",
            "{ home { products(first: 3) { label price { text } inStock reviews { title } } } }",
        ),
        ("", "/web", '{ product(id: "p-001") { name price { text } stock { quantity } rating { average } } }'),
        ("-H 'x-api-key: demo-partner-key' ", "/partner", "{ offers(category: GARDEN, first: 3) { sku available } }"),
    ):
        body = '{"query": "' + query.replace('"', '\\"') + '"}'
        command = f"curl -s {address}/graphql{path} {header}-H 'content-type: application/json' -d '{body}'"
        console.print("  " + escape(command), soft_wrap=True)
    console.print()
