"""100 posts with their 10 users from REST, 50 clients with an Authorization each: CPU of the gateway per request.

Baselines: uvicorn that sends the same bytes and does nothing, and the same gateway with `engine: reference`.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.load import ROOT, answer, cpu, free_port, listening, load, post, process, resident

CLIENTS, EACH, ROUNDS = 50, 6, 5
QUERY = b'{"query": "{ posts { id title user { id name email } } }"}'

SCHEMA = """
import strawberry

from bff.authoring import frontend, via
from connectors import rest

api = rest("api")
posts = api.get("/posts")
user = api.get("/users/{id}", many="/users?id={id}", key="id")


@strawberry.type
class User:
    id: int
    name: str
    email: str


@strawberry.type
class Post:
    id: int
    user_id: strawberry.Private[int]
    title: str
    user: User = via(user, id="user_id")


@strawberry.type
class Query:
    posts: list[Post] = via(posts)


schema = frontend(query=Query)
"""
CONFIG = """
upstreams:
  api: {{rest: "{url}", timeout: 5s, forward: [authorization]}}
frontends:
  bench: {{schema: bench_schema, default: true, engine: {engine}}}
server: {{compression: null}}
log: {{level: error}}
"""


async def measure() -> list[str]:
    """A row for each server: milliseconds of CPU per request, median of the rounds, with least and most."""
    requests = [post("/graphql", QUERY, {"authorization": f"Bearer {number}"}) for number in range(CLIENTS)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = free_port()
        stack.enter_context(process(_uvicorn(upstream)))
        (folder / "bench_schema.py").write_text(SCHEMA)
        servers: dict[str, tuple[int, int]] = {}
        for engine in ("compiled", "reference"):
            config, port = folder / f"{engine}.yaml", free_port()
            config.write_text(CONFIG.format(url=f"http://127.0.0.1:{upstream}", engine=engine))
            arguments = ["-m", "bff.cli", "serve", "--config", str(config), "--port", str(port)]
            servers[engine] = stack.enter_context(process(arguments)), port
            await listening(port)
        await listening(upstream)
        expected = await answer(servers["compiled"][1], requests[0])
        port = free_port()
        servers["echo"] = stack.enter_context(process(_uvicorn(port), ECHO=expected.decode())), port
        await listening(port)
        taken: dict[str, list[float]] = {name: [] for name in servers}
        for turn in range(ROUNDS + 1):  # the first warms up
            for name, (pid, port) in servers.items():
                before = cpu(pid)
                await load(port, requests, expected, EACH)
                if turn:
                    taken[name].append((cpu(pid) - before) / (CLIENTS * EACH) * 1000)
        memory = {name: resident(pid) for name, (pid, _) in servers.items()}
    median = {name: sorted(values)[ROUNDS // 2] for name, values in taken.items()}
    rows = [
        f"{name:<12} {median[name]:8.3f} ms  ({min(values):.3f} to {max(values):.3f}), {memory[name]:.0f} MB"
        for name, values in taken.items()
    ]
    return [
        *rows,
        f"compiled / echo = {median['compiled'] / median['echo']:.1f}",
        f"reference / compiled = {median['reference'] / median['compiled']:.1f}",
    ]


def _uvicorn(port: int) -> list[str]:
    loop = ["--loop", "uvloop", "--http", "httptools", "--log-level", "error", "--no-access-log"]
    return ["-m", "uvicorn", "benchmarks.upstream:app", "--port", str(port), "--app-dir", str(ROOT), *loop]
