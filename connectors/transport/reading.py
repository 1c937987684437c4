"""What every engine does the same way: check headers that go out, bound and decompress what comes back."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Mapping

from connectors.aio.cooperative import yield_to_loop
from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamRejected, UpstreamReplyTooLarge
from connectors.transport.codings import PIECE, CodingError, Stage, create_stage, split_codings

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_FORBIDDEN = re.compile(r"[\r\n\0]")  # RFC 9110 section 5.5
_FRAMING = ("content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade")
_OURS = frozenset((*_FRAMING, "connection", "keep-alive", "proxy-connection"))
"""Headers about the connection and the framing of the body (RFC 9110 section 7.6.1): the engine's own business."""
_AT_ONCE = 500_000
"""Bytes that are inflated before other tasks run: about a millisecond."""
_MAX_CHUNKS = 1000
"""Chunks of a body that are kept as they came."""
_MAX_DIGITS = 15
"""Digits of a length that is still a number."""
_KNOWN: set[str] = set()
_MOST_KNOWN = 1000
"""Names of headers that have been checked and may be sent, in lower case; a bounded number."""


def check_headers(operation: Operation, headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers to send, names in lower case, without those that only the engine may set.

    Raises UpstreamRejected, naming the header and never its value, for one that would end its line early.
    """
    if _KNOWN.issuperset(headers) and "".join(headers.values()).isprintable():
        return headers  # as nearly always; what cannot be printed is looked at more closely
    checked: dict[str, str] = {}
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or _FORBIDDEN.search(value):
            detail = f"the header {name!r} was not sent: it holds a character that HTTP does not allow (RFC 9110, 5.5)"
            raise UpstreamRejected(operation, detail)
        if (lower := name.lower()) not in _OURS:
            checked[lower] = value
    if len(_KNOWN) < _MOST_KNOWN:
        _KNOWN.update(name for name in headers if name == name.lower() and name not in _OURS)
    return checked


def encode_value(text: str) -> bytes:
    """The bytes of a header's value, or of a whole head: for what is forwarded, those that came (RFC 9110, 5.5).

    Received bytes are text as Latin-1. A line with other characters, which no client sent, is sent as UTF-8.
    """
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        head, _, rest = text.partition("\r\n")
        return encode_value(head) + b"\r\n" + encode_value(rest) if rest else text.encode()


def join_headers(pairs: Collection[tuple[str, str]]) -> dict[str, str]:
    """Headers as one mapping with names in lower case; a repeated header is joined with `, ` (RFC 9110 section 5.3)."""
    headers = {name.lower(): value for name, value in pairs}
    if len(headers) == len(pairs):
        return headers
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(each) for name, each in values.items()}


def announces_body(headers: Mapping[str, str]) -> bool:
    """Whether the headers say that a body follows. Where none may follow, some upstreams send it nevertheless."""
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def check_announced(operation: Operation, headers: Mapping[str, str], limit: int) -> None:
    """Refuse a body that says it is larger than `limit` bytes before reading any of it."""
    length = headers.get("content-length")
    if length is not None and length.isdecimal() and (len(length) > _MAX_DIGITS or int(length) > limit):
        raise _too_large(operation, limit)


def _too_large(operation: Operation, limit: int) -> UpstreamReplyTooLarge:
    return UpstreamReplyTooLarge(operation, f"the reply is larger than max_reply_size, which is {limit} bytes")


class Body:
    """Collects a body chunk by chunk up to `limit` bytes; one more raises UpstreamReplyTooLarge."""

    __slots__ = ("_chunks", "_joined", "_limit", "_operation", "_size")

    def __init__(self, operation: Operation, limit: int) -> None:
        self._operation = operation
        self._limit = limit
        self._size = 0
        self._chunks: list[bytes] = []
        self._joined: bytearray | None = None

    def add(self, chunk: bytes) -> None:
        """Take the next chunk."""
        self._size += len(chunk)
        if self._size > self._limit:
            raise _too_large(self._operation, self._limit)
        self._chunks.append(chunk)
        if len(self._chunks) > _MAX_CHUNKS:
            self._join_some()

    def count_room(self) -> int:
        """How many bytes may still come, and one more, so that a body over the limit shows itself."""
        return self._limit - self._size + 1

    def join_chunks(self) -> bytes:
        """Everything taken; raises UpstreamBadReply when the body ended too early."""
        if self._joined is not None:
            self._join_some()
            return bytes(self._joined)
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def _join_some(self) -> None:
        """Keep tiny chunks as the bytes that they are: an object of each would take twenty times the memory."""
        if self._joined is None:
            self._joined = bytearray()
        self._joined += b"".join(self._chunks)
        self._chunks.clear()


class CompressedBody(Body):
    """A body in content codings. Never decodes more than the limit: a bomb costs no memory.

    What comes after the first `_AT_ONCE` bytes is kept as it came until `inflate`, which works in slices.
    """

    __slots__ = ("_codings", "_is_error", "_packed", "_packed_size", "_stage")

    def __init__(
        self, operation: Operation, limit: int, codings: tuple[str, ...] = ("gzip",), *, is_error: bool = False
    ) -> None:
        """`is_error`: the status is a failure, which counts more than a body that cannot be decoded."""
        super().__init__(operation, limit)
        self._codings = codings
        self._is_error = is_error
        self._stage: Stage | None = None
        self._packed: deque[bytes] = deque()
        self._packed_size = 0

    @property
    def is_packed(self) -> bool:
        """Whether `inflate` is to be awaited before `join_chunks`, so that other tasks run meanwhile."""
        return bool(self._packed)

    def add(self, chunk: bytes) -> None:
        """Take the next encoded chunk. Raises UpstreamBadReply when it cannot be decoded."""
        self._packed_size += len(chunk)
        if self._packed_size > 2 * self._limit + PIECE:
            raise _too_large(self._operation, self._limit)
        self._packed.extend(chunk[start : start + PIECE] for start in range(0, len(chunk), PIECE))
        if self._size < _AT_ONCE:
            self._inflate_slice()

    async def inflate(self) -> None:
        """Decode what is kept; other tasks run after each slice. Raises as `add`."""
        while self._packed:
            self._inflate_slice()
            await yield_to_loop()

    def join_chunks(self) -> bytes:
        """As Body.join_chunks."""
        while self._packed:
            self._inflate_slice()
        if self._stage is not None and not self._is_error:
            try:
                self._stage.finish()
            except CodingError as error:
                raise UpstreamBadReply(self._operation, f"the body cannot be read: {error}") from error
        return super().join_chunks()

    def _inflate_slice(self) -> None:
        """Decode until there are `_AT_ONCE` bytes more, or nothing is left. An empty piece is for what is inside."""
        until = self._size + _AT_ONCE
        try:
            if self._stage is None:
                self._stage = create_stage(self._codings, 2 * self._limit + PIECE)
            while self._packed and self._size < until:
                self._stage.push(self._packed.popleft())
                while decoded := self._stage.pull(min(self.count_room(), _AT_ONCE)):
                    super().add(decoded)
                    if self._size >= until:
                        self._packed.appendleft(b"")
                        break
        except CodingError as error:
            self._packed.clear()
            if not self._is_error:
                raise UpstreamBadReply(self._operation, f"the body cannot be read: {error}") from error


def create_body(operation: Operation, headers: Mapping[str, str], limit: int, status: int = 200) -> Body:
    """The body of a response with these headers."""
    if "content-encoding" in headers and (codings := split_codings(headers["content-encoding"])):
        return CompressedBody(operation, limit, codings, is_error=status >= 400)
    return Body(operation, limit)
