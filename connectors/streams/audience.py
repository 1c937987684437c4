"""Which subscribers a message is for, by the values of its fields. For connectors whose one subscription serves many.

The work for a message grows with the number of different questions, not with the number of subscribers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from connectors.contract import at_path
from connectors.messages.keys import KeyCase, choose_key_text, to_key_text

T = TypeVar("T")

Path = tuple[str, ...]
Receive = Callable[[T], None]
"""Takes a message and returns at once."""


@dataclass(slots=True)
class _Row(Generic[T]):
    """All subscribers that want the same values."""

    receivers: dict[object, Receive[T]] = field(default_factory=dict)
    newest: T | None = None
    has_newest: bool = False


class Audience(Generic[T]):
    """The subscribers of one stream of messages, each with the values that messages for it have."""

    def __init__(self, case: KeyCase = "exact") -> None:
        """`case` says which texts are equal."""
        self._to_text = to_comparable if case == "exact" else _compare_by(choose_key_text(case))
        self._rows: dict[tuple[Path, ...], dict[tuple[Any, ...], _Row[T]]] = {}

    @contextmanager
    def join(self, wanted: Mapping[Path, Any], receive: Receive[T], *, newest: bool = False) -> Iterator[None]:
        """Receive all messages whose fields equal `wanted`, while inside. None wants a field that is null or absent.

        With `newest`, the last message that others heard already comes first.
        """
        paths, values = tuple(sorted(wanted)), tuple(self._to_text(wanted[path]) for path in sorted(wanted))
        rows = self._rows.setdefault(paths, {})
        row = rows.setdefault(values, _Row())
        ticket = object()
        row.receivers[ticket] = receive
        if newest and row.has_newest:
            receive(row.newest)  # type: ignore[arg-type]  # has_newest says that it is a T
        try:
            yield
        finally:
            del row.receivers[ticket]
            if not row.receivers:
                del rows[values]
            if not rows:
                del self._rows[paths]

    @property
    def is_empty(self) -> bool:
        """Whether nobody has joined."""
        return not self._rows

    def deliver(self, data: Any, message: T, around: Any = None) -> bool:
        """Hand `message` to all subscribers that want the fields of `data`; whether there is one.

        Fields that `data` lacks are those of what is `around` it.
        """
        is_delivered = False
        to_text = self._to_text
        for paths, rows in self._rows.items():
            if around is None:
                row = rows.get(tuple([to_text(at_path(data, path)) for path in paths]))
            else:
                found = [at_path(data, path) for path in paths]
                values = [
                    at_path(around, path) if each is None else each for path, each in zip(paths, found, strict=True)
                ]
                row = rows.get(tuple(map(to_text, values)))
            if row is not None:
                is_delivered = True
                row.newest, row.has_newest = message, True
                for receive in row.receivers.values():
                    receive(message)
        return is_delivered


def to_comparable(value: Any) -> str | None:
    """A value as text that is equal for equal values; None for null."""
    return None if value is None else to_key_text(value)


def _compare_by(to_text: Callable[[Any], str]) -> Callable[[Any], str | None]:
    return lambda value: None if value is None else to_text(value)
