"""What every engine does the same way: check headers that go out, bound and decompress what comes back."""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Collection, Mapping

from connectors.aio.cooperative import yield_to_loop
from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamRejected, UpstreamReplyTooLarge

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_FORBIDDEN = re.compile(r"[\r\n\0]")  # RFC 9110 section 5.5
_FRAMING = ("content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade")
_OURS = frozenset((*_FRAMING, "connection", "keep-alive", "proxy-connection"))
"""Headers about the connection and the framing of the body (RFC 9110 section 7.6.1): the engine's own business."""
_PACKED = frozenset(("gzip", "x-gzip", "deflate"))
_AT_ONCE = 500_000
"""Bytes that are inflated before other tasks run: about a millisecond."""
_PIECE = 16_384
"""Compressed bytes that are handed to zlib at once."""
_MAX_MEMBERS, _LEAST_MEMBER = 64, 1024
"""Members of a gzip body: so many, and one more for so many bytes that came of them."""
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
    """A body in gzip or deflate coding. Never inflates more than the limit: a bomb costs no memory.

    What comes after the first `_AT_ONCE` bytes is kept as it came until `inflate`, which works in slices.
    """

    __slots__ = ("_inflate", "_members", "_packed", "_packed_size")

    def __init__(self, operation: Operation, limit: int) -> None:
        super().__init__(operation, limit)
        self._inflate = _new_inflate()
        self._members = 1
        self._packed: deque[bytes] = deque()
        self._packed_size = 0

    @property
    def is_packed(self) -> bool:
        """Whether `inflate` is to be awaited before `join_chunks`, so that other tasks run meanwhile."""
        return bool(self._packed)

    def add(self, chunk: bytes) -> None:
        """Take the next compressed chunk. Raises UpstreamBadReply when it is not gzip or deflate."""
        self._packed_size += len(chunk)
        if self._packed_size > 2 * self._limit + _PIECE:
            raise _too_large(self._operation, self._limit)
        pieces = (chunk[start : start + _PIECE] for start in range(0, len(chunk), _PIECE))
        self._packed.extend(pieces)  # what remains after a member is copied each time
        if self._size < _AT_ONCE:
            self._inflate_slice()

    async def inflate(self) -> None:
        """Inflate what is kept; other tasks run after each slice. Raises as `add`."""
        while self._packed:
            self._inflate_slice()
            await yield_to_loop()

    def join_chunks(self) -> bytes:
        """As Body.whole."""
        while self._packed:
            self._inflate_slice()
        if self._size and not self._inflate.eof:
            raise UpstreamBadReply(self._operation, "the compressed body ends too early")
        return super().join_chunks()

    def _inflate_slice(self) -> None:
        """Inflate until there are `_AT_ONCE` bytes more, or nothing is left."""
        until = self._size + _AT_ONCE
        try:
            while self._packed and self._size < until:
                self._inflate_piece(self._packed.popleft(), until)
        except zlib.error as error:
            raise UpstreamBadReply(self._operation, f"the body cannot be decompressed: {error}") from error

    def _inflate_piece(self, piece: bytes, until: int) -> None:
        while True:
            if self._inflate.eof:  # a gzip body may have several members (RFC 1952 section 2.2)
                if not piece:
                    return
                self._begin_member()
            most = min(self.count_room(), _AT_ONCE)
            inflated = self._inflate.decompress(piece, most)
            super().add(inflated)
            piece = self._inflate.unconsumed_tail or self._inflate.unused_data
            if not piece and (len(inflated) < most or self._inflate.eof):
                return
            if self._size >= until:
                self._packed.appendleft(piece)
                return

    def _begin_member(self) -> None:
        self._inflate = _new_inflate()
        self._members += 1
        if self._members > _MAX_MEMBERS + self._size // _LEAST_MEMBER:
            raise UpstreamBadReply(self._operation, f"the body has {self._members} gzip members for {self._size} bytes")


def create_body(operation: Operation, headers: Mapping[str, str], limit: int) -> Body:
    """The body of a response with these headers."""
    is_packed = "content-encoding" in headers and headers["content-encoding"].lower() in _PACKED
    return CompressedBody(operation, limit) if is_packed else Body(operation, limit)


def _new_inflate() -> zlib._Decompress:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: gzip or zlib, by its first bytes
