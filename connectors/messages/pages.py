"""Lists that come in pages, whatever the protocol: what is put together, and what is said of a page that fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors.contract import Operation
from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError, UpstreamError, UpstreamReplyTooLarge, copy_error

OnLimit = Literal["error", "cut"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many pages are fetched."""

    max_pages: int
    is_cut: bool
    """Whether a longer list is cut instead of an error."""
    parallel: int = 1


def check_limits(max_pages: int, on_limit: str) -> Limits:
    """The limits as an author writes them. Raises DefinitionError."""
    place = place_of_author()
    if max_pages < 1:
        raise DefinitionError(f"{place}: max_pages={max_pages} is less than 1; write 1 or more")
    if on_limit not in ("error", "cut"):
        raise DefinitionError(f'{place}: on_limit={on_limit!r} is not an option; write "error" or "cut"')
    return Limits(max_pages, on_limit == "cut")


def too_many_pages(operation: Operation, most: int) -> UpstreamReplyTooLarge:
    """The error of a list that goes on after so many pages."""
    reason = f'the list has more than max_pages={most} pages; raise max_pages=, or write on_limit="cut"'
    return UpstreamReplyTooLarge(operation, reason)


def name_page(error: UpstreamError, number: int) -> UpstreamError:
    """The same failure, which says that it is of this page."""
    named = copy_error(error, error.operation)
    named.detail = f"page {number}: {error.detail}"
    named.args = (f"{error.operation.upstream}: {error.operation.name}: {named.detail}",)
    return named


def replace_items(data: Any, path: tuple[str, ...], items: list[Any]) -> Any:
    """A copy of `data` with `items` at this path."""
    if not path:
        return items
    copy = dict(data) if isinstance(data, Mapping) else {}
    name, rest = path[0], path[1:]
    if name not in copy and (dotted := ".".join(path)) in copy:
        name, rest = dotted, ()  # as at_path finds it
    copy[name] = replace_items(copy.get(name), rest, items)
    return copy
