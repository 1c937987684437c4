"""Decode: an HTTP response with a good status as a Reply whose JSON is read when asked for. Used by `connector`."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from connectors.aio import cooperative
from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.forms import is_quick_to_fit
from connectors.messages.charset import UnknownCharset, convert_to_utf8, find_charset
from connectors.messages.json_mending import UNREADABLE, decode_with_errors, parse_with_errors
from connectors.messages.json_numbers import parse_json
from connectors.messages.json_slices import Bounds, TooDeep, TooManyValues, decode_in_slices
from connectors.messages.json_text import is_deeper
from connectors.rest.errors import bad_reply
from connectors.rest.typed_decode import decode_records
from connectors.transport import HttpReply

_JSON_STARTS = frozenset(b'{["tfn-0123456789')
_SPACE = b" \t\r\n"
_PREFIX = b")]}'"
"""What some servers put before JSON, so that no page can load it as a script."""


@lru_cache(maxsize=500)
def _is_utf8(content_type: str) -> bool:
    try:
        return find_charset(content_type) is None
    except UnknownCharset:
        return False


def make_reply(operation: Operation, response: HttpReply, bounds: Bounds) -> Reply:
    """The reply, its JSON not decoded yet; its data is None when there is no body.

    Raises UpstreamBadReply at once for a body that cannot be JSON, such as an error page, so that policies see the
    failure. A single value that cannot be read has an UpstreamBadReply in its place. Reading data that is nested more
    deeply than `bounds.depth` raises UpstreamBadReply.
    """
    body = response.body
    content_type = response.headers.get("content-type", "")
    if not body or body[0] not in _JSON_STARTS or body[1:2] == b"\0" or not _is_utf8(content_type):
        try:
            body = convert_to_utf8(body, content_type).lstrip(_SPACE)
        except UnknownCharset as error:
            raise bad_reply(operation, response, str(error)) from error
        if body.startswith(_PREFIX):
            body = body[len(_PREFIX) :].lstrip(b", \t\r\n")
        if not body:
            return Reply(None, status=response.status, headers=response.headers)
        if body[0] not in _JSON_STARTS:
            raise bad_reply(operation, response, "it does not begin like JSON")
    fit: partial[Any] | None = partial(decode_records, bounds.depth)
    if len(body) <= cooperative.LARGE:
        decode = _Decoder(operation, response, bounds)
    else:
        decode = _LargeDecoder(operation, response, bounds)
        if not is_quick_to_fit(body):
            fit = None
    return Reply(body, decode=decode, status=response.status, headers=response.headers, fit=fit)


class _Decoder:
    """Decodes a body. A class, because closures in a cycle would keep the body alive."""

    __slots__ = ("__weakref__", "_bounds", "_operation", "_response")

    def __init__(self, operation: Operation, response: HttpReply, bounds: Bounds) -> None:
        self._operation = operation
        self._response = response
        self._bounds = bounds

    def __call__(self, body: bytes) -> Any:
        self._check_depth(body)
        try:
            return parse_json(body)  # keeps integers of more than 64 bits
        except UNREADABLE as error:
            return self._decode_with_errors(body, error)
        except RecursionError as error:
            raise bad_reply(self._operation, self._response, "it is nested too deeply") from error

    def _decode_with_errors(self, body: bytes, unreadable: Exception) -> Any:
        try:
            return parse_with_errors(body, self._create_error, unreadable)
        except UNREADABLE as error:
            raise self._create_error(str(error)) from error

    def _create_error(self, reason: str) -> UpstreamBadReply:
        return bad_reply(self._operation, self._response, reason)

    def _check_depth(self, body: bytes) -> None:
        if is_deeper(body, self._bounds.depth):
            raise self._too_deep()

    def _too_deep(self) -> UpstreamBadReply:
        reason = f"it has more than {self._bounds.depth} levels, which is max_depth"
        return bad_reply(self._operation, self._response, reason)


class _LargeDecoder(_Decoder):
    """Decodes a large body in slices."""

    __slots__ = ()

    async def in_slices(self, body: bytes) -> Any:
        """As Reply.read wants it."""
        try:
            return await decode_in_slices(body, self._bounds)
        except TooDeep:
            raise self._too_deep() from None
        except TooManyValues as error:
            raise UpstreamReplyTooLarge(self._operation, f"{error}, which is max_values") from None
        except RecursionError as error:
            raise self._create_error("it is nested too deeply") from error
        except UNREADABLE as error:
            try:
                return await decode_with_errors(body, self._bounds, self._create_error, error)
            except UNREADABLE:
                raise self._create_error(str(error)) from error
