"""URL templates: `/products/{id}?lang={lang}`. Parsed when an endpoint is defined, filled for every call.

A placeholder of the path is required; a list there is joined with commas. `{+file}`, or `{file:segments}`, takes
several segments in one value (RFC 6570 section 3.2.3, with the rest quoted). A placeholder of the query is optional:
its pair is omitted for None or no value, and repeated for a list (`id=1&id=2`). `{id:comma}`, `{id:space}` and
`{id:pipe}` join a list, `filter={filter:deep}` writes a mapping as `filter[state]=open` (OpenAPI's deepObject), a lone
`{filter*}` writes it as pairs of its own, `state=open` (RFC 6570 section 3.2.8), and `{filter:json}` as JSON.
Values are quoted (RFC 3986), so that none can leave its place in the path or the query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_plus

import msgspec

from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError
from connectors.rest.encode.values import encode_query, format_values, quote_value, quote_values

_PATH = re.compile(r"((?:[^?{}#]|\{[^{}]*\})*)(?:\?(.*))?", re.DOTALL)
_BRACES = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDER = re.compile(r"(\+?)([A-Za-z_][A-Za-z0-9_]*)\??(?::(\w*))?")
_EXPLODED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\*\}")
"""A whole pair of the query: a mapping whose entries are pairs."""
_CONSTANT = "/:@!$&'()*+,;=~%"  # not quoted in constants, which the author may have quoted
_JOINS = {"comma": ",", "space": "%20", "pipe": "%7C"}
"""What stands between the items of a list, by style."""
_QUERY_STYLES = (*_JOINS, "json", "deep")
_PATH_STYLES = ("segments", "path")
_NO_SEGMENT = ("", ".", "..")
_NO_SEGMENTS = frozenset(_NO_SEGMENT)


@dataclass(frozen=True, slots=True)
class UrlPlaceholder:
    """The place of a parameter, and how a value is written there."""

    name: str
    style: str = ""


UrlParts = tuple[str | UrlPlaceholder, ...]


class UrlTemplate:
    """A path with an optional query, relative to the upstream's address."""

    def __init__(self, text: str, *, together: tuple[str, ...] = ()) -> None:
        """`together` are parameters whose lists have one item for each key of a batch: `id={ward}-{bed}`.

        Raises DefinitionError, which names the author's line, for a text that is not a template.
        """
        self._together = together
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
        _check_styles(text, _find_placeholders(self._segments), _PATH_STYLES, "path")
        named = (parts for name, parts in self._pairs if name)
        _check_styles(text, _find_placeholders(named), _QUERY_STYLES, "query")
        if any(len(parts) > 1 and _has_mapping(parts) for _, parts in self._pairs):
            raise _definition_error(text, "{name:deep} is a whole value; write it alone, name={name:deep}")
        is_constant = not _find_placeholders(self._segments)
        self._constant_path = (
            "".join([f"/{_fill_segment(parts, {})}" for parts in self._segments]) if is_constant else ""
        )
        self.parameters: dict[str, bool] = dict.fromkeys(
            (place.name for place in _find_placeholders(parts for _, parts in self._pairs)), False
        )
        """Whether each parameter must be given, by name."""
        self.parameters.update((place.name, True) for place in _find_placeholders(self._segments))

    @property
    def segments(self) -> tuple[UrlParts, ...]:
        """The segments of the path: constants, quoted, and places of parameters."""
        return self._segments

    @property
    def pairs(self) -> tuple[tuple[str, UrlParts], ...]:
        """The constant `name=` of each pair of the query (empty for `{filter*}`), and the parts of its value."""
        return self._pairs

    def fill(self, arguments: Mapping[str, Any]) -> str:
        """The quoted path and query. Raises ValueError for a value that cannot stand in its place."""
        path = self._constant_path or "".join([f"/{_fill_segment(parts, arguments)}" for parts in self._segments])
        if not self._pairs:
            return path
        fill_pair = self._fill_together if self._together else _fill_pair
        query = "&".join(filter(None, [fill_pair(name, parts, arguments) for name, parts in self._pairs]))
        return f"{path}?{query}" if query else path

    def _fill_together(self, name: str, parts: UrlParts, arguments: Mapping[str, Any]) -> str:
        """A pair for each key of a batch, where it holds several parts of one."""
        inside = [place.name for place in _find_placeholders([parts]) if place.name in self._together]
        if len(inside) < 2:
            return _fill_pair(name, parts, arguments)
        rows = zip(*(arguments[each] for each in inside), strict=True)
        return "&".join([_fill_pair(name, parts, {**arguments, **dict(zip(inside, row, strict=True))}) for row in rows])


def add_query(url: str, fixed: Mapping[str, str]) -> str:
    """The URL with these query parameters too, but for those that it has."""
    query = url.partition("?")[2]
    names = {unquote_plus(pair.partition("=")[0]) for pair in query.split("&")} if query else frozenset()
    added = encode_query((name, value) for name, value in fixed.items() if name not in names)
    if not added:
        return url
    return f"{url}&{added}" if query else f"{url.removesuffix('?')}?{added}"


