"""Errors: failures of the websocket and failures in its messages, as UpstreamErrors. Used by `connector`, `session`."""

from __future__ import annotations

import re
from typing import Any

from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamUnreachable
from connectors.transport import HttpReply
from connectors.transport.status import error_for_status

_CODE = re.compile(r"[\w.:-]{1,64}")

HANDSHAKE_ERRORS = (InvalidHandshake, InvalidURI, TimeoutError, OSError, EOFError, ValueError)
"""What opening a websocket raises; a bad host name is a UnicodeError, which is a ValueError."""


def handshake_error(operation: Operation, error: Exception, timeout: float) -> UpstreamError:
    """What one of HANDSHAKE_ERRORS means."""
    if isinstance(error, InvalidStatus):
        return _status_error(operation, error)
    if isinstance(error, InvalidHandshake | InvalidURI):
        if isinstance(error.__cause__, EOFError | OSError):  # TLS 1.3 refuses a client's certificate that late
            return UpstreamUnreachable(operation, "the connection broke during the handshake")
        return UpstreamBadReply(operation, f"no websocket handshake: {type(error).__name__}")
    if isinstance(error, TimeoutError):
        return UpstreamUnreachable(operation, f"no websocket within {timeout:.3g} s")
    return UpstreamUnreachable(operation, f"no connection: {type(error).__name__}")


def find_code(failure: Any) -> str:
    """The upstream's word for a failure: a code itself or the `code` of an object. Its other words may hold secrets."""
    code = failure.get("code") if isinstance(failure, dict) else failure
    return str(code) if isinstance(code, int | str) and _CODE.fullmatch(str(code)) else ""


def _status_error(operation: Operation, refused: InvalidStatus) -> UpstreamError:
    response = refused.response
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    error = error_for_status(operation, HttpReply(response.status_code, headers, b""))
    return error or UpstreamBadReply(operation, "the handshake was answered with no websocket")
