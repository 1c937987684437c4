"""How GraphQL responses become replies and errors: partial ones, refused ones, and what is no GraphQL at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors import reports
from connectors.contract import Selection
from connectors.errors import (
    UpstreamBadReply,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamUnauthenticated,
)
from tests.connectors.calls import call_of
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.sending import dealt, failure, product, up
from tests.connectors.graphql.shop import Shop, graphql_response
from tests.connectors.http_world import response

title = Selection((("title", None),))


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


@pytest.mark.parametrize("path", [None, ["product"], ["product", "id"], ["product", "other"]])
async def test_an_error_without_a_null_is_reported(
    shop: Shop, connected: Connect, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, path: Any
) -> None:
    """The data is there, so no field has the error: one line says so, without the upstream's words."""
    monkeypatch.setattr(reports, "_quiet", {})
    error = {"message": "secret", "extensions": {"code": "PARTIAL"}, **({} if path is None else {"path": path})}
    shop.answer = lambda _: graphql_response({"data": {"product": {"id": "p1"}}, "errors": [error]})
    assert (await connected(introspection=False).send(call_of(product, id="p1"))).data == {"id": "p1"}
    assert "an error with the code PARTIAL beside data, at no field that is null" in caplog.text
    assert "secret" not in caplog.text


async def test_two_errors_at_one_null_are_one(shop: Shop, connected: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """The field has an error, so nothing is lost."""
    errors = [{"message": "a", "path": ["product", "id"]}, {"message": "b", "path": ["product", "id"]}]
    shop.answer = lambda _: graphql_response({"data": {"product": {"id": None}}, "errors": errors})
    (value,) = (await connected(introspection=False).send(call_of(product, id="p1"))).data.values()
    assert isinstance(value, UpstreamFailed)
    assert "beside data" not in caplog.text


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


async def test_a_graphql_response_may_have_any_status(shop: Shop, connected: Connect) -> None:
    """Partial data with 4xx or 5xx is data, when the media type says that it is GraphQL."""
    shop.answer = lambda _: graphql_response({"data": {"product": {"id": "p1"}}}, 500)
    assert (await connected(introspection=False).send(call_of(product, id="p1"))).data == {"id": "p1"}


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


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"data": {"product": {"id": "caf\u00e9"}}}'.encode("latin-1"), "application/json; charset=ISO-8859-1"),
        ('{"data": {"product": {"id": "caf\u00e9"}}}'.encode("utf-16"), "application/json"),
        ('{"data": {"product": {"id": "caf\u00e9"}}}'.encode("utf-8-sig"), "application/json"),
    ],
)
async def test_responses_in_other_charsets(shop: Shop, connected: Connect, body: bytes, content_type: str) -> None:
    """By their content type or their mark."""
    shop.answer = lambda _: response(body, content_type=content_type)
    assert (await connected(introspection=False).send(call_of(product, id="p1"))).data == {"id": "caf\u00e9"}


async def test_an_unknown_charset_is_named(shop: Shop, connected: Connect) -> None:
    """As of every kind of upstream."""
    shop.answer = lambda _: response(b'{"data": {"product": "\xe9"}}', content_type="text/x; charset=klingon")
    error = await failure(connected(introspection=False), call_of(product, id="p1"))
    assert "klingon" in error.detail


@pytest.mark.parametrize("size", [0, 600_000])
@pytest.mark.parametrize("value", [b'"caf\xc3"', b'"\\ud83d"', b"NaN", b"1e999"])
async def test_a_value_that_cannot_be_read_is_lost_alone(
    shop: Shop, connected: Connect, value: bytes, size: int
) -> None:
    """Also where the response has errors, whose words cannot be read either."""
    errors = b', "errors": [{"message": "caf\\ud83d", "path": ["product", "b"]}]'
    for more in (b"", errors):
        body = b'{"data": {"product": {"id": %b, "b": null, "c": "%b"}}%b}' % (value, b"x" * size, more)
        shop.answer = lambda _, body=body: response(body, content_type="application/json")  # type: ignore[misc]
        data = await (await connected(introspection=False).send(call_of(product, id="p1"))).read()
        assert isinstance(data["id"], UpstreamBadReply)
        assert data["c"] == "x" * size
        assert (data["b"] is None) == (not more)
