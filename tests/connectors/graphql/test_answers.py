"""How GraphQL responses become replies and errors: partial ones, refused ones, and what is no GraphQL at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.batching import deal
from connectors.contract import Call, Operation, Reply, Selection
from connectors.endpoint import Endpoint
from connectors.errors import (
    DefinitionError,
    UpstreamBadReply,
    UpstreamConflict,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamNotFound,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.graphql.connector import GraphqlConnector
from connectors.graphql.endpoints import graphql
from tests.connectors.conformance import free_port
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.shop import Shop, graphql_response
from tests.connectors.http_world import json_response, response

up = graphql("shop")
product = up.query("product(id: $id)", fields="id", types={"id": "ID!"})
title = Selection((("title", None),))


def call_of(endpoint: Endpoint, *keys: Any, selection: Selection | None = None, **arguments: Any) -> Call:
    return Call(operation=endpoint.operation, keys=keys, arguments=arguments, selection=selection)


async def dealt(connector: GraphqlConnector, endpoint: Endpoint, *keys: Any) -> list[Any]:
    """The data of each key, or the class of its error."""
    answers = deal(endpoint, await connector.send(call_of(endpoint, *keys)), keys)
    return [type(answer) if isinstance(answer, UpstreamError) else answer.data for answer in answers]


async def failure(connector: GraphqlConnector, call: Call | None = None) -> UpstreamError:
    """What sending, or reading the reply, raises."""
    try:
        reply = await connector.send(call or call_of(product, id="p1"))
        return pytest.fail(f"no error, but {reply.data}")
    except UpstreamError as error:
        return error


async def test_an_error_stands_where_the_null_was(connected: Connect) -> None:
    """The rest of the reply is as good as ever; the error is coded by what the upstream says."""
    reviews = up.query("product(id: $id) { reviews }", fields="id author { name }")
    (first, second) = (await connected().send(call_of(reviews, id="p1"))).data
    assert first == {"id": "r1", "author": {"name": "Ann"}}
    assert isinstance(second["author"], UpstreamForbidden)
    assert second["author"].upstream_code == "FORBIDDEN"
    assert second["author"].detail == "not for you"


async def test_an_error_elsewhere_does_not_matter(shop: Shop, connected: Connect) -> None:
    """Nothing that was asked for is missing."""
    errors = [{"message": "late", "path": ["other", 3]}, {"message": "no path"}, "no error", {"path": [None]}]
    shop.answer = lambda _: graphql_response({"data": {"product": {"id": "p1"}}, "errors": errors})
    assert (await connected(introspection=False).send(call_of(product, id="p1"))).data == {"id": "p1"}


async def test_what_is_wholly_lost_is_raised(connected: Connect) -> None:
    """The root field itself failed."""
    error = await failure(connected(), call_of(product, id="lost"))
    assert (type(error), error.upstream_code) == (UpstreamFailed, "INTERNAL_SERVER_ERROR")


async def test_a_null_without_an_error_is_no_failure(connected: Connect) -> None:
    """There is no such product."""
    assert (await connected().send(call_of(product, id="p9"))).data is None


async def test_one_alias_fails_alone(connected: Connect) -> None:
    """The others of the request get their records."""
    many = up.query("product(id: $id)", many="alias", fields="id")
    assert await dealt(connected(), many, "p1", "lost", "p9") == [{"id": "p1"}, UpstreamFailed, None]


async def test_one_record_of_an_ordered_list_fails_alone(connected: Connect) -> None:
    """By its place."""
    ratings = up.query("ratings(productIds: $id)", many="list")
    entities = up.entities("Product", key="upc", fields="title")
    assert await dealt(connected(), ratings, "p1", "lost") == [2, UpstreamFailed]
    assert await dealt(connected(), entities, "lost", "upc-p1") == [UpstreamFailed, {"title": "Title of p1"}]


async def test_a_lost_record_of_a_list_by_key_is_nobodys_null(connected: Connect) -> None:
    """Whose it was is not known, so every key without records hears of it."""
    reviews = up.query("reviews(productIds: $id)", key="productId", group=True, fields="id")
    answers = await dealt(connected(), reviews, "p2", "p3", "lost")
    assert answers == [[{"id": "r4", "productId": "p2"}], UpstreamFailed, UpstreamFailed]


async def test_a_list_that_failed_fails_for_every_key(connected: Connect) -> None:
    """With the upstream's own code."""
    reviews = up.query("reviews(productIds: $id)", key="productId", group=True, fields="id")
    assert type(await failure(connected(), call_of(reviews, "p1", "nobody"))) is UpstreamUnauthenticated


