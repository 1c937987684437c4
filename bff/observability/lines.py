"""From an event to one line of the log, as JSON or as text for a terminal. Used by `logs`.

Whatever the event holds, the line has no secret, no local variable and no control character, and a bounded length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import orjson

from bff.observability.redaction import Redactor
from bff.observability.tracebacks import format_exception

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
_MAX_QUICK = 20_000
"""Characters of a line that is written without a closer look at the size of what it holds."""
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls of terminals (ECMA-48), line separators, bidirectional controls, and what UTF-8 cannot say."""
_NEEDS_QUOTES = re.compile(r"[\s\"'=\\]|^$")
_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "31"}
_BIG = 2**63


class UpstreamText(str):
    """Words or values of an upstream in an event: written only with `log.values: true`."""

    __slots__ = ()


class Format(Protocol):
    """Renders an event as one line that ends with a newline."""

    def __call__(self, event: Mapping[str, Any]) -> bytes:
        """Render; `timestamp`, `level` and `event` are there, `exception` may be."""


def write_out(fields: Mapping[str, Any], *, shows_values: bool) -> dict[str, Any]:
    """The fields of an event with its exception as text, and without what upstreams said unless `shows_values`."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, UpstreamText):
            if shows_values:
                found[name] = str(value)
        elif name == "exc_info":
            if isinstance(value, BaseException):
                found["exception"] = format_exception(value, shows_values=shows_values)
        elif isinstance(value, BaseException):
            found[name] = format_exception(value, shows_values=shows_values).rpartition("\n")[2]
        else:
            found[name] = value
    return found


class JsonFormat:
    """One JSON object per line."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, event: Mapping[str, Any]) -> bytes:
        """Render. Most events hold nothing that looks like a secret, and are encoded once."""
        try:
            line = orjson.dumps(event, default=str, option=_OPTIONS)
            text = line.decode()
            if len(text) <= _MAX_QUICK and not self._redactor.may_hold_secret(text):
                return line if text.isascii() and "\x7f" not in text else _escape_json(text)
        except (TypeError, ValueError, RecursionError):
            pass  # an integer over 64 bits, a lone surrogate, a list that holds itself, an object without text
        clean = {name: _make_encodable(value) for name, value in redact_event(self._redactor, event).items()}
        return _escape_json(orjson.dumps(clean, option=_OPTIONS).decode())


class ConsoleFormat:
    """Text for people: time, level, event, then name=value; an exception on indented lines of its own."""

    def __init__(self, redactor: Redactor, *, has_colours: bool) -> None:
        self._redactor = redactor
        self._has_colours = has_colours

    def __call__(self, event: Mapping[str, Any]) -> bytes:
        """Render. Nothing in a value can begin a line or move the cursor."""
        clean = redact_event(self._redactor, event)
        time, level = str(clean.pop("timestamp", "")), str(clean.pop("level", ""))
        name, exception = clean.pop("event", ""), str(clean.pop("exception", ""))
        values = (f"{escape_controls(str(key))}={_format_value(value)}" for key, value in clean.items())
        parts = [
            self._colour("2", time[:23]),
            self._colour(_COLOURS.get(level, "0"), f"{level:<8}"),
            escape_controls(str(name)),
            *values,
        ]
        lines = [" ".join(parts), *(f"    {escape_controls(line)}" for line in exception.split("\n") if exception)]
        return ("\n".join(lines) + "\n").encode()

    def _colour(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._has_colours else text


def redact_event(redactor: Redactor, event: Mapping[str, Any]) -> dict[str, Any]:
    """An event of plain values without secrets."""
    clean: dict[str, Any] = redactor.redact(
        {name: _format_time(value) if isinstance(value, datetime) else value for name, value in event.items()}
    )
    return clean


def _format_time(value: datetime) -> str:
    """As orjson writes it: UTC ends with Z."""
    text = value.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def escape_controls(text: str) -> str:
    """The text with control characters in the notation of Python, so that it stays on its line."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return named.get(match[0]) or f"\\u{ord(match[0]):04x}"


def _escape_json(text: str) -> bytes:
    """JSON escapes its own controls; those of terminals beyond ASCII are escaped as JSON would."""
    return (_UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text.removesuffix("\n")) + "\n").encode()


def _format_value(value: Any) -> str:
    if isinstance(value, str):
        quoted = orjson.dumps(_make_encodable(value)).decode() if _NEEDS_QUOTES.search(value) else value
        return escape_controls(quoted)
    if isinstance(value, dict | list):
        return escape_controls(orjson.dumps(_make_encodable(value)).decode())
    return escape_controls(str(value))


def _make_encodable(value: Any) -> Any:
    """Redacted values, as orjson takes them."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and not -_BIG <= value < _BIG:
        return f"{value:#x}"[:100]
    if isinstance(value, dict):
        return {_make_encodable(name): _make_encodable(each) for name, each in value.items()}
    return [_make_encodable(each) for each in value] if isinstance(value, list) else value
