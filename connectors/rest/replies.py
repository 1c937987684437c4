"""From an HTTP response with a good status to a Reply. Used by the REST connector."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from connectors.aio import cooperative as turns
from connectors.contract import Operation, Reply
from connectors.errors import UpstreamBadReply
from connectors.forms import Form, Unfit, fit_json
from connectors.messages.json_text import is_deeper
from connectors.transport import HttpReply

_JSON_STARTS = frozenset(b'{["tfn-0123456789')
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def reply_of(operation: Operation, response: HttpReply, most_depth: int) -> Reply:
    """The reply with its JSON still undecoded; data is None when there is no body.

    Reading what is nested more deeply than `most_depth` raises UpstreamBadReply.

    Raises UpstreamBadReply at once for what cannot be JSON, such as an error page, so that policies see the failure.
    """
    body = response.body
    if not body or body[0] not in _JSON_STARTS:
        body = body.removeprefix(_BOM).lstrip(_SPACE)
        if not body:
            return Reply(None, status=response.status, headers=response.headers)
        if body[0] not in _JSON_STARTS:
            raise _not_json(operation, response, "it does not begin like JSON")
    kind = _DecodeLarge if len(body) > turns.LARGE else _Decode
    decode = kind(operation, response, most_depth)
    fit = partial(_fit, most_depth) if len(body) <= turns.LARGE_TYPED else None
    return Reply(body, decode=decode, status=response.status, headers=response.headers, fit=fit)


def _fit(most_depth: int, form: Form, body: bytes, at: tuple[str, ...]) -> Any:
    if form.is_open and is_deeper(body, most_depth):
        raise Unfit
    return fit_json(form, body, at)


class _Decode:
    """Decodes a body. A class: functions that know each other would keep the body until garbage is collected."""

    __slots__ = ("__weakref__", "_most_depth", "_operation", "_response")

    def __init__(self, operation: Operation, response: HttpReply, most_depth: int) -> None:
        self._operation = operation
        self._response = response
        self._most_depth = most_depth

    def __call__(self, body: bytes) -> Any:
        self._check_depth(body)
        try:
            return msgspec.json.decode(body)  # keeps integers of more than 64 bits
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _not_json(self._operation, self._response, str(error)) from error
        except RecursionError as error:
            raise _not_json(self._operation, self._response, "it is nested too deeply") from error

    def _check_depth(self, body: bytes) -> None:
        if is_deeper(body, self._most_depth):
            reason = f"it has more than {self._most_depth} levels, which is max_depth"
            raise _not_json(self._operation, self._response, reason)


class _DecodeLarge(_Decode):
    """The same for a large body."""

    __slots__ = ()

    async def in_turns(self, body: bytes) -> Any:
        """As Reply.read wants it."""
        self._check_depth(body)
        try:
            return await turns.decoded(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self(body)  # it tells better what is wrong


def _not_json(operation: Operation, response: HttpReply, reason: str) -> UpstreamBadReply:
    kind = response.headers.get("content-type", "no content type").partition(";")[0][:80]
    return UpstreamBadReply(
        operation,
        f"expected JSON, got {len(response.body)} bytes of {kind}: {reason}",
        upstream_code=str(response.status),
    )
