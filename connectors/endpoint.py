"""Endpoint: one thing an upstream offers, awaitable from anywhere, with its batching rule.

Product developers make endpoints through `rest`, `grpc`, `soap`, `graphql`, `websocket` and `queue`. Awaiting one hands
it to the current scope (the gateway's request, a test, a shell), which decides when and with whom the call is made.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

from connectors.contract import Event, Operation, Reply, Selection
from connectors.errors import DefinitionError
from connectors.messages.keys import KeyCase
from connectors.messages.paths import EACH, PathOption, format_path, parse_path
from connectors.plain import NOT_GIVEN, plain_entries, to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How many values of one parameter become one call, and how the answer is dealt back."""

    parameter: str
    """The parameter whose values are collected."""
    key: tuple[str, ...] = ()
    """Path in each record to the value asked for. Empty: the reply is a mapping by key, or a list in key order."""
    group: bool = False
    """True when a key has a list of records, False when it has at most one."""
    limit: int = 100
    """Most keys in one call; more keys become several calls."""
    key_case: KeyCase = "exact"
    """How keys that are texts are compared."""
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The parameters whose values are one key together, and the path to each in a record; empty for `parameter` alone.

    Such a key is a tuple of values in this order.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The collected parameters."""
        return tuple(self.parts) or (self.parameter,)

    def split(self, arguments: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The key in these arguments, None where a part of it is null, and the other arguments."""
        if not self.parts:
            others = {name: value for name, value in arguments.items() if name != self.parameter}
            return arguments.get(self.parameter), others
        values = tuple([arguments.get(name) for name in self.parts])
        others = {name: value for name, value in arguments.items() if name not in self.parts}
        return None if None in values else values, others

    def join(self, others: Mapping[str, Any], key: Any) -> dict[str, Any]:
        """The arguments of one key."""
        return {**others, **(dict(zip(self.parts, key, strict=True)) if self.parts else {self.parameter: key})}


