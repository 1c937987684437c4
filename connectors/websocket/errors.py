"""Errors: closed connections and failures in messages, as UpstreamErrors. Used by `connector` and `session`."""

from __future__ import annotations

from typing import Any

from websockets.exceptions import ConnectionClosed

from connectors.contract import Operation
from connectors.error_details import AnswerFailure
from connectors.error_kinds import kind_for_status
from connectors.error_reply import ErrorReply
from connectors.errors import UpstreamDisconnected, UpstreamError, UpstreamFailed, UpstreamReplyTooLarge
from connectors.failures import find_code
from connectors.transport.websocket import is_too_big, make_close_reply


def create_stream_error(operation: Operation, message: Any) -> UpstreamFailed:
    """The end of a stream by the message that the endpoint's `error` names; its words are for those who catch it."""
    code = find_code(message)
    return UpstreamFailed(
        operation,
        "the upstream ended the stream with an error message",
        upstream_code=code,
        reply=ErrorReply(code or None, body=message, details=[AnswerFailure((), message)]),
    )


def create_close_error(
    operation: Operation, closed: ConnectionClosed | None, code: int | None, max_reply_size: int, reason: str = ""
) -> UpstreamError:
    """Why a connection has ended; `closed` is None after a regular close with this code.

    Codes such as 4401 mean what the status of HTTP means, by the custom of many protocols.
    """
    if closed is not None and is_too_big(closed):
        return UpstreamReplyTooLarge(operation, f"a message exceeds max_reply_size, {max_reply_size} bytes")
    kind = kind_for_status(code - 4000) if code is not None and 4400 <= code < 4500 else UpstreamDisconnected
    return kind(
        operation,
        f"the websocket closed with {code}",
        upstream_code=str(code or ""),
        quoted=reason,
        reply=make_close_reply(code, reason),
    )
