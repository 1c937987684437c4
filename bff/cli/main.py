"""The command line: the list of subcommands. A new one is a file in `bff/cli/commands` and a line here."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version

from cyclopts import App

from bff.cli.commands.check import check
from bff.cli.commands.demo import demo
from bff.cli.commands.schema_config import schema_config
from bff.cli.commands.sdl import sdl
from bff.cli.commands.serve import serve
from bff.cli.errors import exit_with_code, report_unprinted
from bff.cli.output import CannotPrint, protect_stdout
from bff.observability.logs import protect_stderr

COMMANDS: Mapping[str, Callable[..., int | None]] = {
    "serve": serve,
    "demo": demo,
    "check": check,
    "sdl": sdl,
    "schema-config": schema_config,
}

app = App(
    name="bff",
    help="A Backend-for-Frontend GraphQL gateway: one small schema per frontend, over upstreams of any protocol.",
    version=version("bff-gateway"),
    version_flags=["--version"],
)
for _name, _command in COMMANDS.items():
    app.command(exit_with_code(_command), name=_name)


def main() -> None:
    """Run the command line. SIGTERM ends it with exit code 0, after everything that was opened is closed."""
    protect_stderr()
    protect_stdout()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except CannotPrint as error:
        sys.exit(report_unprinted(error))