def _fill_segment(parts: UrlParts, arguments: Mapping[str, Any]) -> str:
    """One path segment. Raises ValueError for an empty value, and for `.` and `..`, which name another resource."""
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    written = []
    for part in parts:
        if isinstance(part, str):
            written.append(part)
            continue
        value = arguments.get(part.name)
        texts = value.split("/") if part.style and isinstance(value, str) else format_values(value)
        if not texts or "" in texts:
            raise ValueError(f"{part.name} is empty, or has an empty segment, and the path needs a value")
        if part.style and not _NO_SEGMENTS.isdisjoint(texts):
            raise ValueError(f"{part.name} has . or .. as a path segment: it would name another resource")
        written.append(("/" if part.style else ",").join(map(quote_value, texts)))
    segment = "".join(written)
    if segment in _NO_SEGMENT:
        raise ValueError(f"{segment!r} cannot be a path segment: it would name another resource")
    return segment


def _fill_pair(name: str, parts: UrlParts, arguments: Mapping[str, Any]) -> str:
    """A query pair, `id=1&id=2` for a list; empty when a value is missing."""
    first = parts[0]
    if isinstance(first, UrlPlaceholder) and first.style in ("deep", "exploded"):
        return encode_query(
            _list_deep_pairs(first.name, unquote_plus(name.removesuffix("=")), arguments.get(first.name))
        )
    filled = _fill_part(first, arguments)
    for part in parts[1:]:
        filled = [before + text for before in filled for text in _fill_part(part, arguments)]
    return name + f"&{name}".join(filled) if filled else ""


def _fill_part(part: str | UrlPlaceholder, arguments: Mapping[str, Any]) -> list[str]:
    """The texts of one part of a value, quoted."""
    if isinstance(part, str):
        return [part]
    if part.style == "json":
        return _write_json(part.name, arguments.get(part.name))
    texts = quote_values(arguments.get(part.name))
    return [_JOINS[part.style].join(texts)] if part.style and texts else texts


def _write_json(parameter: str, value: Any) -> list[str]:
    """The value as JSON, quoted. Raises ValueError for one that JSON cannot hold."""
    try:
        return [] if value is None else [quote_value(msgspec.json.encode(value).decode())]
    except (TypeError, RecursionError, OverflowError) as error:
        raise ValueError(f"{parameter} cannot be written as JSON: {type(error).__name__}") from error


def _list_deep_pairs(parameter: str, name: str, value: Any) -> Iterator[tuple[str, str]]:
    """The pairs of a mapping, `filter[state]`, at any depth. Raises ValueError for another value."""
    if value is None:
        return
    if not isinstance(value, Mapping):
        kind = type(value).__name__
        raise ValueError(f"{parameter} must be a mapping, got {kind}")  # noqa: TRY004 - it is an argument of a call
    for key, each in value.items():
        if isinstance(each, Mapping):
            yield from _list_deep_pairs(parameter, f"{name}[{key}]" if name else str(key), each)
        else:
            yield from ((f"{name}[{key}]" if name else str(key), text) for text in format_values(each))


def _parse_pair(pair: str, whole: str) -> tuple[str, UrlParts]:
    """The constant `name=` of a query pair and the parts of its value."""
    if exploded := _EXPLODED.fullmatch(pair):
        return "", (UrlPlaceholder(exploded[1], "exploded"),)
    name, equals, value = pair.partition("=")
    if "{" in name or "}" in name:
        raise _definition_error(
            whole, f"the name {name!r} has a parameter; write name={{parameter}}, only values can have one"
        )
    return quote(name, safe=_CONSTANT) + equals, _parse_parts(value, whole)


def _parse_parts(text: str, whole: str) -> UrlParts:
    """Constants, quoted, and places, in order."""
    parts: list[str | UrlPlaceholder] = []
    for index, piece in enumerate(_BRACES.split(text)):
        if index % 2:
            parts.append(_parse_placeholder(piece, whole))
        elif "{" in piece or "}" in piece:
            raise _definition_error(whole, "a brace has no partner")
        elif piece:
            parts.append(quote(piece, safe=_CONSTANT))
    return tuple(parts) or ("",)


def _parse_placeholder(inside: str, whole: str) -> UrlPlaceholder:
    match = _PLACEHOLDER.fullmatch(inside)
    if match is None:
        raise _definition_error(whole, f'"{{{inside}}}" is not the name of a parameter')
    if match[1] and match[3] is not None:
        raise _definition_error(whole, f'"{{{inside}}}" has two styles; write {{+{match[2]}}} alone')
    return UrlPlaceholder(match[2], "segments" if match[1] else match[3] or "")


def _check_styles(whole: str, places: Sequence[UrlPlaceholder], known: Sequence[str], part: str) -> None:
    for place in places:
        if not place.style or place.style in known:
            continue
        if place.style == "comma":
            raise _definition_error(whole, "a list in a path is always joined with commas; remove :comma")
        shown = f"{{+{place.name}}}" if place.style == "segments" else f":{place.style}"
        allowed = ", ".join(f"{{{place.name}:{each}}}" for each in known)
        raise _definition_error(
            whole, f'"{shown}" is not an option of a {part}; write {{{place.name}}}, or one of {allowed}'
        )


def _find_placeholders(many: Any) -> list[UrlPlaceholder]:
    return [part for parts in many for part in parts if isinstance(part, UrlPlaceholder)]


def _has_mapping(parts: UrlParts) -> bool:
    return any(place.style == "deep" for place in _find_placeholders([parts]))


def _explain_mistake(text: str) -> str:
    if "://" in text:
        return "it has an address, which belongs in bff.yaml; write only the path"
    if not text.startswith("/"):
        return "it does not start with a slash; write /path"
    return "a fragment (#) is never sent; remove it" if "#" in text else "a brace has no partner"


def _definition_error(text: str, reason: str) -> DefinitionError:
    return DefinitionError(f"{place_of_author()}: the URL template {text!r} is not valid: {reason}")
