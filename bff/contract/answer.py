"""What a frontend is answered: one answer, the parts of one, or the events of a subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bff.contract.response_head import ResponseHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Caching:
    """How long a whole answer may be kept, by what the schema says of its fields."""

    max_age: int
    """Seconds; more than 0."""
    is_public: bool
    """Whether it is the same for everyone, so that caches between us and the callers may keep it too."""


class Encoded:
    """The JSON of several answers that are the same; the first that is encoded puts it here."""

    __slots__ = ("body",)

    def __init__(self) -> None:
        self.body: bytes | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One GraphQL response, or one event of a subscription.

    `was_executed` is False for a request error: nothing ran, and the response has no `data` entry
    (GraphQL specification, section 7.1).
    """

    data: Any = None
    errors: Sequence[Mapping[str, Any]] = ()
    """Formatted errors: message, locations, path, extensions.code. Safe to show."""
    extensions: Mapping[str, Any] = msgspec.field(default_factory=dict)
    was_executed: bool = True
    status: int = 200
    """HTTP status for a request error over HTTP, such as 400 or 405; 200 when executed."""
    headers: Mapping[str, str] | None = None
    """HTTP headers of a request error, such as `retry-after`."""
    caching: Caching | None = None
    """None when it may not be kept."""
    max_size: int | None = None
    """Maximum number of bytes of its JSON; the encoder refuses a larger one."""
    encoded: Encoded | None = None
    """Where its JSON is kept, when several requests are answered the same; None when it is for one alone."""
    head: ResponseHead | None = None
    """What resolvers chose of the HTTP response; None nearly always."""

    def body(self) -> dict[str, Any]:
        """The response map in the order the specification recommends: errors, data, extensions."""
        body: dict[str, Any] = {}
        if self.errors:
            body["errors"] = list(self.errors)
        if self.was_executed:
            body["data"] = self.data
        if self.extensions:
            body["extensions"] = dict(self.extensions)
        return body


class Part(Answer, frozen=True, kw_only=True):
    """A part of an answer with @defer or @stream; only the first has data and errors of its own."""

    delivery: Mapping[str, Any]
    """`hasNext`, and what the form of `Request.increments` says beside it: incremental, pending, completed."""
    is_first: bool = False

    def body(self) -> dict[str, Any]:
        """The part as it is sent."""
        body = Answer.body(self)
        if not self.is_first:
            del body["data"]
        return {**body, **self.delivery}


Answers = AsyncGenerator[Answer, None]
"""The events of a subscription. `aclose()` ends it and everything upstream that only it needed."""


@dataclass(frozen=True, slots=True)
class Parts:
    """An answer in parts: the first is here, more come as they become ready. `more.aclose()` ends all its work."""

    first: Part
    more: Answers


Response = Answer | Parts | Answers
"""What the gateway answers: the whole answer, an answer in parts, or the events of a subscription."""
