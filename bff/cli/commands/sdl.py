"""`bff sdl`: print a frontend's schema, or write all of them into files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bff.app import load_project
from bff.cli.console import Config, console, print_error


def sdl(
    frontend: Annotated[str | None, Parameter(help="Name of a frontend; all frontends by default.")] = None,
    *,
    config: Config = Path("bff.yaml"),
    write: Annotated[bool, Parameter(help="Write schema.graphql files instead of printing.")] = False,
) -> int:
    """Print the schema of a frontend, or write schema.graphql beside the module of each frontend."""
    project = load_project(config)
    chosen = list(project.frontends) if frontend is None else [frontend]
    for name in chosen:
        if name not in project.frontends:
            print_error(f'there is no frontend "{name}"; there is {", ".join(project.frontends)}')
            return 1
        loaded = project.frontends[name]
        if write:
            module = sys.modules[loaded.options.schema_module]
            path = Path(str(module.__file__)).with_name("schema.graphql")
            try:
                path.write_text(loaded.sdl)
            except OSError as error:
                print_error(f"{path} cannot be written: {error.strerror}")
                return 1
            console.print(f"wrote {path}")
        else:
            sys.stdout.write(loaded.sdl)
    return 0
