"""Goes from page to page and puts their lists together. Used by `connector`, for operations with `pages`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace

from connectors.contract import Call, Reply, at_path
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamNotFound, UpstreamReplyTooLarge
from connectors.messages.pages import name_page, replace_items, too_many_pages
from connectors.messages.paths import format_path, split_at_list
from connectors.messages.value_kinds import describe_kind
from connectors.reports import report_loss
from connectors.rest.encode.values import encode_query
from connectors.rest.operations import Request, RestOperation
from connectors.rest.paging_page import Page, Pages, Turn

Send = Callable[[str, Request], Awaitable[tuple[Reply, int]]]
"""Sends one request to a URL: its reply, and how many bytes that has. Raises UpstreamError."""
_EMPTY = (204, 404, 410)
"""Statuses of a reply without data that stand for an empty page; 404 and 410 come here only with missing="null"."""


@dataclass(frozen=True, slots=True)
class _Step:
    """The request for one page."""

    url: str
    request: Request
    arguments: Mapping[str, Any]
    """Those of the call, with what pages changed of them."""

    @property
    def identity(self) -> Hashable:
        """Equal for equal requests."""
        body = self.request.body if isinstance(self.request.body, bytes) else None
        return self.url, body, tuple(self.request.headers.items())


class PageWalk:
    """The pages of one call, within its deadline and the upstream's `max_reply_size`."""

    def __init__(
        self, call: Call, operation: RestOperation, pages: Pages, address: str, max_bytes: int, send: Send
    ) -> None:
        self._call = call
        self._operation = operation
        self._pages = pages
        self._address = address
        self._max_bytes = self._bytes_left = max_bytes
        self._send = send
        self._path, _ = split_at_list(operation.many_items if call.keys else operation.items)
        self._template = operation.many if call.keys else operation.one
        self._ahead: dict[Hashable, Reply | UpstreamError] = {}
        """Replies of pages that were fetched before their turn."""
        self._first: Reply | None = None

    async def collect(self, request: Request) -> Reply:
        """The first page, with the list of all pages. Raises UpstreamError, which names the page."""
        limits = self._pages.limits
        step: _Step | None = _Step(self._address + request.url, request, self._call.arguments)
        items: list[Any] | None = None
        seen: dict[Hashable, int] = {}
        before: Reply | None = None
        number = first_size = 0
        page: Page | None = None
        while step is not None:
            number += 1
            if number > limits.max_pages and limits.is_cut:
                report_loss(self._operation, "pages", 1, f"the list goes on after max_pages, {limits.max_pages} pages")
                break
            seen[step.identity] = number
            try:
                reply = await self._get_page(step)
                found = await self._read_list(reply)
                if number > limits.max_pages and found:
                    raise too_many_pages(self._operation, limits.max_pages)
                if before is not None and found and isinstance(found[0], Mapping) and _is_same(before, reply):
                    reason = f"it is the same as page {number - 1}: the upstream ignores the parameter of the page"
                    raise UpstreamBadReply(self._operation, reason)
                self._first, before = self._first or reply, reply
                if found is not None:
                    items = items or []
                    items += found
                first_size = first_size or len(found or ())
                reached = len(items or ())
                page = Page(step.url, step.arguments, reply.data, found or [], reply.headers, first_size, reached)
                step = self._find_next(step, page, seen)
                if number > limits.max_pages and step is not None:
                    raise too_many_pages(self._operation, limits.max_pages)
                if number == 1 and step is not None and limits.parallel > 1:
                    await self._fetch_ahead(step, page)
            except UpstreamError as error:
                if number == 1:
                    raise
                if isinstance(error, UpstreamNotFound) and page is not None and self._may_be_last(page):
                    break
                raise name_page(error, number) from error
        else:
            self._report_missing(page, number)
        first = self._first
        assert first is not None
        if items is None:
            return first
        return Reply(replace_items(first.data, self._path, items), status=first.status, headers=first.headers)

    def _report_missing(self, page: Page | None, pages: int) -> None:
        """Say so where the pages end before the number of records that the upstream counts."""
        count_missing = getattr(self._pages, "count_missing", None)
        missing = count_missing(page, pages) if count_missing is not None and page is not None else 0
        if missing > 0 and page is not None:
            counted = f"the upstream counts {missing} more records than the {page.reached} of its pages"
            report_loss(self._operation, "pages", 1, counted)

    async def _get_page(self, step: _Step) -> Reply:
        ahead = self._ahead.pop(step.identity, None)
        if isinstance(ahead, UpstreamError):
            raise ahead
        if ahead is not None:
            return ahead
        reply, size = await self._send(step.url, step.request)
        self._bytes_left -= size
        if self._bytes_left < 0:
            reason = f"the pages together exceed max_reply_size, {self._max_bytes} bytes"
            raise UpstreamReplyTooLarge(self._operation, reason)
        return reply

    async def _read_list(self, reply: Reply) -> list[Any] | None:
        """The list of a page; None where it is null or, as encoders leave out what is empty, absent."""
        data = await reply.read()
        found = at_path(data, self._path)
        if isinstance(found, list):
            return found
        if found is None and (self._first is None or self._is_empty(reply, data)):
            return None
        if isinstance(found, UpstreamError):
            raise found
        place = format_path(self._path) or "its top"
        kind = "nothing" if found is None else describe_kind(found)
        raise UpstreamBadReply(self._operation, f"expected a list at {place} of a page, got {kind}")

    def _is_empty(self, reply: Reply, data: Any) -> bool:
        """Whether a later page without a list is one without items: it is like the first page in all it has."""
        if data is None:
            return reply.status in _EMPTY
        first = self._first.data if self._first is not None else None
        return isinstance(data, Mapping) and isinstance(first, Mapping) and data.keys() <= {*first, *self._path[:1]}

    def _may_be_last(self, page: Page) -> bool:
        may_be_last = getattr(self._pages, "may_be_last", None)
        return may_be_last is not None and may_be_last(page)

    def _find_next(self, step: _Step, page: Page, seen: Mapping[Hashable, int]) -> _Step | None:
        try:
            turn = self._pages.next(page)
            following = None if turn is None else self._make_step(step, turn)
        except ValueError as error:
            raise UpstreamBadReply(self._operation, f"no next page: {error}") from error
        if following is not None and (number := seen.get(following.identity)) is not None:
            reason = f"the pages go in a circle: page {number} follows again"
            raise UpstreamBadReply(self._operation, reason)
        return following

    def _make_step(self, step: _Step, turn: Turn | str) -> _Step:
        """The request of another page. Raises ValueError for a value that has no place in it."""
        if isinstance(turn, str):
            return _Step(turn, step.request, step.arguments)
        own = self._template.parameters if self._template is not None else {}
        inside = {name: value for name, value in turn.changed.items() if name in own}
        query = {name: value for name, value in turn.changed.items() if name not in own}
        if not inside:
            return _Step(_set_query(step.url, query), step.request, step.arguments)
        arguments = {**step.arguments, **inside}
        request = self._operation.build_request(replace(self._call, arguments=arguments))
        return _Step(_set_query(self._address + request.url, query), request, arguments)

    async def _fetch_ahead(self, following: _Step, page: Page) -> None:
        """Fetch the pages whose number is known from the first one, several at once."""
        list_ahead = getattr(self._pages, "list_ahead", None)
        turns: Sequence[Turn] = list_ahead(page) if list_ahead is not None else ()
        limits = self._pages.limits
        if len(turns) >= limits.max_pages and not limits.is_cut:
            raise too_many_pages(self._operation, limits.max_pages)
        steps = iter([self._make_step(following, turn) for turn in turns[: limits.max_pages - 1]])
        workers = [asyncio.create_task(self._work(steps)) for _ in range(min(limits.parallel, len(turns)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, steps: Iterator[_Step]) -> None:
        for step in steps:
            try:
                self._ahead[step.identity] = await self._get_page(step)
            except UpstreamError as error:
                self._ahead[step.identity] = error
                for _ in steps:  # those behind it are of no use
                    pass


def _is_same(one: Reply, other: Reply) -> bool:
    """Whether two replies have the same bytes."""
    return isinstance(one.payload, bytes) and one.payload == other.payload


def _set_query(url: str, changed: Mapping[str, Any]) -> str:
    """The URL with these query parameters set, the others in their order. Raises ValueError for lists and mappings."""
    if not changed:
        return url
    for name, value in changed.items():
        if not isinstance(value, str):
            reason = f"{name} is a {type(value).__name__}, which a query cannot hold; write it into the body"
            raise ValueError(reason)  # noqa: TRY004 - the value is the upstream's
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in changed]
    return parts._replace(query=encode_query([*kept, *changed.items()])).geturl()
