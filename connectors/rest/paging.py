"""Lists that come in pages: fetched one after another, returned as one. For authors: `pages=by_page()` and others.

    products = catalog.get("/products", at="items", pages=by_offset(limit=100))

The reply is the first page with the whole list at the path `at`. What all ways of paging have in common:

`max_pages` bounds the pages. A list that goes on after them is an error (UPSTREAM_REPLY_TOO_LARGE), or, with
`on_limit="cut"`, is cut: that is logged and counted. Pages that go in a circle are an error. `parallel` is how many
pages are fetched at once where they are numbered and the first one says how many there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from connectors.endpoint import place_of_author, split_path
from connectors.errors import DefinitionError
from connectors.messages.paths import Path, PathOption
from connectors.rest.encode.values import format_value
from connectors.rest.paging_links import find_own_url, find_target, is_url, next_link
from connectors.rest.paging_page import Next, Page, Pages, Turn, header

OnLimit = Literal["error", "cut"]
Place = Path | header
PlaceOption = PathOption | header
"""Where a page says something: a path in it, or a header of the response."""


@dataclass(frozen=True, slots=True)
class _Limits:
    max_pages: int
    is_cut: bool
    parallel: int = 1


@dataclass(frozen=True, slots=True)
class _ByPage:
    limits: _Limits
    parameter: str
    first: int
    total: Place
    count: Place

    def next(self, page: Page) -> Next:
        last = self._find_last(page)
        number = _read_number(page, self.parameter, self.first)
        if number >= last if last is not None else not page.items:
            return None
        if not page.items and self._counts_records(page, number):
            return None
        return Turn({self.parameter: str(number + 1)})

    def may_be_last(self, page: Page) -> bool:
        """Whether the page after this one may be missing: `total` may be a number of records, after all."""
        total = _read_total(page, self.total)
        return total is not None and page.reached >= total

    def list_ahead(self, page: Page) -> list[Turn]:
        """The pages that follow, where the first one says how many there are."""
        last = self._find_last(page)
        number = _read_number(page, self.parameter, self.first)
        if last is None:
            return []
        return [Turn({self.parameter: str(each)}) for each in range(number + 1, last + 1)]

    def count_missing(self, page: Page, pages: int) -> int:
        """How many records the upstream counts beyond those that so many pages had, of which this is the last."""
        records = _read_total(page, self.count)
        before = (_read_number(page, self.parameter, self.first) - pages + 1 - self.first) * page.first_size
        return 0 if records is None else records - page.reached - before

    def _counts_records(self, page: Page, number: int) -> bool:
        """Whether `total` is a number of records, after all: an empty page, and the one before, come after the last."""
        total = _read_total(page, self.total)
        size = page.first_size
        return (
            total is not None and page.reached == total and bool(size) and number - self.first > math.ceil(total / size)
        )

    def _find_last(self, page: Page) -> int | None:
        """The number of the last page, where it is known."""
        pages = _read_total(page, self.total)
        records = _read_total(page, self.count)
        if pages is None and records is not None and page.first_size:
            pages = math.ceil(records / page.first_size)
        return None if pages is None else self.first + pages - 1


@dataclass(frozen=True, slots=True)
class _ByOffset:
    limits: _Limits
    offset: str
    size: str
    limit: int | None
    total: Place

    def next(self, page: Page) -> Next:
        reached = _read_number(page, self.offset, 0) + len(page.items)
        total = _read_total(page, self.total)
        if not page.items or (reached >= total if total is not None else self._is_short(page)):
            return None
        return Turn({self.offset: str(reached)})

    def list_ahead(self, page: Page) -> list[Turn]:
        """The slices that follow, as large as the first one, where it says how many items there are."""
        total, start = _read_total(page, self.total), _read_number(page, self.offset, 0)
        if total is None or not page.items:
            return []
        return [Turn({self.offset: str(each)}) for each in range(start + len(page.items), total, len(page.items))]

    def count_missing(self, page: Page, pages: int) -> int:
        """As of `by_page`."""
        total = _read_total(page, self.total)
        return 0 if total is None else total - _read_number(page, self.offset, 0) - len(page.items)

    def _is_short(self, page: Page) -> bool:
        """Whether a slice without a total is the last one.

        A first slice that is shorter than requested may be as large as the upstream gives any. With `limit`, where the
        author knows the size, that is a round number.
        """
        limit = self.limit if self.limit is not None else _read_number(page, self.size, 0)
        size = len(page.items)
        is_capped = self.limit is None or not (page.first_size % 10 and page.first_size % 25)
        return size < (page.first_size if page.first_size < limit and is_capped else limit)


@dataclass(frozen=True, slots=True)
class _ByCursor:
    limits: _Limits
    parameter: str
    path: Place
    more: Place

    def next(self, page: Page) -> Next:
        cursor = page.read(self.path)
        if cursor is None or cursor == "" or page.read(self.more) in (False, "false"):
            return None
        if isinstance(cursor, str) and is_url(cursor):
            url = find_own_url(page.url, cursor)
            if url is not None:
                return url
        return Turn({self.parameter: cursor if isinstance(cursor, list | dict) else format_value(cursor)})


@dataclass(frozen=True, slots=True)
class _ByUrl:
    limits: _Limits
    path: Place

    def next(self, page: Page) -> Next:
        target = find_target(page.read(self.path))
        if target is None or target == "":
            return None
        if not isinstance(target, str):
            kind = type(target).__name__
            raise ValueError(f"expected the URL of the next page, got {kind}")  # noqa: TRY004 - it is the upstream's
        return _follow(page, target)


@dataclass(frozen=True, slots=True)
class _ByLink:
    limits: _Limits

    def next(self, page: Page) -> Next:
        target = next_link(page.headers.get("link", ""))
        return None if target is None else _follow(page, target)


def by_page(
    parameter: str = "page",
    *,
    first: int = 1,
    total: PlaceOption = "",
    count: PlaceOption = "",
    max_pages: int = 10,
    on_limit: OnLimit = "error",
    parallel: int = 1,
) -> Pages:
    """Numbered pages: `?page=1`, `?page=2`, until one is empty or the last one is reached.

    `total` is the path to the number of pages, `count` that to the number of records in all pages.
    """
    limits = _check_limits(max_pages, on_limit, parallel, is_known=bool(total or count), name="total= or count=")
    return _ByPage(limits, parameter, first, _read_place(total, "total"), _read_place(count, "count"))


def by_offset(
    offset: str = "offset",
    limit: int | None = None,
    *,
    size: str = "limit",
    total: PlaceOption = "",
    max_pages: int = 10,
    on_limit: OnLimit = "error",
    parallel: int = 1,
) -> Pages:
    """Slices: `?offset=0`, `?offset=100`, until `total` items are reached, one is empty, or, without total, is short.

    `limit` is how many items a full slice has; without it, the value of the query's `size` parameter, where given.
    """
    limits = _check_limits(max_pages, on_limit, parallel, is_known=bool(total), name="total=")
    return _ByOffset(limits, offset, size, limit, _read_place(total, "total"))


def by_cursor(
    parameter: str = "cursor",
    *,
    next: PlaceOption = "next",  # noqa: A002 - as upstreams call it
    more: PlaceOption = "",
    max_pages: int = 10,
    on_limit: OnLimit = "error",
) -> Pages:
    """Cursors: the value at the path `next` of a page is the `parameter` of the following one.

    It ends when that is null, absent or an empty text, or when the value at `more` is false; 0 and false are cursors.
    The parameter goes where the request has it, such as in its body, else into the query. A URL of the upstream
    is followed as by `by_url`.
    """
    paths = _read_place(next, "next"), _read_place(more, "more")
    return _ByCursor(_check_limits(max_pages, on_limit), parameter, *paths)


def by_url(
    next: PlaceOption = "next",  # noqa: A002 - as above
    *,
    max_pages: int = 10,
    on_limit: OnLimit = "error",
) -> Pages:
    """The URL of the next page in the page: `by_url("_links.next.href")`, until it is null, absent or empty.

    At the path can be a link object too, with `href` or `url`, or a list of those, of which the one with the relation
    `next` counts: `by_url("links")`.

    The request goes to the upstream's own address, in any case: a URL that names another host, such as one behind a
    proxy, is followed only where its path is that of the request.
    """
    return _ByUrl(_check_limits(max_pages, on_limit), _read_place(next, "next"))


def by_link(*, max_pages: int = 10, on_limit: OnLimit = "error") -> Pages:
    """Link headers with rel="next" (RFC 8288), followed as by `by_url`."""
    return _ByLink(_check_limits(max_pages, on_limit))


def _read_place(written: PlaceOption, option: str) -> Place:
    return written if isinstance(written, header) else split_path(written, option, lists=False)


def _follow(page: Page, target: str) -> str:
    url = find_own_url(page.url, target)
    if url is None:
        raise ValueError("the next page is at another origin, and its path is not that of the request")
    return url


def _read_number(page: Page, parameter: str, default: int) -> int:
    """The value of a parameter of the page's request. Raises ValueError for one that is no number."""
    value = page.get_parameter(parameter)
    if value in (None, ""):
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"{parameter} of the request is no whole number, so pages cannot be counted") from None


def _read_total(page: Page, place: Place) -> int | None:
    """A total that a page names; None where it names none, or a negative number, which stands for unknown."""
    value: Any = page.read(place)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value)


def _check_limits(
    max_pages: int, on_limit: str, parallel: int = 1, *, is_known: bool = True, name: str = ""
) -> _Limits:
    place = place_of_author()
    if max_pages < 1:
        raise DefinitionError(f"{place}: max_pages={max_pages} is less than 1; write 1 or more")
    if on_limit not in ("error", "cut"):
        raise DefinitionError(f'{place}: on_limit={on_limit!r} is not an option; write "error" or "cut"')
    if parallel < 1:
        raise DefinitionError(f"{place}: parallel={parallel} is less than 1; write 1 or more")
    if parallel > 1 and not is_known:
        raise DefinitionError(f"{place}: parallel={parallel} needs the number of pages; write {name} with its path")
    return _Limits(max_pages, on_limit == "cut", parallel)


__all__ = ["Page", "Pages", "by_cursor", "by_link", "by_offset", "by_page", "by_url", "header"]
