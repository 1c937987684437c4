"""What gRPC upstreams send, whatever GraphQL wanted: both engines answer with the same bytes, errors included.

Drawn schemas over a real gRPC server with a drawn proto: see tests.bff.engine.grpc_schema. It is the oracle of the
records that are made of messages without plain Python in between.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message_factory import GetMessageClass
from grpc import aio
from structlog.testing import capture_logs

from connectors.grpc.connector import connect
from connectors.grpc.options import Options
from connectors.grpc.schema_descriptors import build_pool, compile_protos
from connectors.grpc.typed_decode import FormDecoder
from tests.bff.engine.comparing import compare_turns, counted, engines
from tests.bff.engine.floors import Comparisons
from tests.bff.engine.grpc_schema import Drawn, draw_schema
from tests.connectors.grpc.drawing import drawn_message
from tests.seeds import scaled, seeds


class Upstream(grpc.GenericRpcHandler):
    """Answers by what it is asked alone, so that it does not matter who asks what together with what."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.seed = 0
        self.trouble = 0
        self.sent: dict[str, Any] = {}

    def service(self, details: Any) -> Any:
        service, _, name = details.method.lstrip("/").partition("/")
        method = self.pool.FindServiceByName(service).methods_by_name[name]

        async def answer(request: Any, context: Any) -> Any:
            asked_for = f"{name} {request.way} {list(request.keys)}"
            chance = random.Random(f"{self.seed}{asked_for}")
            if chance.randrange(1000) < self.trouble / 4:
                await context.abort(grpc.StatusCode.INTERNAL, "drawn")
            self.sent[asked_for] = reply = self.reply(method.output_type, request, chance)
            return reply

        return grpc.unary_unary_rpc_method_handler(
            answer, GetMessageClass(method.input_type).FromString, lambda reply: reply.SerializeToString()
        )

    def reply(self, type_: Any, request: Any, chance: random.Random) -> Any:
        reply, record = GetMessageClass(type_)(), type_.fields_by_name["first"].message_type
        if request.way not in ("many", "group"):
            for _ in range(chance.randrange(5)):
                reply.items.append(drawn_message(chance, record, self.trouble))
            for holder in (reply, reply.more):
                if chance.random() < 0.9:
                    holder.first.CopyFrom(drawn_message(chance, record, self.trouble))
            return reply
        for key in request.keys:
            of_key = random.Random(f"{self.seed}{record.name}{request.way}{key}")
            for _ in range(of_key.randrange(3 if request.way == "group" else 2)):
                made = drawn_message(of_key, record, self.trouble)
                made.id = key
                (reply.more if request.way == "group" else reply).items.append(made)
        reply.more.SetInParent()
        return reply


@asynccontextmanager
async def upstream(drawn: Drawn, folder: Path) -> AsyncIterator[tuple[Upstream, Any]]:
    source = folder / "drawn.proto"
    source.write_text(drawn.proto)
    files = compile_protos("drawn", [source], [])
    described = folder / "drawn.binpb"
    described.write_bytes(FileDescriptorSet(file=files).SerializeToString())
    made, server = Upstream(build_pool("drawn", files)), aio.server()
    server.add_generic_rpc_handlers((made,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    options = {"address": f"127.0.0.1:{port}", "descriptor_set": str(described)}
    connector: Any = connect("api", Options.model_validate(options))
    connector.max_records = connector.window = None  # it is called without policies around it
    connector.has_empty_lists = False
    try:
        yield made, connector
    finally:
        await connector.close()
        await server.stop(None)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what nobody awaits after a failure
@pytest.mark.soak
@pytest.mark.parametrize("trouble", [0, 30, 150])
async def test_the_same_bytes(trouble: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Integers of 64 bits, numbers that are none, enums without a name, messages that are not set, failing calls."""
    fits, done = counted(monkeypatch, FormDecoder), Comparisons()
    with capture_logs():
        for seed in seeds(8, fresh=3, short=2):
            drawn = draw_schema(seed)
            async with upstream(drawn, tmp_path) as (server, connector):
                connector.has_empty_lists = seed % 2 == 1
                ours, theirs = engines(drawn.schema, connector)
                for number in range(12):
                    server.seed, server.trouble = seed * 1000 + number, trouble
                    await compare_turns(server, ours, theirs, done)
    done.check(soak=200, short=45)
    assert len(fits) > scaled(50, 10), "almost nothing was read as records"
