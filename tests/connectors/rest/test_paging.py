"""Pages fetched one after another and given as one list."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.contract import Call
from connectors.direct import Direct
from connectors.errors import (
    DefinitionError,
    UpstreamBadReply,
    UpstreamFailed,
    UpstreamReplyTooLarge,
    UpstreamTimeout,
)
from connectors.rest.connector import RestConnector, connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from connectors.rest.paging import Pages, by_cursor, by_link, by_offset, by_page, by_url, header
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
    """By choice, what lies beyond `max_pages` is left out."""
    upstream.answer = numbered
    products = catalog.get("/products", at="items", pages=by_page(max_pages=2, on_limit="cut"))
    reply = await connector.send(Call(operation=products.operation))
    assert reply.data["items"] == ITEMS[:6]
    assert len(upstream.requests) == 2


async def test_pages_together_are_bounded_by_max_reply(upstream: HttpWorld) -> None:
    """Many small pages are a big reply too."""
    upstream.answer = lambda _: json_response([{"id": f"{len(upstream.requests):300}"}])
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
    with pytest.raises(UpstreamBadReply, match="page 2: the pages go in a circle: page 2 follows again"):
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


async def rows_of(connector: RestConnector, pages: Pages, at: str | None = "items", path: str = "/rows") -> Any:
    """All items of these pages."""
    endpoint = catalog.get(path, at=at, pages=pages)
    reply = await connector.send(Call(operation=endpoint.operation))
    return reply.point_at(endpoint.at).data


@pytest.mark.parametrize("end", [{"next": None}, {}, {"next": ""}])
@pytest.mark.parametrize("cursor", [0, False, "0", 7.5, -1])
async def test_only_null_absent_and_empty_end_a_cursor(
    upstream: HttpWorld, connector: RestConnector, cursor: Any, end: Any
) -> None:
    """0 and false are cursors."""
    text = str(cursor).lower()

    def answer(request: Received) -> Say:
        at = query(request).get("cursor")
        return json_response({"items": [{"id": at}], **({"next": cursor} if at is None else end)})

    upstream.answer = answer
    assert await rows_of(connector, by_cursor()) == [{"id": None}, {"id": text}]


async def test_a_circle_of_cursors_is_an_error(upstream: HttpWorld, connector: RestConnector) -> None:
    """After a, b, a: the second time is seen, whatever was in between."""

    def answer(request: Received) -> Say:
        at = query(request).get("cursor", "a")
        return json_response({"items": [{"id": at}], "next": {"a": "b", "b": "c", "c": "b"}[at]})

    upstream.answer = answer
    with pytest.raises(UpstreamBadReply, match="page 3: the pages go in a circle: page 2 follows again"):
        await rows_of(connector, by_cursor())
    assert len(upstream.requests) == 3


async def test_a_cursor_ends_where_there_is_no_more(upstream: HttpWorld, connector: RestConnector) -> None:
    """`more` is false, and the cursor is an id of the page itself."""

    def answer(request: Received) -> Say:
        start = int(query(request).get("starting_after", -1)) + 1
        return json_response({"data": ITEMS[start : start + 3], "has_more": start + 3 < 7})

    upstream.answer = answer
    pages = by_cursor("starting_after", next="data.-1.id", more="has_more")
    assert await rows_of(connector, pages, at="data") == ITEMS
    assert len(upstream.requests) == 3


async def test_a_cursor_can_be_a_part_of_the_body(upstream: HttpWorld, connector: RestConnector) -> None:
    """Where the request has its parameter, as it is."""

    def answer(request: Received) -> Say:
        start = request.json.get("after", [0])[0]
        return json_response({"hits": ITEMS[start : start + 3], "sort": [start + 3] if start + 3 < 7 else None})

    upstream.answer = answer
    search = catalog.post(
        "/search", json={"q": "{q}", "after": "{after?}"}, safe=True, at="hits", pages=by_cursor("after", next="sort")
    )
    reply = await connector.send(Call(operation=search.operation, arguments={"q": "x"}))
    assert reply.data["hits"] == ITEMS
    assert [request.json for request in upstream.requests] == [
        {"q": "x"},
        {"q": "x", "after": [3]},
        {"q": "x", "after": [6]},
    ]


async def test_a_list_is_no_cursor_of_a_query(upstream: HttpWorld, connector: RestConnector) -> None:
    """It has no text."""
    upstream.answer = lambda _: json_response({"items": [1], "next": [1, 2]})
    with pytest.raises(UpstreamBadReply, match="cursor is a list, which a query cannot hold"):
        await rows_of(connector, by_cursor())


def with_urls(host: str, path: str = "/api/rows") -> Any:
    """DRF: the URL of the next page in the page."""

    def answer(request: Received) -> Say:
        page = int(query(request).get("page", 1))
        found = ITEMS[(page - 1) * 3 : page * 3]
        more = f"{host}{path}?page={page + 1}" if page < 3 else None
        body = {"count": 7, "items": found, "next": more, "@odata.nextLink": more, "_links": {"next": {"href": more}}}
        return json_response(body if more else {**body, "_links": {}})

    return answer


@pytest.mark.parametrize("pages", [by_url(), by_url("@odata.nextLink"), by_url("_links.next.href"), by_cursor("page")])
@pytest.mark.parametrize(
    ("host", "path"),
    [("", "/api/rows"), ("http://internal:8080", "/api/rows"), ("https://internal", "/rows"), ("", "/rows"), ("", "")],
)
async def test_the_next_url_can_be_in_the_page(
    upstream: HttpWorld, connector: RestConnector, pages: Pages, host: str, path: str
) -> None:
    """Of the upstream by its own name, and by one that it has behind a proxy."""
    upstream.answer = with_urls(host, path)
    if isinstance(pages, type(by_cursor())) and not host:
        upstream.answer = with_urls(f"http://127.0.0.1:{upstream.port}", path or "/api/rows")
    assert await rows_of(connector, pages) == ITEMS
    assert [request.target for request in upstream.requests] == ["/api/rows", "/api/rows?page=2", "/api/rows?page=3"]


@pytest.mark.parametrize("link", [17, {"other": "/x"}, {"href": 7}, True])
async def test_a_next_url_that_is_no_text(upstream: HttpWorld, connector: RestConnector, link: Any) -> None:
    """A bad reply, with its kind."""
    upstream.answer = lambda _: json_response({"items": [1], "next": link})
    with pytest.raises(UpstreamBadReply, match="expected the URL of the next page, got"):
        await rows_of(connector, by_url())


@pytest.mark.parametrize("pages", [by_url(), by_link()])
async def test_a_url_elsewhere_is_never_followed(upstream: HttpWorld, connector: RestConnector, pages: Pages) -> None:
    """The upstream's headers would go there."""
    async with HttpWorld() as thief:
        link = f"http://127.0.0.1:{thief.port}/steal?page=2"
        upstream.answer = lambda _: json_response({"items": [1], "next": link}, link=f'<{link}>; rel="next"')
        with pytest.raises(UpstreamBadReply, match="another origin"):
            await rows_of(connector, pages)
        assert thief.requests == []


