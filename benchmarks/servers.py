"""Every server that can be measured: its name, how it is started, and where it is asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import install
from benchmarks.processes import GATEWAY_CORE, OTHER_CORES, ROOT, Running, free_port, process

GATEWAY = Path(__file__).parent / "gateway" / "bff.yaml"


@dataclass(frozen=True, slots=True)
class Command:
    """What starts a server."""

    arguments: list[str]
    env: Mapping[str, str]
    cwd: Path = ROOT


@dataclass(frozen=True, slots=True)
class Server:
    """A server that can be started on a port in front of an upstream."""

    name: str
    label: str
    start: Callable[[int, str], Command]
    """From port and the upstream's URL; raises NotStarted where it cannot be had."""
    kind: str = "peer"
    """`ours`, `peer` or `floor`."""
    executes: bool = True
    """Whether it reads the query; floors do not, so cold queries say nothing about them."""

    def path(self, question: str) -> str:
        """Where a question is posted."""
        return f"/echo/{question}" if self.name == "echo" else "/graphql"


def _uvicorn(app: str, port: int, env: Mapping[str, str]) -> Command:
    options = ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log"]
    return Command([sys.executable, "-m", "uvicorn", app, "--port", str(port), *options], env)


def _ours(engine: str, *more: str) -> Callable[[int, str], Command]:
    def start(port: int, url: str) -> Command:
        arguments = [sys.executable, "-m", "bff.cli", "serve", "--config", str(GATEWAY), "--port", str(port), *more]
        return Command(arguments, {"UPSTREAM": url, "ENGINE": engine})

    return start


def _echo(port: int, url: str) -> Command:
    return _uvicorn("benchmarks.peers.echo:app", port, {})


def _by_hand(client: str) -> Callable[[int, str], Command]:
    def start(port: int, url: str) -> Command:
        path = f"{ROOT}{os.pathsep}{install.python()}" if client != "own" else str(ROOT)
        return _uvicorn("benchmarks.peers.by_hand:app", port, {"UPSTREAM": url, "CLIENT": client, "PYTHONPATH": path})

    return start


def _strawberry(port: int, url: str) -> Command:
    path = f"{ROOT}{os.pathsep}{install.python()}"
    return _uvicorn("benchmarks.peers.strawberry_app:app", port, {"UPSTREAM": url, "PYTHONPATH": path})


def _node(script: str, **env: str) -> Callable[[int, str], Command]:
    def start(port: int, url: str) -> Command:
        folder = install.npm("node")
        return Command(["node", script], {"UPSTREAM": url, "PORT": str(port), "NODE_ENV": "production", **env}, folder)

    return start


def _tailcall(dedupe: bool) -> Callable[[int, str], Command]:
    def start(port: int, url: str) -> Command:
        command = install.tailcall()
        text = (install.PEERS / "tailcall" / "config.graphql").read_text()
        for name, value in {"UPSTREAM": url, "PORT": str(port), "DEDUPE": "true" if dedupe else "false"}.items():
            text = text.replace(name, value)
        config = install.CACHE / "tailcall" / ("deduped.graphql" if dedupe else "plain.graphql")
        config.write_text(text)
        return Command([*command, "start", str(config)], {"TAILCALL_TRACKER": "false", "TAILCALL_LOG_LEVEL": "error"})

    return start


def _hive(port: int, url: str) -> Command:
    folder = install.npm("hive")
    composed = folder / "supergraph.graphql"
    install.run(["node", "node_modules/.bin/mesh-compose", "-o", str(composed)], folder, UPSTREAM=url)
    binary = "node_modules/.bin/hive-gateway"
    arguments = ["node", binary, "supergraph", str(composed), "--port", str(port), "--host", "127.0.0.1"]
    return Command(arguments, {"NODE_ENV": "production", "LOG_LEVEL": "error"}, folder)


SERVERS = {
    each.name: each
    for each in (
        Server("ours", "this gateway", _ours("compiled"), "ours"),
        Server("reference", "this gateway, `engine: reference`", _ours("reference"), "ours"),
        Server("echo", "floor: bare uvicorn echo", _echo, "floor", executes=False),
        Server("hand", "floor: by hand, our HTTP client", _by_hand("own"), "floor", executes=False),
        Server("hand-pyreqwest", "floor: by hand, pyreqwest", _by_hand("pyreqwest"), "floor", executes=False),
        Server("mercurius", "Mercurius, JIT, its loaders", _node("mercurius.mjs", LOADERS="own")),
        Server("mercurius-dataloader", "Mercurius, JIT, dataloader", _node("mercurius.mjs", LOADERS="dataloader")),
        Server("tailcall", "Tailcall", _tailcall(False)),
        Server("tailcall-dedupe", "Tailcall, dedupe", _tailcall(True)),
        Server("apollo", "Apollo Server, dataloader", _node("apollo.mjs")),
        Server("hive", "Hive Gateway", _hive),
        Server("strawberry", "strawberry, aiodataloader, httpx", _strawberry),
    )
}


def ours(more: Sequence[str]) -> Server:
    """The gateway, started with more options."""
    return Server("ours", "this gateway", _ours("compiled", *more), "ours")


@contextmanager
def started(server: Server, url: str, cores: set[int] = GATEWAY_CORE) -> Iterator[Running]:
    """The server while the block runs. Raises NotStarted."""
    port = free_port()
    command = server.start(port, url)
    with process(command.arguments, port, cores=cores, cwd=command.cwd, env=command.env) as running:
        yield running


@contextmanager
def upstream() -> Iterator[int]:
    """The port of the REST service while the block runs."""
    port = free_port()
    with process([sys.executable, "-m", "benchmarks.upstream", str(port)], port, cores=OTHER_CORES):
        yield port
