"""The records that cross the gateway's rooms: what a frontend asks and what it is answered. Imported by every room."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import msgspec


class Increments(Enum):
    """How the parts of an answer with @defer or @stream are written. The value is a parameter of multipart/mixed."""

    PATHS = "deferSpec=20220824"
    """A part says its path and label (the proposal to the GraphQL specification of August 2022)."""
    IDS = "incrementalSpec=v0.2"
    """Parts are announced as pending with an id, and completed (the proposal as graphql-js 17 has it)."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One GraphQL request, whatever transport brought it (POST, GET, SSE, websocket, a test)."""

    frontend: str
    """Name of the frontend whose schema answers."""
    query: str = ""
    """The document; empty when the request names one instead, by `document_id` or `extensions.persistedQuery`."""
    document_id: str | None = None
    """The name of a document that the frontend knows (GraphQL over HTTP, `Persisted Documents`)."""
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    extensions: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What the client adds to the protocol; entries that nobody knows are ignored."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The HTTP headers, names in lower case."""
    client: str = ""
    """Network address of the peer, without its port."""
    no_mutations: bool = False
    """True over GET, where a mutation is refused (GraphQL over HTTP, section 6.2)."""
    instead_of_events: Answer | None = None
    """What a subscription is answered where its events cannot be sent, without being started; else None."""
    increments: Increments | None = None
    """How parts may be sent; None when the transport takes only a whole answer, whatever @defer and @stream say."""
    is_written: bool = False
    """Whether only `bff.http.responses.encode` reads the answer: its data may then hold records instead of maps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caching:
    """How long a whole answer may be kept, by what the schema says of its fields."""

    max_age: int
    """Seconds; more than 0."""
    is_public: bool
    """Whether it is the same for everyone, so that caches between us and the callers may keep it too."""


class Encoded:
    """The JSON of several answers that are the same; whoever encodes the first of them puts it here."""

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
    caching: Caching | None = None
    """None when it may not be kept."""
    most_bytes: int | None = None
    """Most bytes of its JSON: whoever encodes it refuses a larger one."""
    encoded: Encoded | None = None
    """Where its JSON is kept, when several requests are answered the same; None when it is for one alone."""

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


class Timings:
    """How long the parts of one request took, in seconds. Kept only for those who ask (Server-Timing)."""

    __slots__ = ("parts", "tells_names", "upstreams")

    def __init__(self, *, tells_names: bool) -> None:
        """`tells_names` allows the frontend to read which upstreams there are."""
        self.tells_names = tells_names
        self.parts: dict[str, float] = {}
        self.upstreams: dict[str, list[float]] = {}
        """One number for each call, by upstream name."""


timings: ContextVar[Timings | None] = ContextVar("timings", default=None)
"""Where the request answered here notes its times; None when nobody asked."""


@dataclass(frozen=True, slots=True)
class Parts:
    """An answer in parts: the first is here, more come as they become ready. `more.aclose()` ends all its work."""

    first: Part
    more: Answers


class Refused(Exception):
    """The gateway will not run this request. Shown to the frontend as one coded error, with an HTTP status."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        request_id: str = "",
    ) -> None:
        """`request_id` is that of the log line which has the story, where there is one."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers: Mapping[str, str] = headers or {}
        self.extensions = {"code": code, "requestId": request_id} if request_id else {"code": code}

    def answer(self) -> Answer:
        """The refusal as a request error."""
        return Answer(
            errors=[{"message": self.message, "extensions": self.extensions}],
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
class CrossOrigin:
    """What pages of the listed origins may do besides asking (CORS)."""

    credentials: bool = False
    """Whether browsers send cookies along."""
    max_age: float = 600.0
    """Seconds a browser may remember that it may ask."""
    headers: tuple[str, ...] = ()
    """Request headers that pages may send, besides those that every GraphQL client sends; in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """What files a frontend takes."""

    most: int
    """Files in one request."""
    size: int
    """Bytes of each."""
    seconds: float
    """How long a request with files may take to arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendCard:
    """What the HTTP room knows of a frontend."""

    name: str
    description: str = ""
    examples: Sequence[Example] = ()
    batch: int | None = None
    """Most operations in one JSON array; None when arrays are refused."""
    origins: tuple[str, ...] = ()
    """Origins of other sites whose pages may ask, as browsers write them: `https://shop.example`."""
    cross_origin: CrossOrigin = field(default_factory=CrossOrigin)
    chosen_by: tuple[str, ...] = ()
    """Names of the headers by which /graphql chooses it, in lower case."""
    upload: UploadLimits | None = None
    """None when no files are taken."""
    has_identity: bool = False
    """Whether it answers only those whom it knows, so that no answer is for everyone."""


class AnswersRequests(Protocol):
    """The gateway, as the HTTP room sees it."""

    @property
    def cards(self) -> Sequence[FrontendCard]:
        """The frontends, in the order of bff.yaml."""

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> FrontendCard:
        """The frontend for a request with these headers; `fixed` is the name in the path. Raises Refused."""

    async def answer(self, request: Request) -> Answer | Parts | Answers:
        """Answer a query or mutation, or start a subscription. Raises nothing; cancelling it cancels all its calls.

        Parts are answered only to a request with `increments`.
        """

    def readiness(self) -> Mapping[str, str]:
        """What is not ready yet, by upstream name, in safe words; empty when all is."""
