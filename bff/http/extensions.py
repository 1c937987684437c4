"""What this package's own server offers beside ASGI: a direct connection, an abort and the stop event.

The server writes them into the state of a request or of the lifespan; exchanges and transports read them. On another
server they are missing, and plain ASGI does the same more slowly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol

_DIRECT = "bff.direct"
_ABORT = "bff.abort"
_STOP = "bff.stop"
_INBOX = "bff.inbox"
_LEAVING = "bff.leaving"


class Direct(Protocol):
    """The connection of one request until the request is answered: the fast path past ASGI's messages."""

    hung_up: Callable[[], None] | None
    """Called once if the client disconnects before the response; set by the guard that waits for the answer."""

    @property
    def is_gone(self) -> bool:
        """Whether the client has disconnected already."""

    def whole_body(self) -> bytes | None:
        """The request's body if all of it has arrived; None to receive it as ASGI does."""

    unwritten: int
    """Bytes of a large response that is being written in slices; counted by `server.max_unsent`."""

    def respond(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, fixed: bytes = b"") -> bool:
        """Send a whole response with one write; False, with nothing sent, to send it as ASGI does.

        `fixed` are lines of more headers that are known to be good.
        """

    def make_room(self) -> None:
        """Abort the connection, perhaps another one, whose client has not read for the longest time."""

    def begin_stream(self) -> None:
        """The response is a stream of events: it counts no more as a request under way."""


class Inbox(Protocol):
    """The messages of one websocket, as far as the application bounds them."""

    def allow_large_messages(self) -> None:
        """Called when the client has introduced itself."""

    def try_begin(self, size: int) -> bool:
        """Whether an operation whose message has this size may run; `end` must follow if it does."""

    def end(self, size: int) -> None:
        """The operation has ended."""


class _Boundless:
    """The inbox on other servers, which have limits of their own."""

    def allow_large_messages(self) -> None:
        pass

    def try_begin(self, size: int) -> bool:
        return True

    def end(self, size: int) -> None:
        pass


_BOUNDLESS = _Boundless()


def offer_inbox(state: MutableMapping[str, Any], inbox: Inbox) -> None:
    """Put the inbox of a websocket into its state. Called by the server."""
    state[_INBOX] = inbox


def get_inbox(scope: Mapping[str, Any]) -> Inbox:
    """The inbox of a websocket; on other servers it bounds nothing."""
    inbox: Inbox = scope.get("state", {}).get(_INBOX, _BOUNDLESS)
    return inbox


def make_request_state(state: Mapping[str, Any], direct: Direct, abort: Callable[[], None]) -> dict[str, Any]:
    """The state of all requests of one connection: that of the lifespan, with what the server offers beside ASGI."""
    return {**state, _DIRECT: direct, _ABORT: abort}


def get_direct(scope: Mapping[str, Any]) -> Direct | None:
    """The direct connection of a request; None on other servers."""
    direct: Direct | None = scope.get("state", {}).get(_DIRECT)
    return direct


def offer_abort(state: MutableMapping[str, Any], abort: Callable[[], None]) -> None:
    """Put into a websocket's state what ends its connection without waiting for the reader. Called by the server."""
    state[_ABORT] = abort


def get_abort(scope: Mapping[str, Any]) -> Callable[[], None]:
    """What aborts the connection of a request; on other servers it does nothing, and their own timeouts apply."""
    abort: Callable[[], None] = scope.get("state", {}).get(_ABORT, do_nothing)
    return abort


def do_nothing() -> None:
    """The abort of a connection that cannot be aborted."""


def add_stop_event(state: MutableMapping[str, Any]) -> None:
    """Put the stop event into the lifespan's state, which servers hand on to every request."""
    state[_STOP] = asyncio.Event()
    state[_LEAVING] = asyncio.Event()


def announce_leaving(state: Mapping[str, Any]) -> None:
    """Say that the server will stop: /ready answers 503 from now on. Called by the server at the first signal."""
    event: asyncio.Event | None = state.get(_LEAVING)
    if event is not None:
        event.set()


def is_leaving(scope: Mapping[str, Any]) -> bool:
    """Whether the server will stop, though it still takes requests."""
    event: asyncio.Event | None = scope.get("state", {}).get(_LEAVING)
    return event is not None and event.is_set()


def get_stop_event(scope: Mapping[str, Any]) -> asyncio.Event | None:
    """The event that is set when the server begins to stop; None on a server without lifespan state."""
    event: asyncio.Event | None = scope.get("state", {}).get(_STOP)
    return event


def announce_stop(state: Mapping[str, Any]) -> None:
    """Set the stop event. Called by the server, with its lifespan state, when it begins to stop."""
    event: asyncio.Event | None = state.get(_STOP)
    if event is not None:
        event.set()
