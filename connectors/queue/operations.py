"""The operations of a queue. Made by `endpoints`, carried out by `connector`."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.contract import Operation
from connectors.messages.templates import Template
from connectors.streams.audiences import Items


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Publish(Operation):
    """Publish a message to a topic."""

    topic: Template


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subscribe(Operation):
    """Read the messages of a topic whose fields have the values of `where`."""

    topic: Template
    where: Template
    """A mapping of paths, as tuples, to values."""
    group: str | None = None
    items: Items = None
    """Where the events of a message are; see connectors.streams.audiences."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RequestReply(Operation):
    """Publish a request to a topic and wait for its answer."""

    topic: Template
    message: Template | None = None
    """None: all arguments are the message."""
