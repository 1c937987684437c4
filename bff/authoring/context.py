"""What resolvers find in `info.context`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from graphql import DocumentNode

from bff.authoring.context_request import ContextRequest
from bff.authoring.response import OwnResponse
from bff.contract import ANONYMOUS, Caller
from connectors.contract import Selection
from connectors.errors import UpstreamError

_ITEMS = frozenset({"caller", "client", "frontend", "headers", "request", "response", "state"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Degraded:
    """A field that got its default because an upstream failed."""

    path: tuple[str | int, ...]
    error: UpstreamError

    @property
    def code(self) -> str:
        """As a frontend reads it."""
        return self.error.code


class Context(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One request, as resolvers see it: `info.context.headers["authorization"]`."""

    frontend: str = ""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The frontend's HTTP headers, names in lower case."""
    client: str = ""
    """Network address of the peer."""
    asgi_scope: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What `request` is made of."""
    caller: Caller = ANONYMOUS
    """Who sends the request, as the frontend's `identity` found it."""
    state: dict[str, Any] = msgspec.field(default_factory=dict)
    """A place for the author's own per-request things."""
    document: DocumentNode | None = None
    """The parsed and validated document, so that no executor parses it twice."""
    degraded: list[Degraded] = msgspec.field(default_factory=list)
    """Filled while the request runs; reported in the response's extensions."""
    selections: dict[tuple[object, ...], Selection] = msgspec.field(default_factory=dict)
    """What each field of this operation wants of its upstream, by response path."""
    unfinished: list[Callable[[], Awaitable[None]]] = msgspec.field(default_factory=list)
    """Each ends what one executor has deferred and not finished."""
    own_response: OwnResponse | None = None
    """What resolvers chose of the response; None while none has looked at `response`."""

    @property
    def response(self) -> OwnResponse:
        """Status, headers and cookies of the HTTP response. No other request shares the answer of one that uses it."""
        if self.own_response is None:
            msgspec.structs.force_setattr(self, "own_response", OwnResponse())
        own = self.own_response
        assert own is not None
        return own

    @property
    def request(self) -> ContextRequest:
        """The HTTP request: `headers` in any case, `method`, `url`, `client`, `cookies`."""
        return ContextRequest(self.headers, self.client, self.asgi_scope)

    def __getitem__(self, name: str) -> Any:
        """`info.context["request"]`, as where the context is a dict; other names are those of `state`."""
        return getattr(self, name) if name in _ITEMS else self.state[name]

    def get(self, name: str, default: Any = None) -> Any:
        """As `context[name]`, or the default."""
        return getattr(self, name) if name in _ITEMS else self.state.get(name, default)

    def degraded_extension(self) -> dict[str, Any]:
        """What is degraded so far, as the response's `extensions` say it."""
        return {"degraded": [{"path": list(each.path), "code": each.code} for each in self.degraded]}
