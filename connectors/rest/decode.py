"""Decode: an HTTP response with a good status as a Reply whose JSON is read when asked for. Used by `connector`."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from connectors.aio import cooperative
from connectors.contract import Operation, Reply
from connectors.messages.json_text import is_deeper
from connectors.rest.errors import bad_reply
from connectors.rest.typed_decode import decode_records
from connectors.transport import HttpReply

_JSON_STARTS = frozenset(b'{["tfn-0123456789')
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def make_reply(operation: Operation, response: HttpReply, max_depth: int) -> Reply:
    """The reply, its JSON not decoded yet; its data is None when there is no body.

    Raises UpstreamBadReply at once for a body that cannot be JSON, such as an error page, so that policies see the
    failure. Reading data that is nested more deeply than `max_depth` raises UpstreamBadReply.
    """
    body = response.body
    if not body or body[0] not in _JSON_STARTS:
        body = body.removeprefix(_BOM).lstrip(_SPACE)
        if not body:
            return Reply(None, status=response.status, headers=response.headers)
        if body[0] not in _JSON_STARTS:
            raise bad_reply(operation, response, "it does not begin like JSON")
    kind = _LargeDecoder if len(body) > cooperative.LARGE else _Decoder
    decode = kind(operation, response, max_depth)
    fit = partial(decode_records, max_depth) if len(body) <= cooperative.LARGE_TYPED else None
    return Reply(body, decode=decode, status=response.status, headers=response.headers, fit=fit)


class _Decoder:
    """Decodes a body. A class, because closures in a cycle would keep the body alive."""

    __slots__ = ("__weakref__", "_max_depth", "_operation", "_response")

    def __init__(self, operation: Operation, response: HttpReply, max_depth: int) -> None:
        self._operation = operation
        self._response = response
        self._max_depth = max_depth

    def __call__(self, body: bytes) -> Any:
        self._check_depth(body)
        try:
            return msgspec.json.decode(body)  # keeps integers of more than 64 bits
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise bad_reply(self._operation, self._response, str(error)) from error
        except RecursionError as error:
            raise bad_reply(self._operation, self._response, "it is nested too deeply") from error

    def _check_depth(self, body: bytes) -> None:
        if is_deeper(body, self._max_depth):
            reason = f"it has more than {self._max_depth} levels, which is max_depth"
            raise bad_reply(self._operation, self._response, reason)


class _LargeDecoder(_Decoder):
    """Decodes a large body in slices."""

    __slots__ = ()

    async def in_slices(self, body: bytes) -> Any:
        """As Reply.read wants it."""
        self._check_depth(body)
        try:
            return await cooperative.decode_in_slices(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self(body)  # decoding at once names the mistake better
