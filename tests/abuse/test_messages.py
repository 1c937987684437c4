"""Hostile gRPC and SOAP upstreams, within the size of their replies, before a live process.

8 MB of empty protobuf messages made the gateway hold 790 MB, and 960 MB in an Any; others waited for 172 and 192 ms of
work. They are refused now, within 40 MB and 30 ms.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.abuse.live import Live, live_project, post
from tests.abuse.promises import promised
from tests.connectors.grpc.shop import PROTO
from tests.connectors.grpc.test_hostile_replies import EMPTY_PRICES, HOSTILE
from tests.connectors.soap.world import envelope
from tests.http_upstream import Reply, http_upstream

REPLIES = {
    "refused": EMPTY_PRICES,
    "nested": HOSTILE["in a message"],
    "any": HOSTILE["in an Any"],
    "below": EMPTY_PRICES[:999_999],
    "unscanned": EMPTY_PRICES[:249_999],
}
BODIES = {
    "refused": envelope("<b/>" * 1_750_000),
    "attributes": envelope("<b " + " ".join(f'a{n}=""' for n in range(600_000)) + "/>"),
    "below": envelope("<b/>" * 120_000),
}
SCHEMA = """
import strawberry

from bff.authoring import frontend
from connectors import grpc, soap

shop, books = grpc("shop"), soap("books")


@strawberry.type
class Query:
    @strawberry.field
    async def message(self, kind: str) -> int:
        return len((await shop.unary("shop.Pricing/Echo", {"text": "{kind}"})(kind=kind)).data["prices"])

    @strawberry.field
    async def book(self, kind: str) -> int:
        return len((await books.call("Find", title="{kind}", message={"limit": 1})(kind=kind)).data)


schema = frontend(query=Query)
"""
CONFIG = """
upstreams:
  shop: {{grpc: "127.0.0.1:{shop}", protos: ["{proto}"], timeout: 30s}}
  books: {{soap: "{wsdl}", port: LiteralPort, endpoint: "http://127.0.0.1:{books}/", timeout: 30s}}
frontends:
  web: {{schema: messages_schema, default: true}}
server: {{compression: null, request_timeout: 30s}}
log: {{level: error}}
"""


def reply(_: str, request: bytes) -> Reply:
    """The SOAP upstream's: the request names it."""
    return 200, "text/xml", next(body for kind, body in BODIES.items() if kind.encode() in request)


class Shop(grpc.GenericRpcHandler):
    """The gRPC upstream: the request names the reply."""

    def service(self, details: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(lambda request, context: REPLIES[request[2:].decode()])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder: Path = tmp_path_factory.mktemp("messages")
    (folder / "messages_schema.py").write_text(SCHEMA)
    shop = grpc.server(ThreadPoolExecutor(4), handlers=[Shop()], options=[("grpc.max_send_message_length", -1)])
    port = shop.add_insecure_port("127.0.0.1:0")
    shop.start()
    try:
        with http_upstream(reply) as books:
            wsdl = PROTO.parents[1] / "soap" / "books.wsdl"
            (folder / "bff.yaml").write_text(CONFIG.format(shop=port, proto=PROTO, wsdl=wsdl, books=books))
            with live_project(folder) as made:
                yield made
    finally:
        shop.stop(None).wait()


def ask(hostile: Live, field: str, kind: str) -> bytes:
    return hostile.ask(post(json.dumps({"query": f'{{ {field}(kind: "{kind}") }}'}).encode()))


@pytest.mark.parametrize("kind", REPLIES)
def test_a_hostile_message_costs_others_little(hostile: Live, kind: str) -> None:
    """It is refused with a code, or read."""
    with promised(hostile, f"gRPC {kind}", memory_floor=120):
        answer = ask(hostile, "message", kind)
    expected = f'"message":{len(REPLIES[kind]) // 3}' if kind in ("below", "unscanned") else "UPSTREAM_REPLY_TOO_LARGE"
    assert expected in answer.decode(), answer[:500]


@pytest.mark.parametrize("kind", BODIES)
def test_a_hostile_envelope_costs_others_little(hostile: Live, kind: str) -> None:
    """It is refused with a code, or read: two parts, whatever else there is."""
    with promised(hostile, f"SOAP {kind}", memory_floor=120):
        answer = ask(hostile, "book", kind)
    expected = '{"book":2}' if kind == "below" else "UPSTREAM_REPLY_TOO_LARGE"
    assert expected in answer.decode(), answer[:500]
