"""Unfit: a value does not fit into a request message. Raised while writing, translated by the connector."""

from __future__ import annotations

from typing import Any


class Unfit(Exception):
    """Data that a message cannot hold. The text names the field's path and never its value, which may be secret."""

    def __init__(self, reason: str, *, is_definition: bool = False) -> None:
        """`is_definition` says that the endpoint's author is to blame (no such field), not the value."""
        super().__init__(reason)
        self.reason = reason
        self.path: tuple[str, ...] = ()
        self.is_definition = is_definition

    def enter(self, step: object) -> None:
        """Say that this happened inside of a field, an entry or an element."""
        self.path = (str(step), *self.path)

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.reason}" if self.path else self.reason


def kind_of(value: Any) -> str:
    """What a value is, in words without the value."""
    return "null" if value is None else type(value).__name__
