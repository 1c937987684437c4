"""Rows: CSV, and JSON in lines, as a list of records. A row that cannot be read costs that record alone.

RFC 4180 (CSV), RFC 7464 (JSON text sequences).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from connectors.errors import UpstreamBadReply
from connectors.messages.json_mending import UNREADABLE, parse_with_errors
from connectors.messages.json_numbers import parse_json
from connectors.messages.json_text import is_deeper
from connectors.rest.replies import ReplyFormat

CreateError = Callable[[str], UpstreamBadReply]
_MAX_BAD = 100
"""Rows that may be unreadable; of more, the reply is."""
_RECORD_SEPARATOR = b"\x1e"
_SPACE = b" \t\r\n\x1e"
_BOOLEANS = {"true": True, "false": False}


def read_lines(body: bytes, max_depth: int, create_error: CreateError) -> list[Any]:
    """The values of JSON in lines, or after record separators. Raises UpstreamBadReply."""
    rows = _Rows(create_error)
    is_sequence = body.startswith(_RECORD_SEPARATOR)
    number = 1
    for line in body.split(_RECORD_SEPARATOR if is_sequence else b"\n"):
        text = line.strip(_SPACE)
        if text:
            if is_deeper(text, max_depth):
                rows.add_error(number, f"it has more than {max_depth} levels, which is max_depth")
            else:
                rows.add_json(number, text)
        number += line.count(b"\n") if is_sequence else 1
    return rows.finish()


def read_csv(body: bytes, chosen: ReplyFormat, create_error: CreateError) -> list[Any]:
    """The records of CSV. Raises UpstreamBadReply."""
    rows = _Rows(create_error)
    text = _decode(body, create_error)
    delimiter = chosen.delimiter
    first, _, rest = text.partition("\n")
    if first.strip().startswith("sep=") and len(first.strip()) == len("sep=;"):  # as Excel writes it
        delimiter, text = first.strip()[-1], rest
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = list(chosen.columns) or None
    for number, row in _each_row(reader, rows):
        if not row or row == [""]:
            continue
        if columns is None:
            columns = _check_columns(row, create_error)
            continue
        if len(row) < len(columns) or any(row[len(columns) :]):
            rows.add_error(number, f"it has {len(row)} values for {len(columns)} columns")
        else:
            rows.records.append(_make_record(columns, row, chosen))
    return rows.finish()


def read_value(text: str) -> str | bool:
    """A text, and true and false as booleans, which are the same texts again where the schema wants a text."""
    return _BOOLEANS.get(text, text)


class _Rows:
    """Records so far, with errors in the places of those that cannot be read."""

    def __init__(self, create_error: CreateError) -> None:
        self.records: list[Any] = []
        self._create_error = create_error
        self._first: UpstreamBadReply | None = None
        self._bad = 0

    def add_json(self, number: int, text: bytes) -> None:
        def create_error(reason: str) -> UpstreamBadReply:
            return self._create_error(f"line {number}: {reason}")

        try:
            try:
                value = parse_json(text)
            except UNREADABLE as error:
                value = parse_with_errors(text, create_error, error)
        except (*UNREADABLE, RecursionError) as error:
            self.add_error(number, str(error))
        except UpstreamBadReply as error:
            self._add(error)
        else:
            self.records.append(value)

    def add_error(self, number: int, reason: str) -> None:
        self._add(self._create_error(f"line {number}: {reason}"))

    def _add(self, error: UpstreamBadReply) -> None:
        self.records.append(error)
        self._first = self._first or error
        self._bad += 1
        if self._bad > _MAX_BAD:
            raise self._first

    def finish(self) -> list[Any]:
        """All of them. Raises the first error where there is nothing else."""
        if self._first is not None and self._bad == len(self.records):
            raise self._first
        return self.records


def _each_row(reader: Any, rows: _Rows) -> Iterator[tuple[int, list[str]]]:
    """The rows that can be read, with the line in which each ends."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            rows.add_error(reader.line_num, str(error))
        else:
            yield reader.line_num, row


def _check_columns(row: Sequence[str], create_error: CreateError) -> list[str]:
    columns = [name.strip() for name in row]
    while columns and not columns[-1]:
        columns.pop()
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise create_error("line 1: two columns have one name; name all of them with csv(columns=...)")
    return columns


def _make_record(columns: Sequence[str], row: Sequence[str], chosen: ReplyFormat) -> dict[str, Any]:
    empty = None if chosen.empty_is_null else ""
    return {name: read_value(text) if text else empty for name, text in zip(columns, row, strict=False)}


def _decode(body: bytes, create_error: CreateError) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise create_error(f"line {line}: it is not valid UTF-8, or is cut within a character") from error
