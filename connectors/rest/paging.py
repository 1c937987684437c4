"""Lists that come in pages: fetched one after another, returned as one. For authors: `pages=by_page()` and others.

    products = catalog.get("/products", at="items", pages=by_offset(limit=100))

The reply is the first page with the whole list at the path `at`. Pages after `max_pages` are not fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urljoin, urlsplit

from connectors.contract import at_path
from connectors.endpoint import place_of_author, split_path
from connectors.errors import DefinitionError
from connectors.rest.encode.values import encode_query

_PARAMETER = r';\s*([\w!#$&+.^`|~*-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*)))?\s*'  # RFC 8288 section 3
_LINK = re.compile(rf"<([^<>]*)>\s*((?:{_PARAMETER})*)")


@dataclass(frozen=True, slots=True)
class Page:
    """One page that the upstream sent."""

    url: str
    """The whole URL of its request."""
    data: Any
    """The page as plain Python."""
    items: list[Any]
    """The list in it."""
    headers: Mapping[str, str]


class Pages(Protocol):
    """How to find the next page."""

    @property
    def max_pages(self) -> int:
        """The largest number of pages that are fetched."""

    def next(self, page: Page) -> str | None:
        """The URL of the next page; None after the last. Raises ValueError for a page that must not be fetched."""


@dataclass(frozen=True, slots=True)
class _ByPage:
    parameter: str
    first: int
    total: tuple[str, ...]
    max_pages: int

    def next(self, page: Page) -> str | None:
        number = int(_get_query_value(page.url, self.parameter) or self.first)
        last = at_path(page.data, self.total) if self.total else None
        if not page.items or (isinstance(last, int) and number - self.first + 1 >= last):
            return None
        return _set_query(page.url, **{self.parameter: str(number + 1)})


@dataclass(frozen=True, slots=True)
class _ByOffset:
    offset: str
    limit_parameter: str
    limit: int | None
    total: tuple[str, ...]
    max_pages: int

    def next(self, page: Page) -> str | None:
        limit = int(_get_query_value(page.url, self.limit_parameter) or self.limit or 0)
        reached = int(_get_query_value(page.url, self.offset) or 0) + len(page.items)
        total = at_path(page.data, self.total) if self.total else None
        if not page.items or len(page.items) < limit or (isinstance(total, int) and reached >= total):
            return None
        return _set_query(page.url, **{self.offset: str(reached)})


@dataclass(frozen=True, slots=True)
class _ByCursor:
    parameter: str
    path: tuple[str, ...]
    max_pages: int

    def next(self, page: Page) -> str | None:
        cursor = at_path(page.data, self.path)
        if cursor is None or cursor in ("", False):
            return None
        if str(cursor) == _get_query_value(page.url, self.parameter):
            raise ValueError(f"the page names its own {self.parameter} as the next one")
        return _set_query(page.url, **{self.parameter: str(cursor)})


@dataclass(frozen=True, slots=True)
class _ByLink:
    max_pages: int

    def next(self, page: Page) -> str | None:
        target = next_link(page.headers.get("link", ""))
        if target is None:
            return None
        url = urljoin(page.url, target)
        here, there = urlsplit(page.url), urlsplit(url)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise ValueError(f"the next page is at another origin ({there.hostname})")
        return url.partition("#")[0]


def by_page(parameter: str = "page", *, first: int = 1, total: str = "", max_pages: int = 10) -> Pages:
    """Numbered pages: `?page=1`, `?page=2`, until one is empty or the count of pages at the path `total` is reached."""
    return _ByPage(parameter, first, split_path(total, "total", lists=False), _check_max_pages(max_pages))


def by_offset(
    offset: str = "offset", limit: int | None = None, *, size: str = "limit", total: str = "", max_pages: int = 10
) -> Pages:
    """Slices: `?offset=0`, `?offset=100`, until one is short of `limit`, is empty, or `total` items are reached.

    `limit` is how many items a full slice has; without it, the value of the query's `size` parameter, where given.
    """
    return _ByOffset(offset, size, limit, split_path(total, "total", lists=False), _check_max_pages(max_pages))


def by_cursor(parameter: str = "cursor", *, next: str = "next", max_pages: int = 10) -> Pages:  # noqa: A002
    """Cursors: the value at the path `next` of a page is the `parameter` of the following one, until it is null."""
    return _ByCursor(parameter, split_path(next, "next", lists=False), _check_max_pages(max_pages))


def by_link(*, max_pages: int = 10) -> Pages:
    """Link headers with rel="next" (RFC 8288), followed only within the upstream's own origin."""
    return _ByLink(_check_max_pages(max_pages))


def next_link(header: str) -> str | None:
    """The target of the first link whose relation is `next`."""
    for link in _LINK.finditer(header):
        for name, quoted, bare in re.findall(_PARAMETER, link[2]):
            if name.lower() == "rel":
                if "next" in (quoted or bare).lower().split():
                    return link[1]
                break  # only the first rel counts
    return None


def replace_items(data: Any, path: tuple[str, ...], items: list[Any]) -> Any:
    """A copy of `data` with `items` at this path."""
    if not path:
        return items
    copy = dict(data) if isinstance(data, Mapping) else {}
    copy[path[0]] = replace_items(copy.get(path[0]), path[1:], items)
    return copy


def _set_query(url: str, **changed: str) -> str:
    """The URL with these query parameters set, the others in their order."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in changed]
    return parts._replace(query=encode_query([*kept, *changed.items()])).geturl()


def _get_query_value(url: str, parameter: str) -> str | None:
    return dict(parse_qsl(urlsplit(url).query)).get(parameter)


def _check_max_pages(max_pages: int) -> int:
    if max_pages < 1:
        raise DefinitionError(f"{place_of_author()}: max_pages={max_pages} is less than 1; write 1 or more")
    return max_pages
