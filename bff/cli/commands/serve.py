"""`bff serve`: run the gateway of a project until it is stopped, in one process or several."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators
from rich.markup import escape

from bff.app import Project, Service, load_project
from bff.authoring import SchemaError
from bff.checks import check_project, read_findings
from bff.cli.console import Config, console, print_addresses, print_error, print_mode, print_warning
from bff.cli.report import count_findings, has_errors, print_findings
from bff.cli.running import run_until_stopped
from bff.cli.watching import LoadedFiles
from bff.config import ConfigError
from bff.config.mode import choose_default_mode
from bff.http.server import run as server
from bff.http.server.admin import check_admin
from bff.http.server.worker import Served, serve_workers
from bff.http.server.workers import WorkerFailed
from bff.observability.logs import configure_logging

PORT = validators.Number(gte=0, lte=65535)
_WORKERS = validators.Number(gte=1, lte=1024)


def serve(
    *,
    config: Config = Path("bff.yaml"),
    host: Annotated[str | None, Parameter(help="Address to listen on; overrides the configuration.")] = None,
    port: Annotated[
        int | None, Parameter(help="Port to listen on; overrides the configuration.", validator=PORT)
    ] = None,
    workers: Annotated[int, Parameter(help="Number of processes that share the port.", validator=_WORKERS)] = 1,
    reload: Annotated[bool, Parameter(help="Reload changed files without dropping a request.")] = False,
) -> int | None:
    """Run the gateway."""
    default_mode = choose_default_mode(host) if host else None
    project = load_project(config, default_mode="development" if reload else default_mode)
    try:
        asyncio.run(refuse_errors(project, config))
    except CheckFailed as error:
        print_error(f"the gateway does not start with {error}; `bff check` lists the same")
        return 1
    print_mode(project.settings)
    configure_logging(project.settings.log)
    project = project.listen_at(host, port)
    options = project.settings.server
    check_admin(options)
    if workers > 1:
        if reload:
            print_error("--reload needs a single process; remove --workers")
            return 2
        try:
            serve_workers(
                partial(prepare_worker, config.absolute(), host, port),
                options,
                workers,
                started=lambda address: print_addresses(project.cards, options, address),
            )
        except WorkerFailed:
            print_error("the workers cannot start; the log says why")
            return 1
        return 0
    server.settle()
    service = Service(project)
    beside: list[Callable[[], Awaitable[None]]] = (
        [lambda: reload_on_change(service, config.absolute())] if reload else []
    )
    run_until_stopped(
        server.serve(
            service.asgi,
            options,
            beside=beside,
            started=lambda address: print_addresses(project.cards, options, address),
            reload=lambda: reload_at_signal(service, config.absolute()),
        )
    )
    return 0


def prepare_worker(config: Path, host: str | None, port: int | None) -> Served:
    """What one worker process serves: the project as it is on disk now."""
    project = load_project(config, default_mode=choose_default_mode(host) if host else None).listen_at(host, port)
    configure_logging(project.settings.log)
    server.settle()
    return Served(app=Service(project).asgi, options=project.settings.server)


async def reload_at_signal(service: Service, config: Path) -> None:
    """Reload after SIGHUP."""
    await reload_once(service, config, "SIGHUP")


async def reload_on_change(service: Service, config: Path) -> None:
    """Reload after each change of a file that is loaded. After a mistake the old state stays in use."""
    files = LoadedFiles(config, service.settings)
    while True:
        changed = await files.wait_for_change()
        if await reload_once(service, config, f"a change of {', '.join(changed)}"):
            files.update(service.settings)


class CheckFailed(Exception):
    """A project has errors, which are printed. The text is how many."""


async def refuse_errors(project: Project, config: Path) -> None:
    """Print what `bff check` finds. Raises CheckFailed if an error is among it."""
    findings = await check_project(project.settings, project.schemas, config)
    print_findings(findings)
    if has_errors(findings):
        raise CheckFailed(count_findings(findings))


async def reload_once(service: Service, config: Path, reason: str) -> bool:
    """Reload, and return whether that was done; after a mistake the old state stays in use."""
    try:
        unapplied = await service.reload(config, check=lambda project: refuse_errors(project, config))
        configure_logging(service.settings.log)
        console.print(f"reloaded after {escape(reason)}")
        if unapplied:
            print_warning(f"these changes need a restart: {', '.join(unapplied)}", label="not applied")
    except (ConfigError, SchemaError) as error:
        print_findings(read_findings(error, config))
        print_error("the changes are not applied", label="not reloaded")
    except CheckFailed as error:
        print_error(f"the changes have {error} and are not applied", label="not reloaded")
    else:
        return True
    return False
