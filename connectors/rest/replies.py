"""From an HTTP response with a good status to a Reply. Used by the REST connector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply
from connectors.transport import HttpReply

_JSON_STARTS = frozenset(b'{["tfn-0123456789')
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def reply_of(operation: Operation, response: HttpReply) -> Reply:
    """The reply with its JSON still undecoded; data is None when there is no body.

    Raises UpstreamBadReply at once for what cannot be JSON, such as an error page, so that policies see the failure.
    """
    body = response.body.removeprefix(_BOM).lstrip(_SPACE)
    if not body:
        return Reply(None, status=response.status, headers=response.headers)
    if body[0] not in _JSON_STARTS:
        raise _not_json(operation, response, "it does not begin like JSON")
    return Reply(body, decode=_decoder(operation, response), status=response.status, headers=response.headers)


def _decoder(operation: Operation, response: HttpReply) -> Callable[[bytes], Any]:
    def decode(body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)  # keeps integers of more than 64 bits
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _not_json(operation, response, str(error)) from error
        except RecursionError as error:
            raise _not_json(operation, response, "it is nested too deeply") from error

    return decode


def _not_json(operation: Operation, response: HttpReply, reason: str) -> UpstreamBadReply:
    kind = response.headers.get("content-type", "no content type").partition(";")[0][:80]
    return UpstreamBadReply(
        operation,
        f"expected JSON, got {len(response.body)} bytes of {kind}: {reason}",
        upstream_code=str(response.status),
    )
