"""How long the HTTP server and its transports wait, and how often they send signs of life. Handed in by the door."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. The defaults suit production; tests hand in shorter ones."""

    head: float = 15.0
    """A client may take this long to send a request line with headers, or the rest of a body that was refused."""
    body: float = 15.0
    """A request body may take this long to arrive."""
    idle_connection: float = 75.0
    """A connection without a request is kept this long: longer than load balancers keep theirs (60 s), so that the
    balancer closes first."""
    graceful_stop: int = 15
    """Requests under way may take this long to finish after the process is told to stop."""
    close: float = 5.0
    """A websocket client may take this long to read what precedes the close frame, and again to answer the close."""
    connection_init: float = 5.0
    """A websocket client may take this long to send connection_init."""
    operation_end: float = 1.0
    """A completed websocket operation may take this long to end before the next message is read."""
    unread_stream: float = 15.0
    """An event stream without a reader is kept this long, before its first reader and after each."""
    slow_subscriber: float = 5.0
    """A subscriber that is too slow may take this long to read SUBSCRIBER_TOO_SLOW before the connection is aborted."""
    sse_keep_alive: float = 12.0
    """After this long without an event a comment keeps proxies from closing the connection."""
    multipart_heartbeat: float = 5.0
    """After this long without an event an empty part keeps proxies from closing the connection."""
    legacy_keep_alive: float = 12.0
    """The interval between two `ka` messages of the subprotocol graphql-ws."""
