"""URL templates: `/products/{id}?lang={lang}`. Parsed when an endpoint is defined, filled for every call.

A placeholder of the path is required; a list there is joined with commas. A placeholder of the query is optional: its
pair is omitted for None or no value, repeated for a list (`id=1&id=2`), and joined with `{id:comma}` (`id=1,2`).
Values are quoted (RFC 3986), so that none can leave its path segment or query value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError
from connectors.rest.encode.values import format_values, quote_value, quote_values

_PATH = re.compile(r"((?:[^?{}#]|\{[^{}]*\})*)(?:\?(.*))?", re.DOTALL)
_BRACES = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\??(?::(\w*))?")
_CONSTANT = "/:@!$&'()*+,;=~%"  # not quoted in constants, which the author may have quoted
_MODIFIERS = ("comma",)
_NO_SEGMENT = ("", ".", "..")


@dataclass(frozen=True, slots=True)
class _Placeholder:
    name: str
    is_comma_list: bool


_Parts = tuple[str | _Placeholder, ...]


class UrlTemplate:
    """A path with an optional query, relative to the upstream's address."""

    def __init__(self, text: str) -> None:
        """Raises DefinitionError, which names the author's line, for a text that is not a template."""
        match = _PATH.fullmatch(text)
        if "#" in text or not text.startswith("/") or match is None:
            raise _definition_error(text, _explain_mistake(text))
        self.path: str = match[1]
        """The path as written, for people."""
        self._segments = tuple(_parse_parts(segment, text) for segment in self.path.split("/")[1:])
        self._pairs = tuple(_parse_pair(pair, text) for pair in (match[2] or "").split("&") if pair)
        if any(parts in ((".",), ("..",)) for parts in self._segments):
            raise _definition_error(
                text, "the segments . and .. are resolved before a request is sent; write the resolved path"
            )
        if any(place.is_comma_list for place in _find_placeholders(self._segments)):
            raise _definition_error(text, "a list in a path is always joined with commas; remove :comma")
        is_constant = not _find_placeholders(self._segments)
        self._constant_path = (
            "".join([f"/{_fill_segment(parts, {})}" for parts in self._segments]) if is_constant else ""
        )
        self.parameters: dict[str, bool] = dict.fromkeys(
            (place.name for place in _find_placeholders(parts for _, parts in self._pairs)), False
        )
        """Whether each parameter must be given, by name."""
        self.parameters.update((place.name, True) for place in _find_placeholders(self._segments))

    def fill(self, arguments: Mapping[str, Any]) -> str:
        """The quoted path and query. Raises ValueError for a value that cannot stand in its place."""
        path = self._constant_path or "".join([f"/{_fill_segment(parts, arguments)}" for parts in self._segments])
        if not self._pairs:
            return path
        query = "&".join(filter(None, [_fill_pair(name, parts, arguments) for name, parts in self._pairs]))
        return f"{path}?{query}" if query else path


def _fill_segment(parts: _Parts, arguments: Mapping[str, Any]) -> str:
    """One path segment. Raises ValueError for an empty value, and for `.` and `..`, which name another resource."""
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    written = []
    for part in parts:
        if isinstance(part, str):
            written.append(part)
            continue
        texts = format_values(arguments.get(part.name))
        if not texts or "" in texts:
            raise ValueError(f"{part.name} is empty, and the path needs a value")
        written.append(",".join(map(quote_value, texts)))
    segment = "".join(written)
    if segment in _NO_SEGMENT:
        raise ValueError(f"{segment!r} cannot be a path segment: it would name another resource")
    return segment


def _fill_pair(name: str, parts: _Parts, arguments: Mapping[str, Any]) -> str:
    """A query pair, `id=1&id=2` for a list; empty when a value is missing."""
    filled = _fill_part(parts[0], arguments)
    for part in parts[1:]:
        filled = [before + text for before in filled for text in _fill_part(part, arguments)]
    return name + f"&{name}".join(filled) if filled else ""


def _fill_part(part: str | _Placeholder, arguments: Mapping[str, Any]) -> list[str]:
    """The texts of one part of a value, quoted."""
    if isinstance(part, str):
        return [part]
    texts = quote_values(arguments.get(part.name))
    return [",".join(texts)] if part.is_comma_list and texts else texts


def _parse_pair(pair: str, whole: str) -> tuple[str, _Parts]:
    """The constant `name=` of a query pair and the parts of its value."""
    name, equals, value = pair.partition("=")
    if "{" in name or "}" in name:
        raise _definition_error(
            whole, f"the name {name!r} has a parameter; write name={{parameter}}, only values can have one"
        )
    return quote(name, safe=_CONSTANT) + equals, _parse_parts(value, whole)


def _parse_parts(text: str, whole: str) -> _Parts:
    """Constants, quoted, and places, in order."""
    parts: list[str | _Placeholder] = []
    for index, piece in enumerate(_BRACES.split(text)):
        if index % 2:
            parts.append(_parse_placeholder(piece, whole))
        elif "{" in piece or "}" in piece:
            raise _definition_error(whole, "a brace has no partner")
        elif piece:
            parts.append(quote(piece, safe=_CONSTANT))
    return tuple(parts) or ("",)


def _parse_placeholder(inside: str, whole: str) -> _Placeholder:
    match = _PLACEHOLDER.fullmatch(inside)
    if match is None:
        raise _definition_error(whole, f'"{{{inside}}}" is not the name of a parameter')
    if match[2] is not None and match[2] not in _MODIFIERS:
        raise _definition_error(
            whole,
            f'":{match[2]}" is not an option; write {{{match[1]}:comma}} to join lists, {{{match[1]}}} to repeat them',
        )
    return _Placeholder(match[1], is_comma_list=match[2] == "comma")


def _find_placeholders(many: Any) -> list[_Placeholder]:
    return [part for parts in many for part in parts if isinstance(part, _Placeholder)]


def _explain_mistake(text: str) -> str:
    if "://" in text:
        return "it has an address, which belongs in bff.yaml; write only the path"
    if not text.startswith("/"):
        return "it does not start with a slash; write /path"
    return "a fragment (#) is never sent; remove it" if "#" in text else "a brace has no partner"


def _definition_error(text: str, reason: str) -> DefinitionError:
    return DefinitionError(f"{place_of_author()}: the URL template {text!r} is not valid: {reason}")
