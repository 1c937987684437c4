"""Known messages of an upstream, as bff.yaml writes them: a text, or fields with values. Used by the connector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.contract import at_path
from connectors.messages.paths import Path, parse_path
from connectors.streams.audience import to_comparable

Written = str | Mapping[str, Any]
"""A text, or paths and the values that stand there."""


def check_pattern(written: Written) -> Written:
    """Return it. Raises ValueError for a path that cannot be read, and for what every message would be."""
    if not written:
        raise ValueError("is empty; every message would be one")
    for name in written if not isinstance(written, str) else ():
        try:
            parse_path(name)
        except ValueError as error:
            raise ValueError(f"the path {name!r} {error}") from None
    return written


class Patterns:
    """Messages of which one is wanted."""

    def __init__(self, written: Iterable[Written]) -> None:
        """Each was checked with `check_pattern`."""
        written = list(written)
        self._texts = frozenset(each for each in written if isinstance(each, str))
        self._fields: list[dict[Path, str | None]] = [
            {parse_path(name): to_comparable(value) for name, value in each.items()}
            for each in written
            if not isinstance(each, str)
        ]

    def __bool__(self) -> bool:
        return bool(self._texts or self._fields)

    def match_text(self, message: str | bytes) -> bool:
        """Whether the message is one of the texts, in a text or binary frame."""
        if not self._texts or len(message) > _MAX_TEXT:
            return False
        text = message if isinstance(message, str) else message.decode(errors="replace")
        return text.strip() in self._texts

    def match_data(self, data: Any) -> bool:
        """Whether all fields of one of the patterns have their values."""
        return any(
            all(to_comparable(at_path(data, path)) == value for path, value in fields.items())
            for fields in self._fields
        )


_MAX_TEXT = 1000
