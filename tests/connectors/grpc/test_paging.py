"""gRPC lists in pages, by a real server."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc as library
import pytest
from google.protobuf.message_factory import GetMessageClass
from grpc import aio

from connectors.contract import Call
from connectors.endpoint import Endpoint
from connectors.errors import (
    DefinitionError,
    UpstreamBadReply,
    UpstreamError,
    UpstreamFailed,
    UpstreamRejected,
    UpstreamReplyTooLarge,
)
from connectors.grpc.connector import connect
from connectors.grpc.endpoints import grpc
from connectors.grpc.options import Options
from connectors.grpc.paging import by_token
from connectors.grpc.schema_descriptors import build_pool, compile_protos

PROTO = Path(__file__).parent / "library_test.proto"
POOL = build_pool("library", compile_protos("library", (PROTO,), ()))
METHOD = POOL.FindServiceByName("library.Library").methods_by_name["ListBooks"]
up = grpc("library")
Pages = Mapping[str, tuple[list[str], str]]
"""Names of books and the next token, by token."""


class Server(library.GenericRpcHandler):
    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.requests: list[tuple[str, int, str]] = []
        self.metadata: list[dict[str, Any]] = []

    def service(self, details: Any) -> Any:
        return library.unary_unary_rpc_method_handler(
            self.answer, GetMessageClass(METHOD.input_type).FromString, lambda reply: reply.SerializeToString()
        )

    async def answer(self, request: Any, context: Any) -> Any:
        self.requests.append((request.parent, request.page_size, request.page_token))
        self.metadata.append(dict(context.invocation_metadata()))
        if request.page_token not in self.pages:
            await context.abort(library.StatusCode.INTERNAL, "no such page")
        names, token = self.pages[request.page_token]
        reply = GetMessageClass(METHOD.output_type)(next_page_token=token, total=7)
        for name in names:
            reply.books.add(name=name)
        return reply


@asynccontextmanager
async def serving(pages: Pages, **options: Any) -> AsyncIterator[tuple[Server, Any]]:
    handler, server = Server(pages), aio.server()
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    given = {"address": f"127.0.0.1:{port}", "protos": [str(PROTO)], **options}
    connector = connect("library", Options.model_validate(given))
    try:
        yield handler, connector
    finally:
        await connector.close()
        await server.stop(None)


def books(**options: Any) -> Endpoint:
    request = {"parent": "{shelf}", "pageSize": "{size?}"}
    return up.unary("library.Library/ListBooks", request, at="books", **{"pages": by_token(), **options})


async def names(connector: Any, endpoint: Endpoint, **arguments: Any) -> list[str]:
    reply = await connector.send(Call(operation=endpoint.operation, arguments={"shelf": "s", **arguments}))
    assert reply.data["total"] == 7
    return [each["name"] for each in reply.data["books"]]


THREE: Pages = {"": (["a", "b"], "t1"), "t1": ([], "0"), "0": (["c"], "")}


async def test_pages_are_one_list_until_the_token_is_empty() -> None:
    """A page may be empty, and a token may look like nothing; the other fields of the request stay."""
    async with serving(THREE) as (server, connector):
        assert await names(connector, books(), size=2) == ["a", "b", "c"]
        assert server.requests == [("s", 2, ""), ("s", 2, "t1"), ("s", 2, "0")]
        assert await names(connector, books(pages=None)) == ["a", "b"]


async def test_a_request_may_begin_elsewhere() -> None:
    """With a token of the frontend's, in whichever name."""
    endpoint = up.unary("library.Library/ListBooks", {"pageToken": "{after}"}, at="books", pages=by_token())
    async with serving(THREE) as (server, connector):
        reply = await connector.send(Call(operation=endpoint.operation, arguments={"after": "t1"}))
        assert [each["name"] for each in reply.data["books"]] == ["c"]
        assert [token for _, _, token in server.requests] == ["t1", "0"]


async def test_tokens_in_a_circle_are_an_error() -> None:
    """No record twice."""
    async with serving({"": (["a"], "x"), "x": (["b"], "y"), "y": (["c"], "x")}) as (_, connector):
        with pytest.raises(UpstreamBadReply, match="page 3: the pages go in a circle: page 2 follows again"):
            await names(connector, books())


