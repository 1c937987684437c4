"""What can be done over a websocket: subscribe, request, send. Created by `endpoints`, used by `connector`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.contract import Operation
from connectors.messages.keys import KeyCase
from connectors.messages.templates import Template
from connectors.streams.audiences import Items

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subscribe(Operation):
    """A subscription: the messages of one topic, which a value in each message names."""

    subscribe: Template
    unsubscribe: Template | None = None
    topic: Path
    """Path in every message to the value that names its topic; empty when the stream is all messages."""
    parameter: str
    """The parameter whose value is the topic."""
    when: Mapping[Path, Any] = field(default_factory=dict)
    """Constant fields of the messages of this stream."""
    error: Mapping[Path, Any] | None = None
    """Constant fields of the message with which the stream fails."""
    items: Items = None
    """Where the events of a message are; see connectors.streams.audiences."""
    topic_case: KeyCase = "exact"
    """How texts of the topic and of constant fields are compared."""
    last: bool = False
    """Whether a later subscriber gets the newest message at once."""
    has_own_socket: bool = False
    """Whether each different subscribe message has a socket of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request(Operation):
    """A request and its answer, which has the same correlation id."""

    request: Template
    id: Path
    """Where requests and answers hold the id."""
    cancel: Template | None = None
    """Sent when the call ends before the answer comes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Send(Operation):
    """A message without an answer."""

    message: Template | None = None
    """None: the message that the endpoint is awaited with."""