async def test_null_that_spreads_to_the_top_hits_only_who_caused_it(shop: Shop, connected: Connect) -> None:
    """A merged request loses all data to one field that may not be null; the others ask again, once."""
    connector = connected()
    await connector.start()
    safe = up.query("safeProduct(id: $id)", fields="id")
    lost, good, other = await asyncio.gather(
        connector.send(call_of(safe, id="lost")),
        connector.send(call_of(safe, id="p1")),
        connector.send(call_of(product, id="p2")),
        return_exceptions=True,
    )
    assert isinstance(lost, UpstreamFailed)
    assert isinstance(good, Reply)
    assert isinstance(other, Reply)
    assert (good.data, other.data) == ({"id": "p1"}, {"id": "p2"})
    assert len(shop.asked) == 2


async def test_a_document_spoilt_by_one_is_sent_again_for_the_others(shop: Shop, connected: Connect) -> None:
    """Validation refuses documents as a whole, for one wrong field."""
    connector = connected()
    await connector.start()
    bad, good = await asyncio.gather(
        connector.send(call_of(product, id="p1", selection=Selection((("titel", None),)))),
        connector.send(call_of(product, id="p1", selection=title)),
        return_exceptions=True,
    )
    assert isinstance(bad, UpstreamRejected)
    assert "Did you mean 'title'" in str(bad)
    assert isinstance(good, Reply)
    assert good.data == {"title": "Title of p1"}
    assert len(shop.asked) == 3


async def test_who_may_not_ask_does_not_ask_again(shop: Shop, connected: Connect) -> None:
    """Nothing gets better by asking for each by itself; each error is about its own operation."""
    error = {"message": "who are you?", "extensions": {"code": "UNAUTHENTICATED"}}
    shop.answer = lambda _: graphql_response({"errors": [error]}, 401)
    connector = connected(introspection=False)
    count = up.query("count")
    errors = await asyncio.gather(
        connector.send(call_of(product, id="p1")), connector.send(call_of(count)), return_exceptions=True
    )
    assert [type(each) for each in errors] == [UpstreamUnauthenticated] * 2
    assert [each.operation for each in errors if isinstance(each, UpstreamError)] == [
        product.operation,
        count.operation,
    ]
    assert len(shop.requests) == 1


