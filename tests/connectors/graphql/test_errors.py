"""What the errors of a response and its HTTP status mean."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Call
from connectors.error_details import GraphqlError
from connectors.errors import (
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
)
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.sending import failure, product
from tests.connectors.graphql.shop import Shop, graphql_response
from tests.connectors.http_world import json_response, response


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
        (response(b'{"data": {"product": "\xff"}}'), UpstreamBadReply, "not valid UTF-8"),
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


async def test_secrets_that_come_back_are_taken_out(shop: Shop, connected: Connect) -> None:
    """Also the part of a header that upstreams like to quote."""
    error = {"message": "token abc.def.ghi is no good: Bearer abc.def.ghi", "extensions": {"code": "UNAUTHENTICATED"}}
    shop.answer = lambda _: graphql_response({"errors": [error]}, 401)
    headers = {"authorization": "Bearer abc.def.ghi"}
    caught = await failure(
        connected(introspection=False), Call(operation=product.operation, arguments={"id": "1"}, headers=headers)
    )
    assert caught.detail == "token *** is no good: ***"


async def test_what_the_upstream_says_can_be_read(shop: Shop, connected: Connect) -> None:
    """Message, path and extensions of the error in the field's place; secrets that it repeats are masked."""
    extensions = {"code": "BAD_USER_INPUT", "errors": {"email": ["is taken"]}, "deep": [{"a": 1}]}
    error = {"message": "no", "path": ["product"], "extensions": extensions}
    shop.answer = lambda _: graphql_response({"data": {"product": None}, "errors": [error]})
    caught = await failure(connected(introspection=False))
    assert (caught.status, caught.body) == ("BAD_USER_INPUT", error)
    assert caught.details == (GraphqlError("no", ("product",), extensions),)
    assert [(each.field, each.description) for each in caught.violations] == [("email", "is taken")]


async def test_a_refused_request_has_all_its_errors(shop: Shop, connected: Connect) -> None:
    """Under an HTTP status of its own, whose headers are kept."""
    errors = [{"message": "one"}, {"message": "two", "extensions": {"code": "X"}}]
    shop.answer = lambda _: json_response({"errors": errors}, 422, x_trace="t7")
    caught = await failure(connected(introspection=False))
    assert (caught.status, caught.headers["x-trace"]) == (422, "t7")
    assert [each.message for each in caught.details] == ["one", "two"]
    assert caught.body == {"message": "one"}


async def test_extensions_are_bounded(shop: Shop, connected: Connect) -> None:
    """However large and deep they come."""
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    extensions = {"code": "X", "deep": deep, "long": list(range(5000)), "text": "x" * 50_000}
    shop.answer = lambda _: graphql_response({"data": None, "errors": [{"message": "no", "extensions": extensions}]})
    kept = (await failure(connected(introspection=False))).body["extensions"]
    assert len(kept["long"]) == 100
    assert len(kept["text"]) == 10_000
