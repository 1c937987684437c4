"""URL templates: `/products/{id}?lang={lang}`. Parsed where an endpoint is defined, filled for every call.

A placeholder of the path is required; a list there is joined with commas. A placeholder of the query is optional: None
or nothing given drops its pair, a list repeats it (`id=1&id=2`), `{id:comma}` joins it (`id=1,2`).
Values are quoted (RFC 3986): none can leave its path segment or its query value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError
from connectors.rest.encode.values import as_texts, quoted, quoted_texts

_PATH = re.compile(r"((?:[^?{}#]|\{[^{}]*\})*)(?:\?(.*))?", re.DOTALL)
_BRACES = re.compile(r"\{([^{}]*)\}")
_PLACE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\??(?::(\w*))?")
_CONSTANT = "/:@!$&'()*+,;=~%"  # kept in constants: the author may quote himself
_MODIFIERS = ("comma",)
_NO_SEGMENT = ("", ".", "..")


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    is_comma: bool


_Parts = tuple[str | _Place, ...]


class UrlTemplate:
    """A path with an optional query, relative to the upstream's address."""

    def __init__(self, text: str) -> None:
        """Raises DefinitionError, naming the author's line, for what is no template."""
        match = _PATH.fullmatch(text)
        if "#" in text or not text.startswith("/") or match is None:
            raise _mistake(text, _reason(text))
        self.path: str = match[1]
        """The path as written, for people."""
        self._segments = tuple(_parts(segment, text) for segment in self.path.split("/")[1:])
        self._pairs = tuple(_pair(pair, text) for pair in (match[2] or "").split("&") if pair)
        if any(parts in ((".",), ("..",)) for parts in self._segments):
            raise _mistake(
                text, "the segments . and .. are resolved away before a request is sent; write the path itself"
            )
        if any(place.is_comma for place in _places(self._segments)):
            raise _mistake(text, "a list in a path is joined with commas anyway; leave out :comma")
        is_constant = not _places(self._segments)
        self._constant_path = "".join([f"/{_segment(parts, {})}" for parts in self._segments]) if is_constant else ""
        self.parameters: dict[str, bool] = dict.fromkeys(
            (place.name for place in _places(parts for _, parts in self._pairs)), False
        )
        """Whether each parameter must be given, by name."""
        self.parameters.update((place.name, True) for place in _places(self._segments))

    def fill(self, arguments: Mapping[str, Any]) -> str:
        """The quoted path and query. Raises ValueError for a value that cannot stand where it should."""
        path = self._constant_path or "".join([f"/{_segment(parts, arguments)}" for parts in self._segments])
        if not self._pairs:
            return path
        query = "&".join(filter(None, [_filled_pair(name, parts, arguments) for name, parts in self._pairs]))
        return f"{path}?{query}" if query else path


def _segment(parts: _Parts, arguments: Mapping[str, Any]) -> str:
    """One path segment. A value can neither be empty nor make it `.` or `..`, which would name another resource."""
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    written = []
    for part in parts:
        if isinstance(part, str):
            written.append(part)
            continue
        texts = as_texts(arguments.get(part.name))
        if not texts or "" in texts:
            raise ValueError(f"{part.name} is empty, and a path needs a value for it")
        written.append(",".join(map(quoted, texts)))
    segment = "".join(written)
    if segment in _NO_SEGMENT:
        raise ValueError(f"{segment!r} cannot be a path segment: it would name another resource")
    return segment


def _filled_pair(name: str, parts: _Parts, arguments: Mapping[str, Any]) -> str:
    """A query pair, `id=1&id=2` where its value holds a list; nothing when a value is missing."""
    filled = _texts(parts[0], arguments)
    for part in parts[1:]:
        filled = [before + text for before in filled for text in _texts(part, arguments)]
    return name + f"&{name}".join(filled) if filled else ""


def _texts(part: str | _Place, arguments: Mapping[str, Any]) -> list[str]:
    """What a part of a value can be, quoted."""
    if isinstance(part, str):
        return [part]
    texts = quoted_texts(arguments.get(part.name))
    return [",".join(texts)] if part.is_comma and texts else texts


def _pair(pair: str, whole: str) -> tuple[str, _Parts]:
    """The constant `name=` of a query pair and the parts of its value."""
    name, equals, value = pair.partition("=")
    if "{" in name or "}" in name:
        raise _mistake(whole, f"{name!r} holds a parameter; in a query only values can: name={{parameter}}")
    return quote(name, safe=_CONSTANT) + equals, _parts(value, whole)


def _parts(text: str, whole: str) -> _Parts:
    """Constants, quoted, and places, in order."""
    parts: list[str | _Place] = []
    for index, piece in enumerate(_BRACES.split(text)):
        if index % 2:
            parts.append(_place(piece, whole))
        elif "{" in piece or "}" in piece:
            raise _mistake(whole, "a brace has no partner")
        elif piece:
            parts.append(quote(piece, safe=_CONSTANT))
    return tuple(parts) or ("",)


def _place(inside: str, whole: str) -> _Place:
    match = _PLACE.fullmatch(inside)
    if match is None:
        raise _mistake(whole, f'"{{{inside}}}" is not the name of a parameter')
    if match[2] is not None and match[2] not in _MODIFIERS:
        raise _mistake(whole, f'":{match[2]}" is not known; there is {{{match[1]}:comma}}, and lists repeat without it')
    return _Place(match[1], is_comma=match[2] == "comma")


def _places(many: Any) -> list[_Place]:
    return [part for parts in many for part in parts if isinstance(part, _Place)]


def _reason(text: str) -> str:
    if "://" in text:
        return "write only the path; the address of the upstream belongs into bff.yaml"
    if not text.startswith("/"):
        return "a path starts with a slash"
    return "a fragment (#) is never sent" if "#" in text else "a brace has no partner"


def _mistake(text: str, reason: str) -> DefinitionError:
    return DefinitionError(f"{place_of_author()}: the URL template {text!r} cannot work: {reason}")