@pytest.mark.parametrize(
    ("extensions", "kind"),
    [
        ({"code": "UNAUTHENTICATED"}, UpstreamUnauthenticated),
        ({"code": "FORBIDDEN"}, UpstreamForbidden),
        ({"errorType": "PERMISSION_DENIED"}, UpstreamForbidden),
        ({"code": "NOT_FOUND"}, UpstreamNotFound),
        ({"code": "CONFLICT"}, UpstreamConflict),
        ({"code": "RATE_LIMITED"}, UpstreamRateLimited),
        ({"errorType": "UNAVAILABLE"}, UpstreamUnavailable),
        ({"code": "TIMEOUT"}, UpstreamTimeout),
        ({"code": "BAD_USER_INPUT"}, UpstreamRejected),
        ({"code": "GRAPHQL_VALIDATION_FAILED"}, UpstreamRejected),
        ({"classification": "ValidationError"}, UpstreamRejected),
        ({"classification": "DataFetchingException"}, UpstreamFailed),
        ({"code": "SOMETHING_OF_THEIRS"}, UpstreamFailed),
        ({"code": 5}, UpstreamFailed),
        ("nonsense", UpstreamFailed),
    ],
)
@pytest.mark.parametrize("path", [True, False], ids=["field", "request"])
async def test_the_upstreams_code_decides(
    shop: Shop, connected: Connect, extensions: Any, kind: type[UpstreamError], path: bool
) -> None:
    """Whether a field failed or the request; the code is kept for logs."""
    error = {"message": "no", "extensions": extensions, **({"path": ["product"]} if path else {})}
    shop.answer = lambda _: graphql_response({"data": {"product": None} if path else None, "errors": [error]})
    caught = await failure(connected(introspection=False))
    assert type(caught) is kind
    codes = [each for each in extensions.values() if isinstance(each, str)] if isinstance(extensions, dict) else []
    assert caught.upstream_code == (codes[0] if codes else "")


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            graphql_response({"errors": [{"message": "bad document", "locations": [{}]}]}, 400),
            UpstreamRejected,
            "bad document",
        ),
        (
            graphql_response({"errors": [{"message": "bad document", "locations": [{}]}]}),
            UpstreamRejected,
            "bad document",
        ),
        (graphql_response({"errors": [{"message": "boom"}]}), UpstreamFailed, "boom"),
        (graphql_response({"errors": [{"message": "boom"}]}, 500), UpstreamFailed, "boom"),
        (graphql_response({"data": None, "errors": [{}]}), UpstreamFailed, "without a message"),
        (json_response({"errors": [{"message": "told"}]}, 403), UpstreamForbidden, "told"),
        (json_response({"errors": []}, 503, retry_after="7"), UpstreamUnavailable, "HTTP 503"),
        (json_response({"data": {"product": {"id": "x"}}}, 502), UpstreamUnavailable, "HTTP 502"),
        (response(b"<html>", 502, content_type="text/html"), UpstreamUnavailable, "HTTP 502"),
        (response(b"", 404), UpstreamNotFound, "HTTP 404"),
        (response(b"", 302, location="/elsewhere"), UpstreamBadReply, "redirects are not followed"),
        (response(b"<html>sign in", content_type="text/html"), UpstreamBadReply, "13 bytes of text/html"),
        (response(b""), UpstreamBadReply, "0 bytes of no content type"),
        (json_response([]), UpstreamBadReply, "not a GraphQL response"),
        (json_response({}), UpstreamBadReply, "neither data nor errors"),
        (json_response({"data": []}), UpstreamBadReply, "not a GraphQL response"),
        (json_response({"data": {}}), UpstreamBadReply, "has no product"),
        (json_response({"data": {"product": {"id": 1}}, "errors": {}}), UpstreamBadReply, "not a GraphQL response"),
        (response(b'{"data": {"product": "\xff"}}'), UpstreamBadReply, "cannot be decoded"),
        (response(b'{"data": {"product": ' + b"[" * 5000 + b"]" * 5000 + b"}}"), UpstreamBadReply, "nested too deeply"),
    ],
)
async def test_what_http_and_the_body_say(
    shop: Shop, connected: Connect, answer: Any, kind: type[UpstreamError], words: str
) -> None:
    """Only application/graphql-response+json speaks GraphQL outside of 2xx (GraphQL over HTTP, section 6.4)."""
    shop.answer = lambda _: answer
    error = await failure(connected(introspection=False))
    assert type(error) is kind
    assert words in str(error)
    if "HTTP 503" in words:
        assert error.retry_after == 7


async def test_a_graphql_response_may_have_any_status(shop: Shop, connected: Connect) -> None:
    """Partial data with 4xx or 5xx is data, when the media type says that it is GraphQL."""
    shop.answer = lambda _: graphql_response({"data": {"product": {"id": "p1"}}}, 500)
    assert (await connected(introspection=False).send(call_of(product, id="p1"))).data == {"id": "p1"}


async def test_the_request_says_what_it_takes(shop: Shop, connected: Connect) -> None:
    """Whatever headers a policy hands on."""
    call = Call(operation=product.operation, arguments={"id": "p1"}, headers={"accept": "text/html"})
    await connected(introspection=False).send(call)
    headers = shop.requests[-1].headers
    assert headers["accept"] == "application/graphql-response+json, application/json;q=0.9"
    assert headers["content-type"] == "application/json"


