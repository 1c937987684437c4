"""Reads one HTTP/1.1 response without I/O: bytes in, HttpReply out. Used by Connection; httptools (llhttp) parses."""

from __future__ import annotations

import httptools

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamDisconnected, UpstreamError
from connectors.transport.contract import HttpReply
from connectors.transport.reading import Body, CompressedBody, check_announced, joined

_MAX_HEAD = 65_536
"""Bytes of status line and headers accepted before the body."""


class ResponseReader:
    """Feed it what arrives until it gives the reply. One reader reads one response."""

    def __init__(self, operation: Operation, *, limit: int, is_head: bool) -> None:
        """`limit` is the largest body in bytes; `is_head` says that a HEAD was sent, whose answer has no body."""
        self.has_begun = False
        """Whether any byte came."""
        self.may_reuse = False
        """Whether the connection is ready for the next request."""
        self._operation = operation
        self._limit = limit
        self._is_head = is_head
        self._parser = httptools.HttpResponseParser(self)
        self._head_left = _MAX_HEAD
        self._pairs: list[tuple[str, str]] = []
        self._headers: dict[str, str] | None = None
        self._status = 0
        self._body = Body(operation, limit)
        self._error: UpstreamError | None = None
        self._is_complete = False

    def feed(self, data: bytes) -> HttpReply | None:
        """Take the next bytes; return the reply once it is whole. Raises UpstreamBadReply or UpstreamReplyTooLarge."""
        self.has_begun = True
        if self._headers is None:
            self._head_left -= len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as error:
            raise UpstreamBadReply(self._operation, "the upstream switched to another protocol") from error
        except httptools.HttpParserError as error:
            if not self._is_complete:
                raise UpstreamBadReply(self._operation, f"the reply is not valid HTTP: {error}") from error
            self.may_reuse = False
        if self._error is not None:
            raise self._error
        if self._headers is None and self._head_left < 0:
            raise UpstreamBadReply(self._operation, f"the reply's headers are larger than {_MAX_HEAD} bytes")
        return self._whole() if self._is_complete else None

    def end(self) -> HttpReply:
        """The connection ended: a body without a length is whole now. Raises UpstreamDisconnected for all others."""
        headers = self._headers
        if headers is None or "content-length" in headers or "transfer-encoding" in headers:
            what = "before it was whole" if self.has_begun else "without an answer"
            raise UpstreamDisconnected(self._operation, f"the upstream closed the connection {what}")
        return self._whole()

    def close(self) -> None:
        """Let go of the parser, which holds us as we hold it, and of the body; nothing is fed afterwards."""
        del self._parser
        self._body = Body(self._operation, 0)

    def _whole(self) -> HttpReply:
        return HttpReply(status=self._status, headers=self._headers or {}, body=self._body.whole())

    # What httptools calls. It wraps exceptions, so they are kept in `_error` and raised by `feed`.

    def on_message_begin(self) -> None:
        """Another message after ours is nobody's answer: the connection must not be used again."""
        if self._is_complete:
            self.may_reuse = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line, also of a trailer, which is dropped."""
        if self._headers is None:
            self._pairs.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Status and headers are known: choose how to read the body."""
        if self._is_complete:
            return
        self._status = self._parser.get_status_code()
        if self._status < 200 and self._status != 101:
            return
        self._headers = joined(self._pairs)
        if self._is_head:
            self._is_complete = True
            self.may_reuse = self._parser.should_keep_alive()
            return
        try:
            check_announced(self._operation, self._headers, self._limit)
        except UpstreamError as error:
            self._error = error
        if self._headers.get("content-encoding", "").lower() in ("gzip", "x-gzip", "deflate"):
            self._body = CompressedBody(self._operation, self._limit)

    def on_body(self, chunk: bytes) -> None:
        """Part of the body, without its transfer coding."""
        if self._is_complete:
            self.may_reuse = False  # a body after HEAD, or of another message
        elif self._error is None:
            try:
                self._body.add(chunk)
            except UpstreamError as error:
                self._error = error

    def on_message_complete(self) -> None:
        """The end of our response, or of an interim one (1xx) before it, which is forgotten."""
        if self._headers is None:
            self._pairs.clear()
            self._head_left = _MAX_HEAD
        elif not self._is_complete:
            self._is_complete = True
            self.may_reuse = self._parser.should_keep_alive()
