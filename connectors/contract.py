"""The contract between the gateway and every upstream: Call in, Reply or Events out. Imported by every room above."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, Protocol, TypeVar, runtime_checkable

import msgspec

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.failure_rules import Exposure, FailureRule
from connectors.forms import Form, Unfit
from connectors.messages.paths import at_path as at_path
from connectors.messages.paths import format_path

T = TypeVar("T")
Fit = Callable[[Form, Any, tuple[str, ...]], Any]
"""Makes of a payload, at a path in it, what a form wants. Raises Unfit."""

# A resolver returns a Reply or yields an Event where it declares a type of its schema; the gateway makes one of the
# other. Type checkers allow that for what inherits from Any.
if TYPE_CHECKING:
    _AnyDeclared = Any
else:
    _AnyDeclared = object


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing an upstream offers. Every connector subclasses it with what it must know to carry it out.

    `is_safe` (RFC 9110 section 9.2.1): asking has no effect, so replies may be shared and cached.
    `is_idempotent` (section 9.2.2): asking twice has the effect of asking once, so an unclear failure may be retried.
    """

    upstream: str
    """Name of the upstream as in bff.yaml, such as `catalog`."""
    name: str
    """What people read in logs, metrics and checks, such as `GET /products/{id}`."""
    is_safe: bool = True
    is_idempotent: bool = True
    missing_is_null: bool = False
    """Whether the reply that there is no such thing is null instead of an error; the endpoint's `missing="null"`."""
    failure: FailureRule | None = None
    """What reports a failure in a good reply; the endpoint's `error=`."""
    exposure: Exposure | None = None
    """What frontends may read of an error; the endpoint's `expose=` and `fields=`."""

    keeps_enums: ClassVar[bool] = False
    """Whether the connector takes members of Python's enums, to send what the upstream's own enum has."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """The value of a variable in the arguments of a nested field. Equal to the same value of the same type."""

    value: Any = field(compare=False)
    identity: Hashable
    """Equal exactly for equal values."""
    type: str = ""
    """The type of the frontend's argument, for an upstream whose schema is not known; empty for a constant."""


@dataclass(frozen=True, slots=True)
class FieldCall:
    """A nested field of a GraphQL upstream that is selected with arguments."""

    name: str
    arguments: tuple[str, ...]
    """Its arguments in GraphQL's syntax, without parentheses; every second part is the name of a variable."""
    values: tuple[tuple[str, FieldValue], ...] = ()
    """The values of variables. A variable without one is left out."""


@dataclass(frozen=True, slots=True)
class TypeNames:
    """The names that a GraphQL upstream may have for a type of a frontend."""

    names: tuple[str, ...]
    """The likeliest first."""
    is_given: bool = False
    """Whether the author gave them: then each is a type that records may have, else one of them is the type."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which fields of each record are wanted, in the upstream's own words. Hashable, so that equal calls are shared.

    `fields` maps a field to the selection inside it (None for a leaf), in the order asked.
    `on` holds what is wanted only of records of one concrete type, for interfaces and unions.
    `calls` holds what the fields with arguments are; in `fields`, and in the record, they have a key of their own.
    `names` holds the names of those types of `on` that the upstream may name otherwise.
    """

    fields: tuple[tuple[str, Selection | None], ...] = ()
    on: tuple[tuple[str, Selection], ...] = ()
    calls: tuple[tuple[str, FieldCall], ...] = ()
    names: tuple[tuple[str, TypeNames], ...] = ()


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call towards an upstream. A batch is one Call with `keys`, so that every policy has one shape to handle.

    `msgspec.structs.replace` makes changed copies: a struct, because each call is copied by several policies.
    """

    operation: Operation
    arguments: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Values by parameter name; the batched parameter is absent when `keys` are given."""
    keys: tuple[Hashable, ...] = ()
    """Values of the batched parameter, without duplicates; empty when the call is not a batch."""
    selection: Selection | None = None
    """What is wanted of the reply; None means everything. Connectors that cannot ask for less ignore it."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Headers or metadata to send, names in lower case."""
    deadline: float | None = None
    """When an answer is of no more use, in seconds of `time.monotonic()`; None for never."""
    incoming: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Headers of the frontend's request, names in lower case, for policies to forward; connectors never look."""
    request: int = 0
    """Stands for the frontend's request: calls of one may travel together. 0 where there is none, as in scripts."""

    def left(self, clock: Clock = SYSTEM_CLOCK) -> float | None:
        """The seconds until the deadline, negative when it has passed; None when there is none."""
        return None if self.deadline is None else self.deadline - clock.now()