async def test_a_clean_reply_is_bytes_until_it_is_read(shop: Shop, connected: Connect) -> None:
    """Caches keep bytes, with status and headers; each call of a merged request has its own."""
    shop_answer = shop.execute
    connector = connected()
    await connector.start()
    replies = await asyncio.gather(
        connector.send(call_of(product, id="p1")),
        connector.send(call_of(up.query("product(id: $id)", many="alias", fields="id"), "p1", "p9")),
    )
    assert [reply.payload for reply in replies] == [b'{"id": "p1"}', b'[{"id": "p1"},null]']
    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].headers["content-type"].startswith("application/graphql-response+json")
    assert shop_answer(shop.requests[-1]).data.count(b"p1") == 2


async def test_a_reply_with_errors_is_no_bytes(connected: Connect) -> None:
    """So that no cache keeps what failed."""
    reviews = up.query("product(id: $id) { reviews }", fields="author { name }")
    assert not isinstance((await connected().send(call_of(reviews, id="p1"))).payload, bytes)


async def test_secrets_that_come_back_are_taken_out(shop: Shop, connected: Connect) -> None:
    """Also the part of a header that upstreams like to quote."""
    error = {"message": "token abc.def.ghi is no good: Bearer abc.def.ghi", "extensions": {"code": "UNAUTHENTICATED"}}
    shop.answer = lambda _: graphql_response({"errors": [error]}, 401)
    headers = {"authorization": "Bearer abc.def.ghi"}
    caught = await failure(
        connected(introspection=False), Call(operation=product.operation, arguments={"id": "1"}, headers=headers)
    )
    assert caught.detail == "token *** is no good: ***"


async def test_a_lost_request_is_told_of_each_operation_in_it(connected: Connect) -> None:
    """Nobody reads somebody else's name in an error."""
    connector = connected(address=f"http://127.0.0.1:{free_port()}/graphql")
    count = up.query("count")
    errors = await asyncio.gather(
        connector.send(call_of(product, id="p1")),
        connector.send(call_of(up.query("product(id: $id)", fields="id", types={"id": "ID!"}), id="p1")),
        return_exceptions=True,
    )
    told = [each.operation for each in errors if isinstance(each, UpstreamUnreachable)]
    assert len(told) == 2
    assert told[0] is product.operation
    assert told[1] is not product.operation
    assert type(await failure(connector, call_of(count))) is UpstreamUnreachable


async def test_an_endpoint_of_another_kind_is_refused(connected: Connect) -> None:
    """A name in bff.yaml that says graphql, and a module that says something else."""
    with pytest.raises(DefinitionError, match="was not defined with graphql"):
        await connected().send(Call(operation=Operation(upstream="shop", name="GET /")))


@pytest.mark.parametrize("status", [401, 403])
async def test_an_upstream_that_asks_who_is_there_is_up(shop: Shop, connected: Connect, status: int) -> None:
    """The check has no credentials, calls have."""
    shop.answer = lambda _: response(b"", status)
    await connected().check()


@pytest.mark.parametrize(
    "answer", [response(b"", 404), response(b"<html>"), graphql_response({"errors": [{"message": "no"}]})]
)
async def test_an_upstream_that_speaks_no_graphql_is_not_up(shop: Shop, connected: Connect, answer: Any) -> None:
    """Such as a wrong path."""
    shop.answer = lambda _: answer
    with pytest.raises(UpstreamError):
        await connected().check()


@pytest.mark.parametrize("errors", [[], [{"message": "late", "path": ["other"]}]], ids=["clean", "partial"])
@pytest.mark.parametrize("data", [{"product": "text"}, {"product": [5]}])
async def test_a_path_through_what_is_no_record_is_refused(
    shop: Shop, connected: Connect, data: Any, errors: Any
) -> None:
    """The upstream answers another question than it was asked."""
    shop.answer = lambda _: graphql_response({"data": data, "errors": errors})
    below = up.query("product(id: $id) { reviews }", fields="id", types={"id": "ID!"})
    error = await failure(connected(introspection=False), call_of(below, id="p1"))
    assert "expected a record with reviews" in str(error)
