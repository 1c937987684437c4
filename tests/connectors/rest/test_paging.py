"""Pages fetched one after another and given as one list."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.contract import Call
from connectors.direct import Direct
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamFailed, UpstreamReplyTooLarge, UpstreamTimeout
from connectors.rest.connector import RestConnector, connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from connectors.rest.paging import Pages, by_cursor, by_link, by_offset, by_page, next_link
from tests.connectors.conformance import in_time
from tests.connectors.http_world import HANG, HttpWorld, Received, Say, json_response

catalog = rest("catalog")
ITEMS = [{"id": number} for number in range(7)]


def query(request: Received) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}


def numbered(request: Received) -> Say:
    """Three items a page, from page 1 on."""
    start = (int(query(request).get("page", 1)) - 1) * 3
    return json_response({"items": ITEMS[start : start + 3], "pages": 3, "total": 7})


def sliced(request: Received) -> Say:
    """Slices by offset and limit."""
    start, size = int(query(request).get("offset", 0)), int(query(request).get("limit", 3))
    return json_response({"items": ITEMS[start : start + size], "total": 7})


def with_cursors(request: Received) -> Say:
    """An opaque cursor to the next three."""
    start = int(query(request).get("cursor", "c0=&")[1:-2])
    following = f"c{start + 3}=&" if start + 3 < 7 else None
    return json_response({"items": ITEMS[start : start + 3], "meta": {"next": following}})


def linked(request: Received) -> Say:
    """A bare list; the next page is in a relative link."""
    start = int(query(request).get("from", 0))
    link = f'</api/products?from=0>; rel="first", <?from={start + 3}>; title="a, b"; rel=next' if start + 3 < 7 else ""
    return json_response(ITEMS[start : start + 3], link=link)


@pytest.mark.parametrize(
    ("answer", "pages", "at", "asked"),
    [
        (numbered, by_page(), "items", 4),
        (numbered, by_page(total="pages"), "items", 3),
        (sliced, by_offset(), "items", 4),
        (sliced, by_offset(limit=3), "items", 3),
        (sliced, by_offset(total="total"), "items", 3),
        (with_cursors, by_cursor(next="meta.next"), "items", 3),
        (linked, by_link(), None, 3),
    ],
)
async def test_all_pages_are_one_list(
    upstream: HttpWorld, direct: Direct, answer: Any, pages: Pages, at: str | None, asked: int
) -> None:
    """Each way of paging asks no more often than it must."""
    upstream.answer = answer
    products = catalog.get("/products?lang={lang}", at=at, pages=pages)
    async with direct:
        assert (await products(lang="a&b")).data == ITEMS
    assert len(upstream.requests) == asked


async def test_other_parameters_stay(upstream: HttpWorld, connector: RestConnector) -> None:
    """Each page is the same question; a slice's size comes from the query."""
    upstream.answer = sliced
    products = catalog.get("/products?lang={lang}&limit={first}", at="items", pages=by_offset())
    await connector.send(Call(operation=products.operation, arguments={"lang": "a&b", "first": 4}))
    assert [request.target for request in upstream.requests] == [
        "/api/products?lang=a%26b&limit=4",
        "/api/products?lang=a%26b&limit=4&offset=4",
    ]


async def test_a_batch_can_have_pages(upstream: HttpWorld, connector: RestConnector) -> None:
    """Its list is at `many_at`."""
    upstream.answer = numbered
    review = catalog.get(many="/reviews?id={id}", key="id", group=True, many_at="items", pages=by_page())
    reply = await connector.send(Call(operation=review.operation, keys=(1, 2)))
    assert reply.data["items"] == ITEMS
    assert upstream.requests[1].target == "/api/reviews?id=1&id=2&page=2"


async def test_the_rest_of_the_first_page_is_kept(upstream: HttpWorld, connector: RestConnector) -> None:
    """Only the list is replaced."""
    upstream.answer = numbered
    products = catalog.get("/products", at="items", pages=by_page())
    reply = await connector.send(Call(operation=products.operation))
    assert (reply.data["total"], len(reply.data["items"])) == (7, 7)


