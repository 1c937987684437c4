"""The subcommands of `bff`, and how mistakes end a command: in plain words and a non-zero exit code."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec

from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape

from bff.app import load_project
from bff.authoring import SchemaError
from bff.cli.serving import serve_demo, serve_project
from bff.config import ConfigError, json_schema
from bff.http.server.run import CannotListen

P = ParamSpec("P")

app = App(
    name="bff",
    help="A Backend-for-Frontend GraphQL gateway: one small schema per frontend, over upstreams of any protocol.",
    version_flags=["--version"],
)
console = Console(stderr=True, highlight=False)

Config = Annotated[Path, Parameter(name=["--config", "-c"], help="The configuration file.")]
Host = Annotated[str | None, Parameter(help="Address to listen on, instead of the one in the configuration.")]
Port = Annotated[int | None, Parameter(help="Port to listen on, instead of the one in the configuration.")]


def _plainly(command: Callable[P, int | None]) -> Callable[P, None]:
    """Turn the mistakes of a user into lines to read instead of tracebacks."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except (ConfigError, SchemaError) as error:
            for problem in error.problems:
                console.print(f"[red]error[/red] {escape(str(problem))}", soft_wrap=True)
            console.print(f"{len(error.problems)} to mend.")
            code = 1
        except CannotListen as error:
            console.print(f"[red]error[/red] {escape(str(error))}", soft_wrap=True)
            code = 1
        except KeyboardInterrupt:
            code = 130
        sys.exit(code or 0)

    return run


@app.command
@_plainly
def serve(
    *,
    config: Config = Path("bff.yaml"),
    host: Host = None,
    port: Port = None,
    workers: Annotated[int, Parameter(help="Number of processes that share the port.")] = 1,
    reload: Annotated[bool, Parameter(help="Swap in changes as they are saved, without dropping a request.")] = False,
) -> int | None:
    """Run the gateway."""
    return serve_project(config, host=host, port=port, workers=workers, reload=reload)


@app.command
@_plainly
def demo(
    *,
    config: Config = Path("bff.yaml"),
    host: Annotated[str, Parameter(help="Address of the gateway and the upstreams.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port of the gateway; the upstreams take free ones.")] = 8000,
) -> int | None:
    """Run the shop: six upstreams, each in its own protocol, and the gateway in front of them."""
    return serve_demo(config, host=host, port=port)


@app.command
@_plainly
def check(*, config: Config = Path("bff.yaml")) -> int:
    """Check the configuration, the schemas and files it names, and find N+1 calls, without starting anything."""
    project = load_project(config)
    missing, n_plus_one = project.missing_files(), project.n_plus_one()
    for line in missing:
        console.print(f"[red]error[/red] {escape(line)}", soft_wrap=True)
    for line in n_plus_one:
        console.print(f"[yellow]N+1[/yellow] {escape(line)}", soft_wrap=True)
    if missing or n_plus_one:
        return 1
    upstreams, frontends = (", ".join(each) for each in (project.settings.upstreams, project.frontends))
    console.print(f"{config}: upstreams {upstreams or 'none'}; frontends {frontends}: all is well.", soft_wrap=True)
    return 0


@app.command
@_plainly
def sdl(
    frontend: Annotated[str | None, Parameter(help="Name of one frontend; all of them when left out.")] = None,
    *,
    config: Config = Path("bff.yaml"),
    write: Annotated[bool, Parameter(help="Write the files instead of printing.")] = False,
) -> int:
    """Print the schema of a frontend, or write every frontend's into schema.graphql beside its module."""
    project = load_project(config)
    chosen = list(project.frontends) if frontend is None else [frontend]
    for name in chosen:
        if name not in project.frontends:
            console.print(f'[red]error[/red] there is no frontend "{name}"; there is {", ".join(project.frontends)}')
            return 1
        loaded = project.frontends[name]
        if write:
            module = sys.modules[loaded.options.schema_module]
            path = Path(str(module.__file__)).with_name("schema.graphql")
            path.write_text(loaded.sdl)
            console.print(f"wrote {path}")
        else:
            sys.stdout.write(loaded.sdl)
    return 0


@app.command(name="schema-config")
@_plainly
def schema_config() -> int:
    """Print the JSON Schema of bff.yaml, for editors."""
    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
    return 0


def main() -> None:
    """Run the command line. SIGTERM ends it with exit code 0, after everything that was opened is closed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app()