async def test_a_cursor_that_looks_like_a_url_elsewhere_is_a_cursor(
    upstream: HttpWorld, connector: RestConnector
) -> None:
    """Such as the IRI of the last record."""
    iri = "http://data.example/things/7"
    upstream.answer = lambda request: json_response({"items": [1], "next": None if query(request) else iri})
    assert await rows_of(connector, by_cursor()) == [1, 1]
    assert query(upstream.requests[1]) == {"cursor": iri}


@pytest.mark.parametrize(
    ("pages", "asked"),
    [
        (by_page(count="total"), 3),
        (by_page(total="pages"), 3),
        (by_page(count="total", parallel=4), 3),
        (by_page(total="pages", parallel=2), 3),
    ],
)
async def test_totals_end_numbered_pages(
    upstream: HttpWorld, connector: RestConnector, pages: Pages, asked: int
) -> None:
    """Of pages or of records."""
    upstream.answer = numbered
    assert await rows_of(connector, pages) == ITEMS
    assert len(upstream.requests) == asked


@pytest.mark.parametrize("total", [7, "7", 7.0])
@pytest.mark.parametrize("parallel", [1, 3])
async def test_a_short_slice_is_not_the_end_before_the_total(
    upstream: HttpWorld, connector: RestConnector, total: Any, parallel: int
) -> None:
    """An upstream may hold back records of a slice."""
    sizes = {0: 3, 3: 1, 4: 2, 6: 1}

    def answer(request: Received) -> Say:
        start = int(query(request).get("offset", 0))
        return json_response({"items": ITEMS[start : start + sizes[start]], "total": total})

    upstream.answer = answer
    assert await rows_of(connector, by_offset(limit=3, total="total", parallel=parallel)) == ITEMS


@pytest.mark.parametrize("total", [None, -1, True, "many", 1e300])
async def test_a_total_that_is_none_is_not_looked_at(upstream: HttpWorld, connector: RestConnector, total: Any) -> None:
    """Then the shape of the slices tells."""
    upstream.answer = lambda request: json_response(
        {"items": ITEMS[int(query(request).get("offset", 0)) :][:3], "total": total}
    )
    assert await rows_of(connector, by_offset(limit=3, total="total", parallel=2)) == ITEMS


