"""Answers to pings that the upstream sends as messages, as bff.yaml writes them. Used by the connector."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from connectors.contract import Operation, at_path
from connectors.messages.json_text import encode_json
from connectors.messages.paths import parse_path
from connectors.websocket.session.patterns import Patterns, Written

_PLACE: Final = re.compile(r"\{([^{}]+)\}")
"""A text that is the path of a value in the message that is answered."""


class Rule(Protocol):
    """Which messages are answered, and with what."""

    @property
    def to(self) -> Written | None:
        """Fields of the message, or its text."""

    @property
    def message(self) -> str | Mapping[str, Any]:
        """The answer."""


def check_rule(to: Written | None, message: str | Mapping[str, Any]) -> None:
    """Raise ValueError for a rule that would answer every message, or a path that cannot be read."""
    places = find_places(message)
    if not to and not places:
        raise ValueError('would answer every message; write `to`, or a value of the message such as "{ping}"')
    for place in places:
        try:
            parse_path(place)
        except ValueError as error:
            raise ValueError(f"the path {place!r} {error}") from None


def find_places(message: Any) -> list[str]:
    """The paths that the values of an answer come from."""
    if isinstance(message, str):
        found = _PLACE.fullmatch(message)
        return [found[1]] if found is not None else []
    values = message.values() if isinstance(message, Mapping) else message if isinstance(message, list) else ()
    return [place for value in values for place in find_places(value)]


class Replies:
    """The answers to the pings of one upstream."""

    def __init__(self, operation: Operation, rules: Iterable[Rule]) -> None:
        self._operation = operation
        self._rules = [(Patterns([rule.to] if rule.to else []), rule.message) for rule in rules]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def answer_text(self, message: str | bytes) -> bytes | None:
        """The answer to a text that is no JSON; None for one that is no ping."""
        for patterns, answer in self._rules:
            if patterns.match_text(message):
                return self._encode(answer, None)
        return None

    def answer_data(self, data: Any) -> bytes | None:
        """The answer to a message whose fields fit and that has all values of the answer."""
        for patterns, answer in self._rules:
            places = find_places(answer)
            if (not patterns or patterns.match_data(data)) and all(
                at_path(data, parse_path(place)) is not None for place in places
            ):
                return self._encode(answer, data)
        return None

    def _encode(self, answer: str | Mapping[str, Any], data: Any) -> bytes:
        return answer.encode() if isinstance(answer, str) else encode_json(self._operation, _fill(answer, data))


def _fill(message: Any, data: Any) -> Any:
    if isinstance(message, str):
        found = _PLACE.fullmatch(message)
        return message if found is None else at_path(data, parse_path(found[1]))
    if isinstance(message, Mapping):
        return {name: _fill(value, data) for name, value in message.items()}
    return [_fill(each, data) for each in message] if isinstance(message, list) else message
