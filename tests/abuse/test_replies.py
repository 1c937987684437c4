"""A hostile upstream, within the size of its replies: an innocent query hardly waits, and memory comes back.

8 MB of each form, read by a resolver, as a field of its own and as one batched over a list. The CPU time that the decoding
alone kept the loop for was 2.1 s and more (98 levels), 0.23 s (600,000 names) and 48 s (1e300); the innocent now waits for
7 to 50 ms of work. 900 kB of 1e300 as variables of a client kept it for 4.5 s, now for 45 ms. What 1e300 cost before is
extrapolated from 30 microseconds for each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.abuse.live import Live, live_project, post
from tests.abuse.promises import promised
from tests.http_upstream import Reply, http_upstream

SIZE = 7_900_000


def repeated(unit: bytes) -> bytes:
    return b"[" + b",".join([unit] * (SIZE // (len(unit) + 1))) + b"]"


BODIES = {
    "levels": repeated(b"[" * 97 + b"]" * 97),
    "lists": repeated(b"[]"),
    "names": b"{" + b",".join(b'"n%d":1' % number for number in range(600_000)) + b"}",
    "numbers": repeated(b"1e300"),
    "spaced": repeated(b"1e300" + b" " * 20),
}
SCHEMA = """
import strawberry
from strawberry.scalars import JSON

from bff.authoring import frontend, via
from connectors import rest

api = rest("api")


@strawberry.type
class Record:
    id: strawberry.ID
    price: float | None = None
    raw: JSON | None = via(api.get("/{id}", many="/many?id={id}", key="id"), id="id")


@strawberry.type
class Query:
    @strawberry.field
    async def count(self, kind: str) -> int:
        return len((await api.get("/{kind}")(kind=kind)).data)

    @strawberry.field
    def listed(self, kinds: list[str]) -> list[Record]:
        return [Record(id=kind) for kind in kinds]

    @strawberry.field
    def echo(self, values: list[float]) -> int:
        return len(values)


schema = frontend(query=Query)
"""
CONFIG = """
upstreams:
  api: {rest: "http://127.0.0.1:%d", timeout: 30s}
frontends:
  web: {schema: hostile_schema, default: true}
server: {compression: null, request_timeout: 30s}
log: {level: error}
"""


def reply(path: str, _: bytes) -> Reply:
    """The upstream's."""
    return 200, "application/json", next(body for kind, body in BODIES.items() if kind in path)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    (folder / "hostile_schema.py").write_text(SCHEMA)
    with http_upstream(reply) as port:
        (folder / "bff.yaml").write_text(CONFIG % port)
        with live_project(folder) as made:
            yield made


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    "query", ["count(kind: %s)", "listed(kinds: [%s]) { id raw }", 'listed(kinds: [%s, "other"]) { id raw }']
)
def test_a_hostile_reply_costs_others_little(hostile: Live, kind: str, query: str) -> None:
    """The answer is data or a coded error."""
    name = "resolver" if "count" in query else "batch" if "other" in query else "field"
    request = post(json.dumps({"query": "{ " + query % f'"{kind}"' + " }"}).encode())
    with promised(hostile, f"{kind} by {name}", memory_floor=60):
        answer = hostile.ask(request)
    assert b" 200 " in answer[:20], answer[:300]
    assert b'"code":"' in answer or b'"data":{"' in answer, answer[:300]


def test_a_client_sends_slow_numbers(hostile: Live) -> None:
    """The same numbers as variables; the request is refused or answered."""
    variables = b'{"v":[' + b",".join([b"1e300"] * 150_000) + b"]}"
    body = b'{"query":"query($v: [Float!]!) { echo(values: $v) }","variables":' + variables + b"}"
    with promised(hostile, "slow numbers"):
        answer = hostile.ask(post(body))
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400")), answer[:300]