class Reply(_AnyDeclared):  # type: ignore[misc]  # see _AnyDeclared
    """What came back for one call: the payload as it arrived and, when asked for, as plain Python.

    `payload` is what the connector received (bytes of JSON, a protobuf message, an XML element, plain Python).
    `decode` turns it into plain Python and runs at most once. `at` is the path to the part the endpoint is about.
    Where a GraphQL upstream failed to give one part of the data, an UpstreamError stands in the place of the null.
    """

    __slots__ = ("_data", "_decode", "_fit", "at", "bound", "has_empty_lists", "header", "headers", "payload", "status")

    _UNREAD: ClassVar[object] = object()

    def __init__(
        self,
        payload: Any,
        *,
        decode: Callable[[Any], Any] | None = None,
        at: tuple[str, ...] = (),
        status: int = 0,
        headers: Mapping[str, str] | None = None,
        fit: Fit | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> None:
        """`fit` makes of `payload` just what a Form wants, where the connector can do that without `decode`."""
        self.payload = payload
        self._fit = fit
        self.at = at
        self.status = status
        self.headers: Mapping[str, str] = headers or {}
        self.header: Mapping[str, Any] = header or {}
        """What stands in the header of the message itself, by name, where the protocol has one (SOAP)."""
        self.bound: Callable[[Any], None] | None = None
        """Sees every list that is read; raises UpstreamError for one that is too long."""
        self.has_empty_lists = False
        """Whether a list that is absent or null is an empty one, where the schema wants a list."""
        self._decode = decode
        self._data: Any = Reply._UNREAD

    @property
    def data(self) -> Any:
        """The reply as plain Python: dicts, lists, strings, numbers, booleans and None. Raises what `decode` raises."""
        if self._data is Reply._UNREAD:
            value = self.payload if self._decode is None else self._decode(self.payload)
            self._data = self._check_bound(at_path(value, self.at))
        return self._data

    def _check_bound(self, value: Any) -> Any:
        if self.bound is not None and isinstance(value, list):
            self.bound(value)
        return value

    def fit_into(self, form: Form) -> Any:
        """The same data as objects of the form's classes. Raises Unfit when only `data` can tell it."""
        if self._fit is None:
            raise Unfit
        value = self._fit(form, self.payload, self.at)
        if self.bound is not None and isinstance(value, list):
            try:
                self.bound(value)
            except Exception as error:
                raise Unfit from error
        return value

    async def read(self) -> Any:
        """The same as `data`; a large payload is decoded in pieces where `decode` has an `in_slices` for it."""
        in_slices = getattr(self._decode, "in_slices", None)
        if in_slices is not None and self._data is Reply._UNREAD:
            try:
                value = self._check_bound(at_path(await in_slices(self.payload), self.at))
            except Exception as error:
                self._decode = partial(_raise, _copy(error))  # once is enough
                raise
            self._data = value
        return self.data

    def find_lost_step(self) -> tuple[str, list[str]] | None:
        """The first step of `at` that is not there, and up to twenty names beside it; None where nothing is lost.

        A null on the way is what the upstream says. Decodes the payload again.
        """
        if self.payload is None or self.is_large:
            return None
        value = self.payload if self._decode is None else self._decode(self.payload)
        for number, step in enumerate(self.at):
            if value is None:
                return None
            inner = at_path(value, self.at[number : number + 1])
            if inner is None and isinstance(value, Mapping) and step not in value:
                return step, [str(name) for name in list(value)[:20]]
            value = inner
        return None

    @property
    def is_large(self) -> bool:
        """Whether the payload is to be decoded in pieces."""
        return hasattr(self._decode, "in_slices")

    async def read_if_large(self) -> None:
        """Decode a large payload in pieces; a failure is raised by `data`."""
        if self.is_large:
            with suppress(Exception):  # `data` raises it again
                await self.read()

    def into(self, shape: type[T]) -> T:
        """The reply as `shape`: a dataclass, TypedDict, msgspec Struct, strawberry type or a list of them.

        Raises `msgspec.ValidationError` when the data does not fit.
        """
        for accepts, convert in _converters:
            if accepts(shape):
                return convert(self.data, shape)  # type: ignore[no-any-return]  # registered for T
        return msgspec.convert(self.data, shape)

    @property
    def is_read(self) -> bool:
        """Whether `data` is there already."""
        return self._data is not Reply._UNREAD

    def point_at(self, at: tuple[str, ...]) -> Reply:
        """The same reply, pointed further in. What is shared between callers is never changed."""
        copy = Reply(
            self.payload,
            decode=self._decode,
            at=self.at + at,
            status=self.status,
            headers=self.headers,
            fit=self._fit,
            header=self.header,
        )
        copy.bound = self.bound
        copy.has_empty_lists = self.has_empty_lists
        return copy

    def __repr__(self) -> str:
        return f"Reply(status={self.status}, at={format_path(self.at) or '-'})"


_converters: list[tuple[Callable[[Any], bool], Callable[[Any, Any], Any]]] = []


def register_conversion(accepts: Callable[[Any], bool], convert: Callable[[Any, Any], Any]) -> None:
    """Teach `Reply.into` a new family of shapes. `convert(data, shape)` is used where `accepts(shape)` is true."""
    _converters.append((accepts, convert))


def _raise(error: Exception, payload: Any) -> NoReturn:
    raise _copy(error)


def _copy(error: Exception) -> Exception:
    """The same error without its traceback, whose frames hold the reply: in a cycle they would outlive the request."""
    copy = type(error).__new__(type(error), *error.args)
    copy.__dict__.update(error.__dict__)
    return copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(_AnyDeclared):  # type: ignore[misc]  # see _AnyDeclared
    """One message of a stream: a websocket frame, an item of a gRPC stream, a message of a queue."""

    data: Any
    """The message as plain Python, at the path the endpoint names."""
    topic: str = ""
    id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    has_empty_lists: bool = False
    """As of a Reply."""

    def into(self, shape: type[T]) -> T:
        """As `Reply.into`."""
        return Reply(self.data).into(shape)


@runtime_checkable
class Connector(Protocol):
    """Speaks one protocol with one upstream. Knows no GraphQL, no policy, no gateway.

    Made without I/O. Every method raises only `UpstreamError`, with the foreign exception as its cause.
    """

    async def start(self) -> None:
        """Fetch what must be known before the first call (WSDL, reflection). May be called again after a failure."""

    async def close(self) -> None:
        """Close every connection. Calls under way raise UpstreamDisconnected, later ones UpstreamUnreachable."""

    async def check(self) -> None:
        """Ask whether the upstream can take calls now; cheap. Raises UpstreamError when it cannot."""

    async def send(self, call: Call) -> Reply:
        """Send one call; raise UpstreamError when no usable reply comes back. Cancelling reaches the upstream."""


@runtime_checkable
class KeepsDeadlines(Protocol):
    """A connector whose `send` ends at `call.deadline` whatever it waits for, so that no other timer is needed."""

    @property
    def keeps_deadlines(self) -> Literal[True]:
        """Says so."""


@runtime_checkable
class SendsFixedHeaders(Protocol):
    """A connector that sends requests of its own, for what it must know before the first call and for checks."""

    def set_fixed_headers(self, headers: Mapping[str, str]) -> None:
        """The headers that bff.yaml gives to every call, names in lower case. Called before `start`."""


@runtime_checkable
class Streams(Protocol):
    """A connector whose upstream can send many messages for one call."""

    def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield events until the upstream ends the stream; `aclose()` ends it upstream and frees everything."""


@runtime_checkable
class Publishes(Protocol):
    """A connector whose upstream takes messages without answering them."""

    async def publish(self, call: Call) -> None:
        """Return when the upstream has taken responsibility for the message; raise UpstreamError when it has not."""
