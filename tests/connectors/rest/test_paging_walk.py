"""The way from page to page: its end, its bounds, its failures, and several pages at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors import reports
from connectors.contract import Call
from connectors.direct import Direct
from connectors.errors import UpstreamBadReply, UpstreamNotFound, UpstreamReplyTooLarge, UpstreamUnavailable
from connectors.rest.connector import RestConnector
from connectors.rest.paging import Pages, by_cursor, by_link, by_offset, by_page, by_url
from tests.connectors.http_world import HttpWorld, Received, Say, json_response
from tests.connectors.rest.test_paging import ITEMS, catalog, numbered, query, rows_of


async def test_a_longer_list_than_max_pages_is_an_error(upstream: HttpWorld, connector: RestConnector) -> None:
    """Unless its author chose otherwise; a list that ends there is whole."""
    upstream.answer = numbered
    with pytest.raises(UpstreamReplyTooLarge, match=r"max_pages=2 pages; raise max_pages=, or write on_limit"):
        await rows_of(connector, by_page(max_pages=2))
    with pytest.raises(UpstreamReplyTooLarge, match="max_pages=2"):
        await rows_of(connector, by_page(max_pages=2, count="total", parallel=2))
    assert await rows_of(connector, by_page(max_pages=3)) == ITEMS


async def test_a_cut_is_counted_and_logged(
    upstream: HttpWorld, connector: RestConnector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing disappears unseen."""
    heard: list[tuple[str, str, int]] = []
    monkeypatch.setattr(reports, "_counters", {"losses": lambda *loss: heard.append(loss)})
    monkeypatch.setattr(reports, "_quiet", {})
    upstream.answer = numbered
    assert await rows_of(connector, by_page(max_pages=2, on_limit="cut")) == ITEMS[:6]
    assert heard == [("catalog", "pages", 1)]
    assert "goes on after max_pages" in caplog.text
    heard.clear()
    assert await rows_of(connector, by_page(max_pages=3, on_limit="cut", count="total")) == ITEMS
    assert heard == []


@pytest.mark.parametrize("parallel", [1, 3])
async def test_an_error_names_its_page(upstream: HttpWorld, connector: RestConnector, parallel: int) -> None:
    """And is that of the first failing page, with its status."""

    def answer(request: Received) -> Say:
        return numbered(request) if query(request).get("page") in (None, "2") else json_response({}, status=503)

    upstream.answer = answer
    with pytest.raises(UpstreamUnavailable, match="page 3: HTTP 503") as caught:
        await rows_of(connector, by_page(total="pages", parallel=parallel))
    assert caught.value.upstream_code == "503"


@pytest.mark.parametrize(
    ("later", "is_end"),
    [
        ({"items": None}, True),
        ({"items": []}, True),
        ({}, True),
        ({"total": 7}, True),
        ({"error": "no such page"}, False),
        ({"items": {}}, False),
        ({"items": "none"}, False),
        (None, False),
        ([], False),
    ],
)
async def test_a_later_page_without_a_list(
    upstream: HttpWorld, connector: RestConnector, later: Any, is_end: bool
) -> None:
    """Null, and absent in a page like the first one, is no items; anything else is a bad reply with its page."""
    upstream.answer = lambda request: json_response(later) if query(request) else numbered(request)
    if is_end:
        assert await rows_of(connector, by_page()) == ITEMS[:3]
    else:
        with pytest.raises(UpstreamBadReply, match="page 2: expected a list at items"):
            await rows_of(connector, by_page())


async def test_missing_pages_are_the_end_by_choice(upstream: HttpWorld, connector: RestConnector) -> None:
    """DRF says 404 after the last page."""
    upstream.answer = lambda request: json_response({}, status=404) if query(request) else numbered(request)
    rows = catalog.get("/rows", at="items", pages=by_page(), missing="null")
    assert (await connector.send(Call(operation=rows.operation))).data["items"] == ITEMS[:3]
    with pytest.raises(UpstreamNotFound, match="page 2"):
        await rows_of(connector, by_page())


async def test_an_empty_page_with_a_cursor_is_not_the_end(upstream: HttpWorld, connector: RestConnector) -> None:
    """Upstreams that filter after reading send such; the first may have no list at all."""
    found: dict[str | None, Any] = {None: None, "1": [], "2": [{"id": 1}], "3": None}

    def answer(request: Received) -> Say:
        at = query(request).get("cursor")
        following = {None: "1", "1": "2", "2": "3"}.get(at)
        return json_response({"items": found[at], "next": following})

    upstream.answer = answer
    assert await rows_of(connector, by_cursor()) == [{"id": 1}]


