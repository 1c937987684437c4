"""Decode: an HTTP response with a good status as a Reply, in the format of its endpoint or content type.

Used by `connector`. Formats other than JSON are read in a thread where a reply is large.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from connectors.aio import cooperative
from connectors.aio.threads import run_in_thread
from connectors.contract import Reply
from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.messages import charset_xml
from connectors.messages.charset import UnknownCharset, convert_to_utf8, find_charset
from connectors.messages.json_slices import Bounds
from connectors.rest.decode_json import JSON_STARTS, is_json, make_json_reply
from connectors.rest.decode_rows import read_csv, read_lines
from connectors.rest.decode_xml import read_xml
from connectors.rest.errors import bad_reply
from connectors.rest.operations import RestOperation
from connectors.rest.replies import ReplyFormat, find_format, is_plain_json
from connectors.transport import HttpReply

_SPACE = b" \t\r\n"
_PREFIX = b")]}'"
"""What some servers put before JSON, so that no page can load it as a script."""
_EMPTY: dict[str, Any] = {"text": "", "csv": [], "ndjson": []}
"""What an empty body is where an endpoint says its format; without that, it is null."""
_SHOWN = {"text": "text", "xml": "XML", "csv": "CSV", "ndjson": "lines of JSON", "json": "JSON"}


def make_reply(operation: RestOperation, response: HttpReply, bounds: Bounds) -> Reply:
    """The reply, its body not decoded yet; its data is None when there is no body.

    Raises UpstreamBadReply at once for a body that cannot be of its format, such as an error page, so that policies see
    the failure. A single value or row that cannot be read has an UpstreamBadReply in its place. Reading data that is
    nested more deeply than `bounds.depth` raises UpstreamBadReply.
    """
    body = response.body
    content_type = response.headers.get("content-type", "")
    if (
        operation.reply is None
        and body
        and body[0] in JSON_STARTS
        and body[1:2] != b"\0"
        and is_plain_json(content_type)
    ):
        return make_json_reply(operation, response, body, bounds)
    return _make_other(operation, response, bounds, content_type)


def _make_other(operation: RestOperation, response: HttpReply, bounds: Bounds, content_type: str) -> Reply:
    """The reply in any format and charset."""
    found = find_format(content_type)
    chosen = operation.reply or found
    kind = "json" if chosen is None else chosen.kind
    if not response.body:
        empty = None if operation.reply is None or response.status != 200 else _EMPTY.get(kind)
        return _plain_reply(response, empty)
    create_error = partial(bad_reply, operation, response, expected=_SHOWN[kind])
    body = _convert(response.body, kind, content_type, create_error)
    start = body.lstrip(_SPACE)
    if kind == "text":
        may_be_json = operation.reply is None and start[:1] and start[0] in JSON_STARTS
        if may_be_json and is_json(start):
            return make_json_reply(operation, response, start, bounds)
        return _plain_reply(response, _read_text(body, create_error) if start or operation.reply else None)
    if kind == "json" or (kind == "xml" and operation.reply is None and start[:1] in (b"{", b"[")):
        return _make_json(operation, response, start, bounds)
    assert chosen is not None
    if kind == "xml" and not start.startswith(b"<"):
        raise create_error("it does not begin like XML")
    _check_values(operation, body, chosen, bounds.values)
    read = _choose_reader(chosen, bounds, create_error)
    decode = _Decoder(read) if len(body) <= cooperative.LARGE // 5 else _LargeDecoder(read)
    return Reply(body, decode=decode, status=response.status, headers=response.headers)


def _make_json(operation: RestOperation, response: HttpReply, body: bytes, bounds: Bounds) -> Reply:
    if body.startswith(_PREFIX):
        body = body[len(_PREFIX) :].lstrip(b"," + _SPACE)
    if not body:
        return _plain_reply(response, None)
    if body[0] not in JSON_STARTS:
        hint = '; for other formats, write reply= ("text", "xml", "csv", "ndjson")' if operation.reply is None else ""
        raise bad_reply(operation, response, f"it does not begin like JSON{hint}")
    return make_json_reply(operation, response, body, bounds)


def _plain_reply(response: HttpReply, value: Any) -> Reply:
    return Reply(value, status=response.status, headers=response.headers)


def _convert(body: bytes, kind: str, content_type: str, create_error: Callable[[str], UpstreamBadReply]) -> bytes:
    """The body as UTF-8."""
    try:
        if kind != "xml":
            return convert_to_utf8(body, content_type, is_json=kind in ("json", "ndjson"))
        converted = charset_xml.convert_to_utf8(body, content_type)
        if converted is body and not body.isascii() and b"encoding" not in body[:200]:
            find_charset(content_type)  # names one that is not known
    except UnknownCharset as error:
        raise create_error(str(error)) from error
    return converted


def _read_text(body: bytes, create_error: Callable[[str], UpstreamBadReply]) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise create_error("it is not valid UTF-8, or is cut within a character") from error


def _choose_reader(
    chosen: ReplyFormat, bounds: Bounds, create_error: Callable[[str], UpstreamBadReply]
) -> Callable[[bytes], Any]:
    if chosen.kind == "csv":
        return lambda body: read_csv(body, chosen, create_error)
    if chosen.kind == "xml":
        return lambda body: read_xml(body, chosen, bounds.depth, create_error)
    return lambda body: read_lines(body, bounds.depth, create_error)


def _check_values(operation: RestOperation, body: bytes, chosen: ReplyFormat, most: int | None) -> None:
    """Refuse a large reply that has more values than are accepted, before any of them is made."""
    if most is None or len(body) <= cooperative.LARGE:
        return
    marks = {"xml": (b"<", b"="), "csv": (chosen.delimiter.encode(), b"\n")}.get(chosen.kind, (b",", b"\n", b"{", b"["))
    if sum(map(body.count, marks)) > most:
        raise UpstreamReplyTooLarge(operation, f"it has more than {most} values, which is max_values")


class _Decoder:
    """Decodes a body. A class, because closures in a cycle would keep the body alive."""

    __slots__ = ("__weakref__", "_read")

    def __init__(self, read: Callable[[bytes], Any]) -> None:
        self._read = read

    def __call__(self, body: bytes) -> Any:
        return self._read(body)


class _LargeDecoder(_Decoder):
    """Decodes a large body in a thread."""

    __slots__ = ()

    async def in_slices(self, body: bytes) -> Any:
        """As Reply.read wants it."""
        return await run_in_thread(self._read, body)
