"""The records that cross the gateway's rooms: what a frontend asks and what it is answered. Imported by every room."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GraphQL request, whatever transport brought it (POST, GET, SSE, websocket, a test)."""

    frontend: str
    """Name of the frontend whose schema answers."""
    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """The HTTP headers, names in lower case."""
    client: str = ""
    """Network address of the peer, without its port."""
    no_mutations: bool = False
    """True over GET, where a mutation is refused (GraphQL over HTTP, section 6.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One GraphQL response, or one event of a subscription.

    `was_executed` is False for a request error: nothing ran, and the response has no `data` entry
    (GraphQL specification, section 7.1).
    """

    data: Any = None
    errors: Sequence[Mapping[str, Any]] = ()
    """Formatted errors: message, locations, path, extensions.code. Safe to show."""
    extensions: Mapping[str, Any] = field(default_factory=dict)
    was_executed: bool = True
    status: int = 200
    """HTTP status for a request error over HTTP, such as 400 or 405; 200 when executed."""

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


Answers = AsyncGenerator[Answer, None]
"""The events of a subscription. `aclose()` ends it and everything upstream that only it needed."""


class Refused(Exception):
    """The gateway will not run this request. Shown to the frontend as one coded error, with an HTTP status."""

    def __init__(self, code: str, message: str, *, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers: Mapping[str, str] = headers or {}

    def answer(self) -> Answer:
        """The refusal as a request error."""
        return Answer(
            errors=[{"message": self.message, "extensions": {"code": self.code}}],
            was_executed=False,
            status=self.status,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A query that a frontend's developers can run as it stands; shown in GraphiQL."""

    title: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendCard:
    """What the HTTP room shows of a frontend."""

    name: str
    description: str = ""
    examples: Sequence[Example] = ()
    origins: tuple[str, ...] = ()
    """Origins of other sites whose pages may ask, as browsers write them: `https://shop.example`."""


class AnswersRequests(Protocol):
    """The gateway, as the HTTP room sees it."""

    @property
    def cards(self) -> Sequence[FrontendCard]:
        """The frontends, in the order of bff.yaml."""

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> str:
        """The frontend for a request with these headers; `fixed` is the name in the path. Raises Refused."""

    async def answer(self, request: Request) -> Answer | Answers:
        """Answer a query or mutation, or start a subscription. Raises nothing; cancelling it cancels all its calls."""

    def readiness(self) -> Mapping[str, str]:
        """What is not ready yet, by upstream name, in safe words; empty when all is."""