async def test_pages_that_are_all_the_same_are_an_error(upstream: HttpWorld, connector: RestConnector) -> None:
    """The upstream does not know the parameter: records would come many times."""
    upstream.answer = lambda _: json_response({"items": ITEMS})
    for pages in (by_page(), by_page("p"), by_offset(), by_offset(limit=7)):
        with pytest.raises(UpstreamBadReply, match="page 2: it is the same as page 1"):
            await rows_of(connector, pages)


async def test_numbered_pages_are_fetched_side_by_side(upstream: HttpWorld, connector: RestConnector) -> None:
    """At most so many at once, in their order."""
    many = [{"id": number} for number in range(40)]

    def answer(request: Received) -> Say:
        start = int(query(request).get("offset", 0))
        said = json_response({"items": many[start : start + 4], "total": 40})
        return Say(said.data, after=0.02 if start % 8 else 0.0)

    upstream.answer = answer
    assert await rows_of(connector, by_offset(total="total", parallel=3)) == many
    assert len(upstream.requests) == 10
    assert upstream.connections == 3


async def test_pages_through_a_list(upstream: HttpWorld, direct: Direct) -> None:
    """The list that comes in pages is the one that the path goes through."""
    upstream.answer = lambda request: json_response(
        {"entry": [{"resource": item} for item in ITEMS[(int(query(request).get("page", 1)) - 1) * 3 :][:3]]}
    )
    rows = catalog.get("/rows", at="entry[].resource", pages=by_page())
    async with direct:
        assert (await rows()).data == ITEMS


@pytest.mark.parametrize("size", [3, 7])
async def test_a_total_of_records_ends_pages_too(upstream: HttpWorld, connector: RestConnector, size: int) -> None:
    """`total` is the number of pages; DRF has 404 after the last page, and a number of records."""

    def answer(request: Received) -> Say:
        found = ITEMS[(int(query(request).get("page", 1)) - 1) * size :][:size]
        return json_response({"results": found, "count": 7}) if found else json_response({}, status=404)

    upstream.answer = answer
    assert await rows_of(connector, by_page(total="count"), at="results") == ITEMS
    with pytest.raises(UpstreamNotFound):
        await rows_of(connector, by_page(), at="results")


@pytest.mark.parametrize("pages", [by_link(), by_url(), by_cursor(), by_offset("cursor")])
async def test_every_kind_of_circle_is_an_error(upstream: HttpWorld, connector: RestConnector, pages: Pages) -> None:
    """By header, URL, cursor and number."""

    def answer(request: Received) -> Say:
        following = {None: "/api/rows?cursor=a", "a": "/api/rows?cursor=b", "b": "/api/rows?cursor=a"}
        target = following.get(query(request).get("cursor"), "/api/rows?cursor=a")
        return json_response({"items": [{"id": 1}], "next": target}, link=f'<{target}>; rel="next"')

    upstream.answer = answer
    with pytest.raises(UpstreamBadReply, match=r"page \d: (the pages go in a circle|it is the same as page)"):
        await rows_of(connector, pages)


async def test_empty_pages_without_end_are_an_error(upstream: HttpWorld, connector: RestConnector) -> None:
    """Each with a new cursor."""
    upstream.answer = lambda _: json_response({"items": [], "next": len(upstream.requests)})
    with pytest.raises(UpstreamReplyTooLarge, match="max_pages=10"):
        await asyncio.wait_for(rows_of(connector, by_cursor()), 5)
    assert len(upstream.requests) == 11


@pytest.mark.parametrize(
    ("pages", "missing"), [(by_page(count="count"), 4), (by_offset(limit=3, total="count"), 4), (by_page(), 0)]
)
async def test_records_that_no_page_has_are_told(
    upstream: HttpWorld,
    connector: RestConnector,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    pages: Pages,
    missing: int,
) -> None:
    """The upstream counts seven, and its pages hold three."""
    heard: list[Any] = []
    monkeypatch.setattr(reports, "_counters", {"losses": lambda *loss: heard.append(loss)})
    monkeypatch.setattr(reports, "_quiet", {})
    upstream.answer = lambda request: json_response(
        {"items": [] if "page=" in request.target or "offset=" in request.target else [{}] * 3, "count": 7}
    )
    products = catalog.get("/products", at="items", pages=pages)
    assert len((await connector.send(Call(operation=products.operation))).data["items"]) == 3
    assert heard == ([("catalog", "pages", 1)] if missing else [])
    assert (f"counts {missing} more records than the 3 of its pages" in caplog.text) == bool(missing)
