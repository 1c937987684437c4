"""The shop's home screen: 40 products over REST, gRPC, SOAP and GraphQL, from the demo's own upstreams.

Only this gateway speaks them all, so it is compared with itself on graphql-core.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson

from benchmarks.client import Clients, WrongAnswer, once, post, repeated
from benchmarks.processes import GATEWAY_CORE, OTHER_CORES, ROOT, Running, free_port, process, spent

ADDRESSES = {
    "catalog": ("CATALOG_URL", "http://127.0.0.1:{}"),
    "pricing": ("PRICING_ADDRESS", "127.0.0.1:{}"),
    "warehouse": ("WAREHOUSE_URL", "http://127.0.0.1:{}/"),
    "reviews": ("REVIEWS_URL", "http://127.0.0.1:{}/graphql"),
    "ticker": ("TICKER_URL", "ws://127.0.0.1:{}"),
}
QUERY = """{ home(category: TOYS) { headline products(first: 40) { id label price { text } onSale inStock
rating { average count } reviews(first: 2) { rating title author } } } }"""
CONNECTIONS = 4
"""So few that the slower engine, too, answers within the time that the shop allows its upstreams."""


async def measure(rounds: int, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of CPU per screen by engine, a value for each round. Raises WrongAnswer."""
    taken: dict[str, list[float]] = {"compiled": [], "reference": []}
    with ExitStack() as stack:
        addresses = {}
        for name, (variable, address) in ADDRESSES.items():
            port = free_port()
            command = [sys.executable, "-m", "demo", name, "--port", str(port)]
            stack.enter_context(process(command, port, cores=OTHER_CORES))
            addresses[variable] = address.format(port)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        gateways = {}
        for engine in taken:
            config, port = _config(folder, engine), free_port()
            command = [sys.executable, "-m", "bff.cli", "serve", "--config", str(config), "--port", str(port)]
            running = stack.enter_context(process(command, port, cores=GATEWAY_CORE, env=addresses))
            gateways[engine] = (running, await _checked(running))
        if len({expected for _, expected in gateways.values()}) > 1:
            raise WrongAnswer("the engines answer differently")
        for turn in range(rounds + 1):
            for engine, (running, expected) in gateways.items():
                spending = await _round(running, expected, seconds)
                if turn:
                    taken[engine].append(spending)
    return taken


def _config(folder: Path, engine: str) -> Path:
    """bff.yaml as it is, with the engine."""
    text = (ROOT / "bff.yaml").read_text()
    text = text.replace("soap: demo/", f"soap: {ROOT}/demo/")
    text = text.replace("schema: schemas.mobile", f"schema: schemas.mobile\n    engine: {engine}")
    (folder / f"{engine}.yaml").write_text(text)
    return folder / f"{engine}.yaml"


def _requests(client: int) -> Iterator[bytes]:
    token = {"authorization": f"Bearer client-{client}"}
    return repeated(post("/graphql/mobile", orjson.dumps({"query": QUERY}), token))


async def _checked(running: Running) -> bytes:
    """The screen, once it is known to be whole: warmed up, upstreams found. Raises WrongAnswer."""
    answer = b""
    for _ in range(20):
        answer = await once(running.port, next(_requests(0)))
        if b'"errors"' not in answer and answer.count(b'"label"') == 40 and b'"price":null' not in answer:
            return answer
    raise WrongAnswer(f"no whole screen: {answer[:300]!r}")


async def _round(running: Running, expected: bytes, seconds: float) -> float:
    async with Clients(running.port, _requests, CONNECTIONS) as clients:
        await clients.run(0.0, expected)
        before = running.cpu()
        load = await clients.run(seconds, expected)
        return sum(spent(before, running.cpu()).values()) / len(load.latencies) * 1000
