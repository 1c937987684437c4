"""`bff demo`: the shop's six upstreams and the gateway in front of them, in one process."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.markup import escape

from bff.app import Service, load_project
from bff.cli.commands.serve import PORT
from bff.cli.console import Config, console, print_addresses, print_error, print_warning
from bff.cli.running import run_until_stopped
from bff.http.server import run as server
from bff.observability.logs import configure_logging

_QUERIES = (
    (
        "-H 'x-client: mobile' ",
        "",
        "{ home { products(first: 3) { label price { text } inStock reviews { title } } } }",
    ),
    ("", "/web", '{ product(id: "p-001") { name price { text } stock { quantity } rating { average } } }'),
    ("-H 'x-api-key: demo-partner-key' ", "/partner", "{ offers(category: GARDEN, first: 3) { sku available } }"),
)
"""A header, a path and a query for each frontend."""


def demo(
    *,
    config: Config = Path("bff.yaml"),
    host: Annotated[str, Parameter(help="Address of the gateway and of the upstreams.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port of the gateway.", validator=PORT)] = 8000,
    free_ports: Annotated[
        bool, Parameter(help="Start the upstreams on free ports, not on 9001 to 9006.", negative="")
    ] = False,
) -> int | None:
    """Run the demo shop: six upstreams, each in its own protocol, and the gateway in front of them."""
    try:
        open_shop: Any = import_module("demo.shop").open_shop
    except ModuleNotFoundError:
        print_error("the package `demo` is missing here; run this command in a checkout of the gateway's repository")
        return 1
    run_until_stopped(_serve_shop(open_shop, config, host, port, fixed=not free_ports))
    return 0


async def _serve_shop(open_shop: Any, config: Path, host: str, port: int, *, fixed: bool) -> None:
    """Start the upstreams, then the gateway with their addresses."""
    async with open_shop(host=host, fixed=fixed) as shop:
        project = load_project(config, {**os.environ, **shop.addresses}, default_mode="development")
        project = project.listen_at(host, port)
        configure_logging(project.settings.log.model_copy(update={"format": "console", "level": "warning"}))
        service = Service(project)

        def print_all(address: str) -> None:
            console.print("\n[bold]The shop's upstreams[/bold]")
            for name, upstream in sorted(shop.addresses.items()):
                console.print(f"  {name:<18} {upstream}")
            for name, port in shop.taken.items():
                print_warning(
                    f"port {port} is in use; set {name}={shop.addresses[name]} for other gateways", label="note"
                )
            print_addresses(project.cards, project.settings.server, address)
            _print_queries(address)

        await server.serve(service.asgi, project.settings.server, started=print_all)


def _print_queries(address: str) -> None:
    """A curl command for each frontend, ready to paste."""
    console.print("[bold]Try[/bold]")
    for header, path, query in _QUERIES:
        body = '{"query": "' + query.replace('"', '\\"') + '"}'
        command = f"curl -s {address}/graphql{path} {header}-H 'content-type: application/json' -d '{body}'"
        console.print("  " + escape(command), soft_wrap=True)
    console.print()