async def test_an_upstream_with_smaller_slices_than_requested(upstream: HttpWorld, connector: RestConnector) -> None:
    """A first slice of a round number may be the upstream's own bound, so one more is requested."""
    many = [{"id": number} for number in range(120)]
    upstream.answer = lambda request: json_response({"items": many[int(query(request).get("offset", 0)) :][:50]})
    assert await rows_of(connector, by_offset(limit=1000)) == many
    assert [query(request).get("offset") for request in upstream.requests] == [None, "50", "100"]


async def test_small_slices_of_an_upstream_with_a_bound(upstream: HttpWorld, connector: RestConnector) -> None:
    """The request says a size, and the upstream gives fewer each time: only a smaller slice than the first is the last."""
    upstream.answer = lambda request: json_response({"items": ITEMS[int(query(request).get("offset", 0)) :][:2]})
    products = catalog.get("/products?limit=100", at="items", pages=by_offset())
    assert (await connector.send(Call(operation=products.operation))).data["items"] == ITEMS
    assert len(upstream.requests) == 4


@pytest.mark.parametrize("parallel", [1, 3])
@pytest.mark.parametrize("empty", [1, 2])
async def test_an_empty_page_is_not_the_end_before_the_last(
    upstream: HttpWorld, connector: RestConnector, parallel: int, empty: int
) -> None:
    """Where the upstream says how many pages there are: the records of a page may be hidden from the caller."""

    def answer(request: Received) -> Say:
        number = int(query(request).get("page", 1))
        return json_response({"items": [] if number == empty else ITEMS[number : number + 1], "pages": "3"})

    upstream.answer = answer
    found = await rows_of(connector, by_page(total="pages", parallel=parallel))
    assert found == [ITEMS[number] for number in (1, 2, 3) if number != empty]


async def test_a_total_of_records_still_ends_the_pages(upstream: HttpWorld, connector: RestConnector) -> None:
    """`total` is the number of pages; one that turns out to be that of records ends with two empty pages."""
    upstream.answer = lambda request: json_response(
        {"items": ITEMS[(int(query(request).get("page", 1)) - 1) * 2 :][:2], "pages": 7}
    )
    assert await rows_of(connector, by_page(total="pages")) == ITEMS
    assert len(upstream.requests) == 6


async def test_headers_can_say_where_a_list_ends(upstream: HttpWorld, connector: RestConnector) -> None:
    """Of bare lists, where a page has no room for it."""

    def answer(request: Received) -> Say:
        page = int(query(request).get("page", 1))
        following = {"x_next_page": str(page + 1)} if page < 3 else {"x_next_page": ""}
        return json_response(ITEMS[(page - 1) * 3 :][:3], x_total="7", x_pages="3", **following)

    upstream.answer = answer
    for pages in (
        by_page(count=header("X-Total")),
        by_page(total=header("X-Pages"), parallel=2),
        by_cursor("page", next=header("X-Next-Page")),
    ):
        upstream.requests.clear()
        assert await rows_of(connector, pages, at=None) == ITEMS
        assert len(upstream.requests) == 3


@pytest.mark.parametrize("pages", [by_url("links"), by_url("_links.next")])
async def test_links_of_a_page_can_be_objects(upstream: HttpWorld, connector: RestConnector, pages: Pages) -> None:
    """With relations, or by name."""

    def answer(request: Received) -> Say:
        page = int(query(request).get("page", 1))
        more = [{"rel": "next", "href": f"?page={page + 1}"}] if page < 3 else []
        body = {"items": ITEMS[(page - 1) * 3 :][:3], "links": [{"rel": "self", "href": "?page=1"}, *more]}
        return json_response({**body, "_links": {"next": more[0]} if more else {}})

    upstream.answer = answer
    assert await rows_of(connector, pages) == ITEMS


@pytest.mark.parametrize(
    ("define", "reason"),
    [
        (lambda: by_page(on_limit="stop"), "on_limit='stop' is not an option"),  # type: ignore[arg-type]  # the mistake
        (lambda: by_page(parallel=0), "parallel=0 is less than 1"),
        (lambda: by_page(parallel=2), "needs the number of pages; write total= or count="),
        (lambda: by_offset(parallel=2), "needs the number of pages; write total="),
        (lambda: by_cursor(next="a..b"), "next='a..b' has an empty name"),
        (lambda: by_url("a[].next"), "next='a[].next' goes through a list"),
        (lambda: by_link(max_pages=0), "max_pages=0 is less than 1"),
    ],
)
def test_options_that_cannot_work_are_refused(define: Any, reason: str) -> None:
    """With the line."""
    with pytest.raises(DefinitionError) as caught:
        define()
    assert reason in str(caught.value)
    assert "test_paging.py:" in str(caught.value)