class Scope(Protocol):
    """Carries out what endpoints ask for: the gateway's request scope, or `connectors.direct.Direct` outside of it."""

    async def load(self, endpoint: Endpoint, arguments: Mapping[str, Any], selection: Selection | None) -> Reply:
        """Answer one ask, alone or in a batch. Raises UpstreamError."""

    def stream(
        self, endpoint: StreamEndpoint, arguments: Mapping[str, Any], selection: Selection | None
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of one subscription until it ends or is closed. Raises UpstreamError."""

    async def publish(self, endpoint: PublishEndpoint, arguments: Mapping[str, Any]) -> None:
        """Hand over one message. Raises UpstreamError."""


current_scope: ContextVar[Scope | None] = ContextVar("current_scope", default=None)
"""The scope that runs the calls of the current task."""

requested: ContextVar[Selection | None] = ContextVar("requested", default=None)
"""What the field being resolved wants of each record; set by the gateway around every resolver."""


class _Defined:
    """What all endpoints share: the operation, its parameters, and the line where a developer wrote it."""

    def __init__(
        self, operation: Operation, parameters: Mapping[str, bool] | None, *, at: PathOption | None = None
    ) -> None:
        """`parameters` maps each name to whether it must be given, None allows any; `at` is a path."""
        self.operation = operation
        self.parameters = dict(parameters or {})
        self.takes_any = parameters is None
        self.at: tuple[str, ...] = split_path(at, "at")
        self.place = place_of_author()

    @property
    def name(self) -> str:
        """For people: `catalog: GET /products/{id}`."""
        return f"{self.operation.upstream}: {self.operation.name}"

    def check_arguments(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return `arguments` as plain data, without those that are NOT_GIVEN.

        Raises DefinitionError when a name is unknown or a required one is missing; NOT_GIVEN counts as a value.
        """
        if problem := self.problem_with(arguments):
            raise DefinitionError(problem)
        return plain_entries(arguments, keeps_enums=self.operation.keeps_enums)

    def problem_with(self, names: Iterable[str]) -> str | None:
        """What is wrong with a call giving these parameter names, in words for a developer; None when nothing is."""
        given = set(names)
        if self.takes_any:
            return None
        for name in given - self.parameters.keys():
            nearest = get_close_matches(name, self.parameters, n=1)
            hint = (
                f'did you mean "{nearest[0]}"?'
                if nearest
                else f"it takes {', '.join(sorted(self.parameters)) or 'none'}"
            )
            return f'{self.name} (defined at {self.place}) has no parameter "{name}"; {hint}'
        for name, required in self.parameters.items():
            if required and name not in given:
                return f'{self.name} (defined at {self.place}) needs the parameter "{name}"'
        return None

    def _scope(self) -> Scope:
        scope = current_scope.get()
        if scope is None:
            raise DefinitionError(
                f"{self.name} was awaited outside of a request; use `async with bff.connect('bff.yaml'):` in a shell, "
                "or `async with Direct({...}):` from connectors.direct"
            )
        return scope

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class Endpoint(_Defined):
    """Awaited for one Reply: `reply = await catalog.product(id=7)`."""

    def __init__(
        self,
        operation: Operation,
        parameters: Mapping[str, bool] | None,
        *,
        at: PathOption | None = None,
        many_at: PathOption | None = None,
        batch: Batch | None = None,
        has_single_form: bool = True,
        each: int | None = None,
        selects: bool = False,
    ) -> None:
        """`many_at` is the path in a batch's reply, where it differs from `at`.

        `has_single_form` is False when even one value must be sent as a list.
        `each` allows unbatched calls for every item of a list, at most that many at once.
        `selects` says that the upstream is asked for the selected fields only (GraphQL).
        """
        super().__init__(operation, parameters, at=at)
        self.many_at = split_path(many_at, "many_at") or self.at
        self.batch = batch
        self.has_single_form = has_single_form
        self.each = each
        self.selects = selects

    async def __call__(self, /, **arguments: Any) -> Reply:
        """Ask. Raises DefinitionError for wrong parameters and UpstreamError when no usable reply comes back."""
        return await self.load(self.check_arguments(arguments))

    async def load(self, arguments: Mapping[str, Any]) -> Reply:
        """Ask with arguments that are checked and plain (see `check_arguments`). Raises UpstreamError."""
        selection = requested.get() if self.selects else None
        reply = await self._scope().load(self, arguments, selection)
        if reply.is_large:
            await reply.read_if_large()  # its author may read `data`, which cannot be decoded in pieces
        return reply


class StreamEndpoint(_Defined):
    """Iterated for events: `async for tick in ticker.ticks(sku="T-1"): ...`."""

    def __init__(
        self,
        operation: Operation,
        parameters: Mapping[str, bool],
        *,
        at: PathOption | None = None,
        selects: bool = False,
    ) -> None:
        super().__init__(operation, parameters, at=at)
        self.selects = selects

    def __call__(self, /, **arguments: Any) -> AsyncGenerator[Event, None]:
        """Subscribe. Errors are raised while iterating."""
        return self.open(self.check_arguments(arguments))

    def open(self, arguments: Mapping[str, Any]) -> AsyncGenerator[Event, None]:
        """Subscribe with arguments that are checked and plain (see `check_arguments`)."""
        return self._scope().stream(self, arguments, requested.get() if self.selects else None)


class PublishEndpoint(_Defined):
    """Awaited with the message: `await orders.placed({"id": "o-1"})`. A parameter fills a place in the topic."""

    async def __call__(
        self, message: Any, /, *, key: str | None = None, headers: Mapping[str, str] | None = None, **arguments: Any
    ) -> None:
        """Return when the upstream has the message. `key` keeps messages of one key in order where the broker can."""
        arguments = dict(self.check_arguments(arguments))
        message = to_plain(message)
        if message is NOT_GIVEN:
            raise DefinitionError(f"{self.name} has no message to publish: it was not given")
        await self._scope().publish(self, {**arguments, "message": message, "key": key, "headers": dict(headers or {})})


def place_of_author(*packages: str) -> str:
    """`schemas/backends/catalog.py:7`: the nearest calling line outside of these packages and of this one."""
    own = {"connectors", *packages}
    frame = sys._getframe(1)  # noqa: SLF001 - the only way to the caller's line without building a whole stack
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in own:
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    try:
        path = path.relative_to(Path.cwd())
    except ValueError:
        path = Path(*path.parts[-3:])
    return f"{path}:{frame.f_lineno}"


def split_path(
    written: PathOption | None, option: str, *, lists: bool = True, packages: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The steps of a path that an author wrote as `option`; none for None and an empty text.

    Raises DefinitionError with the author's line; also for `name[]` where `lists` is False, as one value is needed.
    """
    if not written:
        return ()
    try:
        path = parse_path(written)
    except ValueError as error:
        raise DefinitionError(f"{place_of_author(*packages)}: the path {option}={written!r} {error}") from None
    if not lists and EACH in path:
        raise DefinitionError(
            f"{place_of_author(*packages)}: the path {option}={format_path(path)!r} goes through a list, "
            "and one value is needed; write the index of an item, such as items.0"
        )
    return path