async def test_pages_are_bounded(upstream: HttpWorld, connector: RestConnector) -> None:
    """What lies beyond `max_pages` is left out."""
    upstream.answer = numbered
    products = catalog.get("/products", at="items", pages=by_page(max_pages=2))
    reply = await connector.send(Call(operation=products.operation))
    assert reply.data["items"] == ITEMS[:6]
    assert len(upstream.requests) == 2


async def test_pages_together_are_bounded_by_max_reply(upstream: HttpWorld) -> None:
    """Many small pages are a big reply too."""
    upstream.answer = lambda _: json_response([{"id": "x" * 300}])
    connector = connect("catalog", Options(address=f"http://127.0.0.1:{upstream.port}", max_reply_size=1000))
    with pytest.raises(UpstreamReplyTooLarge, match="together"):
        await connector.send(Call(operation=catalog.get("/products", pages=by_page()).operation))
    await connector.close()


async def test_a_link_to_another_origin_is_not_followed(upstream: HttpWorld, connector: RestConnector) -> None:
    """Headers of a caller never go where the upstream points."""
    async with HttpWorld() as thief:
        upstream.answer = lambda _: json_response([1], link=f'<http://127.0.0.1:{thief.port}/steal>; rel="next"')
        with pytest.raises(UpstreamBadReply, match="another origin"):
            await connector.send(Call(operation=catalog.get("/products", pages=by_link()).operation))
        assert thief.requests == []


async def test_a_cursor_to_itself_ends(upstream: HttpWorld, connector: RestConnector) -> None:
    """An upstream that turns in circles is a bad reply, not an endless call."""
    upstream.answer = lambda _: json_response({"items": [1], "next": "same"})
    with pytest.raises(UpstreamBadReply, match="names its own cursor"):
        await connector.send(Call(operation=catalog.get("/p", at="items", pages=by_cursor()).operation))
    assert len(upstream.requests) == 2


async def test_a_failing_page_fails_the_call(upstream: HttpWorld, connector: RestConnector) -> None:
    """Half of a list is never given as a whole one."""
    upstream.answer = lambda request: numbered(request) if len(upstream.requests) < 2 else json_response({}, status=500)
    with pytest.raises(UpstreamFailed):
        await connector.send(Call(operation=catalog.get("/p", at="items", pages=by_page()).operation))


async def test_a_page_without_a_list_is_a_bad_reply(upstream: HttpWorld, connector: RestConnector) -> None:
    """Something else is where the list should be."""
    upstream.answer = lambda _: json_response({"items": {"id": 1}})
    with pytest.raises(UpstreamBadReply, match="items"):
        await connector.send(Call(operation=catalog.get("/p", at="items", pages=by_page()).operation))


async def test_one_deadline_is_for_all_pages(upstream: HttpWorld, connector: RestConnector) -> None:
    """The second page may not take a new one."""
    upstream.answer = lambda request: numbered(request) if len(upstream.requests) < 2 else HANG
    with pytest.raises(UpstreamTimeout):
        await connector.send(in_time(Call(operation=catalog.get("/p", at="items", pages=by_page()).operation), 0.25))


def test_no_pages_are_a_mistake() -> None:
    """Told when written."""
    with pytest.raises(DefinitionError, match="max_pages"):
        by_page(max_pages=0)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", None),
        ('</2>; rel="next"', "/2"),
        ("</2>; rel=next", "/2"),
        ("</2>;rel=NEXT", "/2"),
        ('</1>; rel="prev", </3>; rel="next"', "/3"),
        ('</a,b>; title="x, y; rel=next"; rel="up", </3>; rel="last next"', "/3"),
        ('</1>; rel="nextish"', None),
        ("rubbish <<>>", None),
    ],
)
def test_link_headers_are_read(header: str, target: str | None) -> None:
    """RFC 8288 section 3, with its commas and quotes."""
    assert next_link(header) == target
