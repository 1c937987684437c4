"""JSON of a response as a Reply that is read when asked for. Used by `decode`."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from connectors.aio import cooperative
from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.forms import is_quick_to_fit
from connectors.messages.json_mending import UNREADABLE, decode_with_errors, parse_with_errors
from connectors.messages.json_numbers import parse_json
from connectors.messages.json_slices import Bounds, TooDeep, TooManyValues, decode_in_slices
from connectors.messages.json_text import is_deeper
from connectors.rest.errors import bad_reply
from connectors.rest.typed_decode import decode_records
from connectors.transport import HttpReply

JSON_STARTS: Final = frozenset(b'{["tfn-0123456789')
"""The bytes that a JSON value begins with."""


def is_json(text: bytes) -> bool:
    """Whether plain text is JSON, as servers send it that do not name its type.

    A number counts where it would be written the same, so that a text such as 2.40 stays what it is.
    """
    if len(text) > cooperative.LARGE:
        return text[:1] in (b"{", b"[")
    try:
        try:
            value = parse_json(text)
        except UNREADABLE as error:
            value = parse_with_errors(text, ValueError, error)
    except (*UNREADABLE, ValueError, RecursionError):
        return False
    return type(value) not in (int, float) or str(value).encode() == text.strip()


def make_json_reply(operation: Operation, response: HttpReply, body: bytes, bounds: Bounds) -> Reply:
    """The reply of a body that begins like JSON in UTF-8."""
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
