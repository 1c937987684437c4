"""multipart/form-data as it arrives (RFC 7578): pieces of a body in, heads and data of parts out. Used by `upload`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header


@dataclass(frozen=True, slots=True)
class Part:
    """A part begins."""

    name: str
    filename: str | None
    content_type: str


class End:
    """The part that began last ends."""


class Whole:
    """All parts have arrived; bytes that follow are ignored."""


Event = Part | bytes | End | Whole


class BadMultipart(Exception):
    """The body is not multipart/form-data, or not with its boundary."""


class Parser:
    """Parses one body; holds only what it has not returned yet."""

    def __init__(self, content_type: str) -> None:
        """Raises BadMultipart for a Content-Type without a usable boundary."""
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not 0 < len(boundary) <= 70:  # RFC 2046, section 5.1.1
            raise BadMultipart("its boundary is missing or too long")
        self._events: list[Event] = []
        self._headers: dict[str, bytes] = {}
        self._name, self._value = bytearray(), bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_begin": self._begin_header,
                "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_part,
                "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
                "on_part_end": lambda: self._events.append(End()),
                "on_end": lambda: self._events.append(Whole()),
            },
            max_header_count=10,
            max_header_size=4096,
        )

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that the next piece completes. Raises BadMultipart."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise BadMultipart("its parts are not well-formed") from error
        events, self._events = self._events, []
        yield from events

    def _begin_header(self) -> None:
        self._name.clear()
        self._value.clear()

    def _end_header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = bytes(self._value)

    def _begin_part(self) -> None:
        disposition = parse_options_header(self._headers.get("content-disposition", b"").decode("latin-1"))[1]
        filename = disposition.get(b"filename")
        self._events.append(
            Part(
                name=_decode_text(disposition.get(b"name", b"")),
                filename=None if filename is None else _decode_text(filename),
                content_type=_decode_text(self._headers.get("content-type", b"")),
            )
        )


def _decode_text(value: bytes) -> str:
    """Text of a form; browsers write UTF-8 (RFC 7578, section 5.1)."""
    return value.decode("utf-8", "replace")