async def test_a_list_that_goes_on_is_an_error_or_a_cut(caplog: pytest.LogCaptureFixture) -> None:
    """A cut is logged."""
    async with serving(THREE) as (server, connector):
        with pytest.raises(
            UpstreamReplyTooLarge, match='more than max_pages=2 pages; raise max_pages=, or write on_limit="cut"'
        ):
            await names(connector, books(pages=by_token(max_pages=2)))
        assert len(server.requests) == 2
        with caplog.at_level(logging.WARNING):
            assert await names(connector, books(pages=by_token(max_pages=2, on_limit="cut"))) == ["a", "b"]
        assert "max_pages" in caplog.text
        assert await names(connector, books(pages=by_token(max_pages=3))) == ["a", "b", "c"]


async def test_pages_together_are_bounded() -> None:
    """As one reply is."""
    async with serving({"": (["a" * 60], "x"), "x": (["b" * 60], "")}, max_reply_size=100) as (_, connector):
        with pytest.raises(UpstreamReplyTooLarge, match="page 2: the pages together exceed max_reply_size"):
            await names(connector, books())


async def test_a_page_that_fails_is_named() -> None:
    """The first one is the call itself."""
    async with serving({"": (["a"], "lost")}) as (_, connector):
        with pytest.raises(UpstreamFailed, match="page 2: INTERNAL: no such page"):
            await names(connector, books())
    async with serving({}) as (_, connector):
        with pytest.raises(UpstreamError) as caught:
            await names(connector, books())
        assert "page 1" not in str(caught.value)


async def test_mistakes_of_the_author() -> None:
    """A list needs a path, and a token a field."""
    with pytest.raises(DefinitionError, match="pages= needs at="):
        up.unary("library.Library/ListBooks", pages=by_token())
    with pytest.raises(DefinitionError, match="max_pages=0 is less than 1"):
        by_token(max_pages=0)
    with pytest.raises(DefinitionError, match="on_limit='drop' is not an option"):
        by_token(on_limit="drop")  # type: ignore[arg-type]  # a mistake
    with pytest.raises(DefinitionError, match="next= is empty"):
        by_token(next="")
    wrong = up.unary("library.Library/ListBooks", {"parent": "{shelf}"}, at="total", pages=by_token())
    async with serving(THREE) as (_, connector):
        with pytest.raises(DefinitionError, match="has no field next_token"):
            await names(connector, books(pages=by_token(next="next_token")))
        with pytest.raises(DefinitionError, match='did you mean "page_token"'):
            await names(connector, books(pages=by_token("pagetoken")))
        with pytest.raises(UpstreamBadReply, match="expected a list at total of a page, got"):
            await connector.send(Call(operation=wrong.operation, arguments={"shelf": "s"}))


async def test_a_call_has_metadata_of_its_own() -> None:
    """On every page; what is null is left out, and headers of bff.yaml stay."""
    endpoint = books(metadata={"x-tenant": "t-{tenant}", "x-fixed": "f", "x-none": "{none?}"})
    assert endpoint.parameters == {"tenant": True, "none": False, "shelf": True, "size": False}
    async with serving(THREE) as (server, connector):
        arguments = {"shelf": "s", "tenant": 7}
        await connector.send(Call(operation=endpoint.operation, arguments=arguments, headers={"x-own": "o"}))
        assert len(server.metadata) == 3
        for each in server.metadata:
            assert (each["x-tenant"], each["x-fixed"], each["x-own"]) == ("t-7", "f", "o")
            assert "x-none" not in each
        with pytest.raises(UpstreamRejected, match="x-tenant"):
            await connector.send(Call(operation=endpoint.operation, arguments={**arguments, "tenant": "é"}))


@pytest.mark.parametrize(("name", "value"), [("X-Upper", "x"), ("grpc-timeout", "x"), ("x", 7)])
def test_metadata_that_cannot_be_is_refused(name: str, value: Any) -> None:
    """At the definition, with its place."""
    with pytest.raises(DefinitionError, match=r"test_paging.py:\d+"):
        up.unary("library.Library/ListBooks", metadata={name: value})
