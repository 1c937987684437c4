"""What the commands print: errors, warnings and the addresses of a running gateway, on standard error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Annotated, cast

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape

from bff.config import Settings
from bff.contract import FrontendCard
from bff.http.options import Options
from bff.observability.standard import PlainStderr

console = Console(file=cast("IO[str]", PlainStderr()), highlight=False)

Config = Annotated[Path, Parameter(name=["--config", "-c"], help="Path of the configuration file.")]


def print_error(message: str, *, label: str = "error") -> None:
    """One line with a red label."""
    console.print(f"[red]{label}[/red] {escape(message)}", soft_wrap=True)


def print_warning(message: str, *, label: str = "warning") -> None:
    """One line with a yellow label."""
    console.print(f"[yellow]{label}[/yellow] {escape(message)}", soft_wrap=True)


def print_addresses(cards: Sequence[FrontendCard], options: Options, address: str) -> None:
    """The address of the gateway and of each frontend."""
    console.print(f"\n[bold]The gateway[/bold] listens at {address}/graphql")
    for card in cards:
        console.print(f"  {card.name:<10} {address}/graphql/{card.name}   {escape(card.description)}")
    if admin := options.admin:
        host = f"[{admin.host}]" if ":" in admin.host else admin.host
        console.print(f"  {'(admin)':<10} http://{host}:{admin.port}/ready, /metrics")
    hint = "Open an address in a browser for GraphiQL. " if options.graphiql else ""
    console.print(f"  {hint}Press Ctrl-C to stop.\n")


def print_mode(settings: Settings) -> None:
    """One line with the mode that was chosen, and how to change it; nothing if bff.yaml has `mode`."""
    if settings.has_mode:
        return
    if settings.mode == "development":
        hint = "Write `mode: production` in bff.yaml before strangers reach it, also through a proxy."
        console.print(f"mode: development, with GraphiQL, introspection and /metrics. {hint}", soft_wrap=True)
    elif settings.switched_off:
        off = ", ".join(settings.switched_off)
        hint = "Write `mode: development` in bff.yaml to have them, or set each option."
        console.print(f"mode: production, without {off}. {hint}", soft_wrap=True)
