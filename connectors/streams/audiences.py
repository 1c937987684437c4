"""The audiences of one stream of messages, by how they take messages that hold several events. Used by connectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

from connectors.contract import at_path
from connectors.messages.keys import KeyCase
from connectors.streams.audience import Audience, Path, Receive
from connectors.streams.pace import Pace

T = TypeVar("T")

Items = Path | None
"""Where the events of a message are: at a path to a list, () for a message that is one; None if each message is one."""
_INDEX: Final = re.compile(r"-?\d+")


def choose_items(written: bool | Path | None, *paths: Path) -> Items:
    """The path to the events of a message: as written, or, if None, by the paths into an event.

    A message that is a list is many events where paths lead into objects, and one event where they lead to its items
    (`0`, `[]`) or there are none.
    """
    if written is None:
        return None if not any(paths) or any(path and _leads_into_list(path) for path in paths) else ()
    return written if isinstance(written, tuple) else () if written else None


def _leads_into_list(path: Path) -> bool:
    return _INDEX.fullmatch(path[0]) is not None or path[0].startswith("\0")


def list_events(data: Any, items: Items) -> list[tuple[Any, Any]]:
    """The events of a message, each with the message around it; None around one that is the whole message."""
    if items is None:
        return [(data, None)]
    if items and type(data) is list and not _leads_into_list(items):
        return [event for each in data for event in list_events(each, items)]
    found = at_path(data, items) if items else data
    if type(found) is list:
        return [(each, data if items else None) for each in found]
    return [(data, None) if found is None or not items else (found, data)]


class Audiences(Generic[T]):
    """Deals the events of messages to the subscribers that want them."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._by_items: dict[tuple[Items, KeyCase], Audience[T]] = {}
        self._are_simple = True
        """Whether a message that is no array is one event for all."""

    @property
    def is_empty(self) -> bool:
        """Whether nobody would receive an event."""
        return not self._by_items

    @contextmanager
    def join(
        self,
        items: Items,
        wanted: Mapping[Path, Any],
        receive: Receive[T],
        *,
        newest: bool = False,
        case: KeyCase = "exact",
    ) -> Iterator[None]:
        """As Audience.join, for events that stand at `items` of messages and whose texts are compared by `case`."""
        place = items, case
        audience = self._by_items.setdefault(place, Audience(case))
        self._are_simple = not any(at for at, _ in self._by_items)
        try:
            with audience.join(wanted, receive, newest=newest):
                yield
        finally:
            if audience.is_empty:
                self._by_items.pop(place, None)
                self._are_simple = not any(at for at, _ in self._by_items)

    async def deal(self, data: Any, make: Callable[[Any], T]) -> int:
        """Hand the events of a message, each made by `make`, to their subscribers. Returns how many nobody wants.

        Subscribers run in between, so that a message of many events is no burst for them.
        """
        if type(data) is not list and self._are_simple:
            message, is_wanted = make(data), False
            for audience in self._by_items.values():
                is_wanted = audience.deliver(data, message) or is_wanted
            await self._pace.rest()
            return 0 if is_wanted else 1
        unwanted: int | None = None
        for (items, _), audience in list(self._by_items.items()):
            count = 0
            for event, around in list_events(data, items):
                if not audience.deliver(event, make(event), around):
                    count += await self._deal_inner(event, make, audience) if items is None else 1
                await self._pace.rest()
            unwanted = count if unwanted is None else min(unwanted, count)
        if unwanted is None:  # nobody is there
            return len(data) if type(data) is list else 1
        return unwanted

    async def _deal_inner(self, event: Any, make: Callable[[Any], T], audience: Audience[T]) -> int:
        """Deal the arrays of an array, such as `[[7, "trade"], [7, "quote"]]`, if it is no event itself."""
        if type(event) is not list or any(type(each) is not list for each in event):
            return 1
        count = 0
        for each in event:
            count += not audience.deliver(each, make(each))
            await self._pace.rest()
        return count
