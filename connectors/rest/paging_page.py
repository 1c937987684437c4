"""What ways of paging and the walk through pages hand to each other. Used by `paging` and `paging_walk`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from connectors.messages.paths import Path, at_path


@dataclass(frozen=True, slots=True)
class Turn:
    """The parameters that change from one page to the next."""

    changed: Mapping[str, Any]


Next = Turn | str | None
"""The next page: changed parameters, a whole URL at the upstream's own origin, or none."""


@dataclass(frozen=True, slots=True)
class header:  # noqa: N801 - written like by_page and the others
    """A value in a header of the response, instead of one in the page: `by_page(count=header("X-Total-Count"))`."""

    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page that the upstream sent."""

    url: str
    """The whole URL of its request."""
    arguments: Mapping[str, Any]
    """The values of its request's parameters."""
    data: Any
    """The page as plain Python."""
    items: list[Any]
    """The list in it."""
    headers: Mapping[str, str]
    first_size: int
    """How many items the first page had."""
    reached: int = 0
    """How many items all pages so far had."""

    def read(self, place: Path | header) -> Any:
        """What stands at a path of the page, or in a header; None where nothing does."""
        if isinstance(place, header):
            return self.headers.get(place.name.lower())
        return at_path(self.data, place) if place else None

    def get_parameter(self, name: str) -> Any:
        """The value of a parameter of its request: of the query, or of the endpoint. None where it has none."""
        query = dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))
        return query.get(name, self.arguments.get(name))


class Limits(Protocol):
    """How many pages are fetched."""

    @property
    def max_pages(self) -> int:
        """The largest number of pages that are fetched."""

    @property
    def is_cut(self) -> bool:
        """Whether a longer list is cut instead of an error."""

    @property
    def parallel(self) -> int:
        """The largest number of pages that are fetched at once."""


class Pages(Protocol):
    """How to find the next page."""

    @property
    def limits(self) -> Limits:
        """How many are fetched."""

    def next(self, page: Page) -> Next:
        """The next page; None after the last. Raises ValueError for one that must not be fetched."""
