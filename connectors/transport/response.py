"""Reads HTTP/1.1 responses without I/O: bytes in, HttpReply out. Used by Connection; httptools (llhttp) parses."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import httptools

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamDisconnected, UpstreamError, UpstreamReplyTooLarge
from connectors.transport.contract import HttpReply
from connectors.transport.heads import HeadError, HeadMender
from connectors.transport.reading import Body, CompressedBody, announces_body, check_announced, create_body

_PARSER_ERRORS = (httptools.HttpParserError, httptools.HttpParserUpgrade)
_MAX_HEAD = 65_536
"""Bytes of status lines and headers accepted before the body, those of interim responses (1xx) included."""
_WITHOUT_BODY = frozenset((204, 205, 304))
"""Statuses whose responses have no body, whatever their headers say (RFC 9112 section 6.3)."""


@lru_cache(maxsize=200)
def _decode_name(name: bytes) -> str:
    """The name of a header; an upstream sends the same few again and again."""
    return name.decode("latin-1").lower()


class PackedReply(NamedTuple):
    """A response that is so large that its body is still to be inflated, in slices."""

    status: int
    headers: dict[str, str]
    body: CompressedBody

    async def inflate(self) -> HttpReply:
        """The reply. Raises UpstreamBadReply or UpstreamReplyTooLarge."""
        await self.body.inflate()
        return HttpReply(self.status, self.headers, self.body.join_chunks())


class ResponseReader:
    """Reads the responses of one connection: `begin` one, feed it what arrives until it gives the reply, `finish`."""

    __slots__ = (
        "__weakref__",
        "_body",
        "_digits",
        "_error",
        "_has_head",
        "_headers",
        "_is_complete",
        "_is_head",
        "_left",
        "_limit",
        "_mender",
        "_must_close",
        "_operation",
        "_parser",
        "_raw",
        "_repeats",
        "_status",
        "has_begun",
        "has_surplus",
        "may_reuse",
    )

    _operation: Operation
    _is_head: bool

    def __init__(self, limit: int) -> None:
        """`limit` is the largest body in bytes."""
        self._limit = limit
        self._digits = len(str(limit))
        """A length with fewer digits is within the limit."""
        self._parser: httptools.HttpResponseParser | None = None
        self._body: Body | None = None
        self.has_begun = False
        """Whether any byte of the response came."""
        self.may_reuse = False
        """Whether the connection is ready for the next request."""
        self.has_surplus = False
        """Whether bytes came after the end of the response: the upstream sends what was not requested."""

    def begin(self, operation: Operation, *, is_head: bool) -> None:
        """Make ready for one response; `is_head` says that a HEAD was sent, whose answer has no body."""
        if self._parser is None:
            self._parser = self._create_parser()
        self.has_begun = self.may_reuse = False
        self._operation = operation
        self._is_head = is_head
        self._left = _MAX_HEAD
        """How many bytes may still come, first of the head, then of the body with its chunk sizes and trailers."""
        self._headers: dict[str, str] = {}
        self._repeats: dict[str, list[str]] | None = None
        self._raw: list[bytes] | None = None
        """What came of the head, so that it can be read once more."""
        self._mender: HeadMender | None = None
        """Reads a head that breaks the grammar; then the connection is not used again."""
        self._has_head = self._is_complete = self._must_close = False
        self._status = 0
        self._error: UpstreamError | None = None

    def finish(self) -> None:
        """Let go of the response, and of the parser unless it can read the next one."""
        self._body = self._raw = None
        if self._is_head or not self.may_reuse:
            self.close()

    def close(self) -> None:
        """Let go of the parser, which holds us as we hold it."""
        self._parser = None

    def feed(self, data: bytes) -> HttpReply | PackedReply | None:
        """Take the next bytes; return the reply once it is whole. Raises UpstreamBadReply or UpstreamReplyTooLarge."""
        self.has_begun = True
        self._left -= len(data)
        if self._mender is not None and not self._has_head:
            self._feed_mended(self._mender, data)
        else:
            if self._raw is None:
                self._raw = [data]
            elif not self._has_head:
                self._raw.append(data)
            assert self._parser is not None
            try:
                self._parser.feed_data(data)
            except _PARSER_ERRORS as error:
                self._handle_error(error)
        if self._error is not None:
            raise self._error
        if self._left < 0 and not self._is_complete:
            raise self._too_many_bytes()
        return self._create_reply() if self._is_complete else None

    def _create_parser(self) -> httptools.HttpResponseParser:
        parser = httptools.HttpResponseParser(self)
        parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True)  # as other clients; no end is moved
        return parser

    def _feed_parser(self, data: bytes) -> None:
        assert self._parser is not None
        try:
            self._parser.feed_data(data)
        except _PARSER_ERRORS as error:
            self._handle_error(error)

    def _handle_error(self, error: Exception) -> None:
        """Read an odd head once more; what comes after the response is surplus. Raises UpstreamBadReply."""
        if isinstance(error, httptools.HttpParserUpgrade):
            raise UpstreamBadReply(self._operation, "the upstream switched to another protocol") from error
        if not self._has_head and self._mender is None:
            self._mender = HeadMender()
            self._feed_mended(self._mender, b"".join(self._raw or ()))
        elif not self._is_complete:
            raise self._invalid(error) from error
        else:
            self._note_surplus()

    def _feed_mended(self, mender: HeadMender, data: bytes) -> None:
        """Read the head, when all of it is there, with what is odd about it put right."""
        try:
            message = mender.add(data)
        except HeadError as error:
            raise self._invalid(error) from error
        if message is not None:
            self._headers.clear()
            self._repeats = None
            self._parser = self._create_parser()
            self._feed_parser(message)

    def _invalid(self, error: Exception) -> UpstreamBadReply:
        return UpstreamBadReply(self._operation, f"the reply is not valid HTTP: {error}")

    def end(self) -> HttpReply | PackedReply:
        """The connection ended: a body without a length is whole now. Raises UpstreamDisconnected for all others."""
        headers = self._headers
        if not self._has_head or "content-length" in headers or "transfer-encoding" in headers:
            what = "before it was whole" if self.has_begun else "without an answer"
            raise UpstreamDisconnected(self._operation, f"the upstream closed the connection {what}")
        return self._create_reply()

    def _too_many_bytes(self) -> UpstreamError:
        if not self._has_head:
            return UpstreamBadReply(self._operation, f"the reply's headers are larger than {_MAX_HEAD} bytes")
        detail = f"the reply has more than twice max_reply_size, {self._limit} bytes, with its chunk sizes and trailers"
        return UpstreamReplyTooLarge(self._operation, detail)

    def _create_reply(self) -> HttpReply | PackedReply:
        body = self._body
        if isinstance(body, CompressedBody) and body.is_packed:
            return PackedReply(self._status, self._headers, body)
        return HttpReply(self._status, self._headers, b"" if body is None else body.join_chunks())

    # What httptools calls. It wraps exceptions, so they are kept in `_error` and raised by `feed`.

    def on_message_begin(self) -> None:
        """Another message after the response answers no request: the connection must not be used again."""
        if self._is_complete:
            self._note_surplus()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line, also of a trailer, which is dropped; repeats are joined (RFC 9110 section 5.3)."""
        if self._has_head:
            return
        lower, text = _decode_name(name), value.decode("latin-1")
        if lower in self._headers:
            if self._repeats is None:
                self._repeats = {}
            self._repeats.setdefault(lower, [self._headers[lower]]).append(text)
        else:
            self._headers[lower] = text

    def on_headers_complete(self) -> None:
        """Status and headers are known: choose how to read the body."""
        parser = self._parser
        if self._is_complete or parser is None:
            return
        status = self._status = parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            return
        if self._mender is None and (status <= 101 or self._headers.get("transfer-encoding", "chunked") != "chunked"):
            raise HeadError  # the head is looked at more closely
        self._has_head = True
        self._left = 2 * self._limit + _MAX_HEAD
        if self._repeats:
            for name, texts in self._repeats.items():
                self._headers[name] = ", ".join(texts)
        if self._is_head:
            self._is_complete = True  # a body can still come, from an upstream that treats HEAD as GET
            return
        operation, headers, limit = self._operation, self._headers, self._limit
        self._must_close = self._mender is not None or (status in _WITHOUT_BODY and announces_body(headers))
        if "content-length" in headers and len(headers["content-length"]) >= self._digits:
            try:
                check_announced(operation, headers, limit)
            except UpstreamError as error:
                self._error = error
        coded = "content-encoding" in headers
        self._body = create_body(operation, headers, limit, status) if coded else Body(operation, limit)

    def on_body(self, chunk: bytes) -> None:
        """Part of the body, without its transfer coding."""
        if self._is_complete:
            self._note_surplus()  # a body after HEAD, or of another message
        elif self._error is None and self._body is not None:
            try:
                self._body.add(chunk)
            except UpstreamError as error:
                self._error = error

    def on_message_complete(self) -> None:
        """The end of our response, or of an interim one (1xx) before it, which is forgotten."""
        if not self._has_head:
            self._headers.clear()
            self._repeats = None
        elif not self._is_complete and self._parser is not None:
            self._is_complete = True
            self.may_reuse = not self._must_close and self._parser.should_keep_alive()

    def _note_surplus(self) -> None:
        self.may_reuse = False
        self.has_surplus = not (self._is_head or self._must_close)  # those connections are closed in any case
