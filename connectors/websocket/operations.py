"""What can be done over a websocket: watch a topic, ask, send. Made by `endpoints`, carried out by `connector`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.contract import Operation
from connectors.messages.templates import Template

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watch(Operation):
    """A subscription: messages of one topic, told apart by a value in each message."""

    subscribe: Template
    unsubscribe: Template | None = None
    topic: Path
    """Path in every message to the value that names its topic; empty when all messages are meant."""
    parameter: str
    """The parameter whose value is the topic."""
    when: Mapping[Path, Any] = field(default_factory=dict)
    """Constant fields that messages of this stream have."""
    error: Mapping[Path, Any] | None = None
    """Constant fields of the message that ends the stream as failed."""
    last: bool = False
    """Whether the newest message is shown at once to who comes later."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ask(Operation):
    """A request whose answer has the same correlation id."""

    request: Template
    id: Path
    """Where requests and answers hold the id."""
    cancel: Template | None = None
    """Sent when nobody waits for the answer any more."""
    error: Path = ()
    """Path to what an answer holds when it reports a failure."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tell(Operation):
    """A message that is not answered."""

    message: Template | None = None
    """None: what the endpoint is awaited with."""
