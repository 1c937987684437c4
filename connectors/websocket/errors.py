"""Errors: closed connections and failures in messages, as UpstreamErrors. Used by `connector` and `session`."""

from __future__ import annotations

from websockets.exceptions import ConnectionClosed

from connectors.contract import Operation
from connectors.errors import UpstreamDisconnected, UpstreamError, UpstreamReplyTooLarge
from connectors.transport.websocket import is_too_big, make_close_reply


def create_close_error(
    operation: Operation, closed: ConnectionClosed | None, code: int | None, max_reply_size: int, reason: str = ""
) -> UpstreamError:
    """Why a connection has ended; `closed` is None after a regular close with this code."""
    if closed is not None and is_too_big(closed):
        return UpstreamReplyTooLarge(operation, f"a message exceeds max_reply_size, {max_reply_size} bytes")
    return UpstreamDisconnected(
        operation,
        f"the websocket closed with {code}",
        upstream_code=str(code or ""),
        quoted=reason,
        reply=make_close_reply(code, reason),
    )
