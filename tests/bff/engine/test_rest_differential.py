"""What REST upstreams send, however malformed: both engines answer with the same bytes, errors included.

Drawn schemas over a real HTTP upstream whose JSON holds all that it should not: see tests.bff.engine.rest_schema. It is
the oracle of whatever reads records faster than plain Python does.
"""

from __future__ import annotations

import gc
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest
from structlog.testing import capture_logs

from bff.engine.adapters.executor import natives
from bff.gateway.gateway import Gateway
from bff.upstreams import upstream as behind
from connectors.rest.connector import connect
from connectors.rest.options import Options
from tests.bff.engine.comparing import ask_both, check_same, engines
from tests.bff.engine.drawing import slice_by
from tests.bff.engine.floors import Comparisons
from tests.bff.engine.rest_schema import Record, draw_schema
from tests.bff.fakes import upstream_of
from tests.seeds import scaled, seeds
from tests.serving import serving

NO_JSON = [
    b"",
    b"<html>",
    b"[",
    b'{"id": 1',
    b"[] []",
    b"nul",
    b'{"id": 01}',
    b"[1,]",
    b'\xff"',
    b"\xef\xbb\xbf[]",
    b"NaN",
]


class Upstream:
    """Answers by the path alone, so that it does not matter who asks what together with what."""

    def __init__(self) -> None:
        self.seed = 0
        self.trouble = 0
        self.records: dict[str, Record] = {}
        self.sent: dict[str, bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, body = self.reply(scope["path"], parse_qs(scope["query_string"].decode()).get("id", []))
        self.sent[f"{scope['path']}?{scope['query_string'].decode()}"] = body
        head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body})

    def reply(self, path: str, keys: list[str]) -> tuple[int, bytes]:
        chance = random.Random(f"{self.seed}{path}")
        _, kind, name, *_ = path.split("/")
        if chance.randrange(1000) < self.trouble / 2:
            return chance.choice([(500, b"{}"), (404, b"null"), *((200, each) for each in NO_JSON)])
        record = self.records[name]
        if kind in ("many", "group"):
            each = [self.of_key(record, kind, key) for key in keys]
            return 200, ("[" + ", ".join(filter(None, each)) + "]").encode()
        spec = record.text
        if kind == "single":
            return 200, self.wrong(chance, spec(chance, self.trouble)).encode()
        return 200, self.root(int(kind.removeprefix("root")), record, chance).encode()

    def root(self, shape: int, record: Record, chance: random.Random) -> str:
        if shape in (0, 1, 4):
            items = [self.wrong(chance, record.text(chance, self.trouble)) for _ in range(chance.randrange(6))]
            if shape == 4:
                items = ["[" + ", ".join(items) + "]", "[]", "null" if self.trouble else "[]"]
            return self.wrong(chance, "[" + ", ".join(items) + "]")
        return self.wrong(chance, record.text(chance, self.trouble))

    def of_key(self, record: Record, kind: str, key: str) -> str:
        """The records of one key of a batch, whatever the others are."""
        chance = random.Random(f"{self.seed}{record.name}{kind}{key}")
        shown = chance.choice([json.dumps(key), key if key.lstrip("-").isdigit() else json.dumps(key)])
        count = chance.randrange(3) if kind == "group" else int(chance.random() < 0.9)
        texts = [record.text(chance, self.trouble, id=shown) for _ in range(count)]
        return ", ".join(self.wrong(chance, text) for text in texts)

    def wrong(self, chance: random.Random, text: str) -> str:
        return chance.choice(["null", "7", "[]", '"text"', "{}"]) if chance.randrange(2000) < self.trouble else text


@asynccontextmanager
async def upstream(absent_lists: str = "error") -> AsyncIterator[tuple[Upstream, behind.Upstream]]:
    made = Upstream()
    async with serving(made) as url:
        options = Options.model_validate({"address": url, "absent_lists": absent_lists})
        connector = connect("api", options)
        try:
            yield made, upstream_of(connector, options)
        finally:
            await connector.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what nobody awaits after a failure
@pytest.mark.soak
@pytest.mark.parametrize(("trouble", "is_large"), [(0, False), (10, False), (10, True), (60, False), (60, True)])
async def test_the_same_bytes(trouble: int, is_large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nulls, wrong types, missing and doubled keys, records that are none, failing batches, replies that are no JSON."""
    before, tried, done = natives.total(), 0, Comparisons()
    if is_large:
        slice_by(monkeypatch, 1, 20)
    with capture_logs():
        async with upstream("empty" if is_large else "error") as (server, connector):
            for seed in seeds(12, fresh=4, short=3):
                server.records = (drawn := draw_schema(seed)).records
                ours, theirs = engines(drawn.schema, connector)
                for number in range(10):
                    server.seed, server.trouble = seed * 1000 + number, trouble
                    tried += await compared(server, ours, theirs, done)
    gc.collect()
    done.check(soak=40, short=10)
    assert natives.total() - before == tried > scaled(100)


async def compared(server: Upstream, ours: Gateway, theirs: Gateway, done: Comparisons) -> int:
    """How often the drawn query was run on our engine: first replies are read in another way than later ones."""
    server.sent.clear()
    drawn = await ask_both(server, ours, theirs, done, 2)
    if drawn is None:
        return 0
    text, expected, answers = drawn
    sent = "\n".join(f"{path} {body!r}" for path, body in server.sent.items())
    if "e400" not in sent:  # too large for a float, it spoils a reply that is read whole, and no other
        check_same(answers, expected, f"seed {server.seed // 1000}, number {server.seed % 1000}, {text}\n{sent}")
    return 2
