"""gRPC lists that come in pages (AIP-158): fetched one after another, returned as one.

    books = library.unary("library.Library/ListBooks", {"parent": "{shelf}"}, at="books", pages=by_token())

Source: https://google.aip.dev/158. Used by authors; the connector walks the pages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.contract import Operation, Reply, at_path
from connectors.endpoint import place_of_author, split_path
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamError, UpstreamReplyTooLarge
from connectors.messages.pages import Limits, OnLimit, check_limits, name_page, replace_items, too_many_pages
from connectors.messages.paths import Path, PathOption, format_path
from connectors.messages.value_kinds import describe_kind
from connectors.reports import report_loss

SendPage = Callable[[Any], Awaitable[Reply]]
"""Sends one request message, as plain data. Raises UpstreamError."""


@dataclass(frozen=True, slots=True)
class TokenPages:
    """Where the token of a page stands."""

    limits: Limits
    parameter: Path
    """In the request."""
    next: Path
    """In the reply, for the page that follows."""


def by_token(
    parameter: PathOption = "page_token",
    *,
    next: PathOption = "next_page_token",  # noqa: A002 - as in connectors.rest.paging
    max_pages: int = 10,
    on_limit: OnLimit = "error",
) -> TokenPages:
    """The text at the path `next` of a reply is the `parameter` of the following request, until it is empty.

    A page may be empty though others follow. `max_pages` bounds the pages: a list that goes on after them is an error
    (UPSTREAM_REPLY_TOO_LARGE), or, with `on_limit="cut"`, is cut, which is logged and counted. Tokens that come again
    are an error.
    """
    limits = check_limits(max_pages, on_limit)
    return TokenPages(limits, _split(parameter, "parameter"), _split(next, "next"))


def check_pages(place: str, pages: TokenPages | None, at: PathOption | None) -> TokenPages | None:
    """Raise DefinitionError for pages of no list."""
    if pages is not None and not at:
        raise DefinitionError(f'{place}: pages= needs at=, the path to the list, such as at="books"')
    return pages


async def collect_pages(
    operation: Operation, pages: TokenPages, at: Path, message: Any, max_bytes: int, send: SendPage
) -> Reply:
    """The first page, with the list of all pages at its path. Raises UpstreamError, which names the page."""
    limits, items = pages.limits, list[Any]()
    seen: dict[str, int] = {}
    first: Reply | None = None
    number, size = 1, 0
    while True:
        try:
            reply = await send(message)
            data = await reply.read()
            size += _measure(reply)
            if size > max_bytes:
                reason = f"the pages together exceed max_reply_size, {max_bytes} bytes"
                raise UpstreamReplyTooLarge(operation, reason)
            items += _read_items(operation, data, at)
            token = _read_token(operation, data, pages.next)
            if token in seen:
                raise UpstreamBadReply(operation, f"the pages go in a circle: page {seen[token]} follows again")
        except UpstreamError as error:
            if number == 1:
                raise
            raise name_page(error, number) from error
        first = first or reply
        if not token:
            break
        number += 1
        seen[token] = number
        if number > limits.max_pages:
            if not limits.is_cut:
                raise too_many_pages(operation, limits.max_pages)
            report_loss(operation, "pages", 1, f"the list goes on after max_pages, {limits.max_pages} pages")
            break
        message = _set_token(message, pages.parameter, token)
    return Reply(replace_items(await first.read(), at, items), status=first.status, headers=first.headers)


def _split(written: PathOption, option: str) -> Path:
    path = split_path(written, option, lists=False)
    if not path:
        raise DefinitionError(f"{place_of_author()}: {option}= is empty; write the name of the field with the token")
    return path


def _measure(reply: Reply) -> int:
    size: Callable[[], int] | None = getattr(reply.payload, "ByteSize", None)
    return 0 if size is None else size()


def _read_items(operation: Operation, data: Any, at: Path) -> list[Any]:
    found = at_path(data, at)
    if found is None:
        return []
    if not isinstance(found, list):
        raise UpstreamBadReply(operation, f"expected a list at {format_path(at)} of a page, got {describe_kind(found)}")
    return found


def _read_token(operation: Operation, data: Any, path: Path) -> str:
    """The token of the page that follows; empty after the last one. Raises DefinitionError for a path to nothing."""
    inner = at_path(data, path[:-1])
    if isinstance(inner, Mapping) and path[-1] not in inner:
        raise DefinitionError(
            f"{operation.upstream}: {operation.name}: the reply has no field {format_path(path)}; "
            "write by_token(next=...) with the path to the token of the next page"
        )
    token = at_path(data, path)
    if token is not None and not isinstance(token, str | int):
        raise UpstreamBadReply(operation, f"expected a token at {format_path(path)}, got {describe_kind(token)}")
    return "" if token is None or token == 0 else str(token)


def _set_token(message: Any, path: Path, token: str) -> dict[str, Any]:
    """A copy of the request message with the token at its path."""
    copy = dict(message) if isinstance(message, Mapping) else {}
    name, rest = path[0], path[1:]
    head, *words = name.split("_")
    copy.pop("".join([head, *map(str.capitalize, words)]), None)  # the field's other name
    copy[name] = _set_token((message or {}).get(name), rest, token) if rest else token
    return copy
