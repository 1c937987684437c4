"""The paths of an OpenAPI description, and which of them an endpoint's URL is. Used by `schema_description`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from itertools import product
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.rest.encode.url import UrlTemplate
from connectors.rest.schema_document import Document, get_list, get_mapping

_HOLE = "\0"
"""What stands for a parameter in a segment."""
_WILD = "\0\0"
"""A segment that may be several."""
_MAX_BASES = 20
_SHOWN = 8
"""How many paths a message lists."""

Segments = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """The path of a server."""

    segments: Segments
    host: str
    """Empty for the host that the description came from."""


@dataclass(frozen=True, slots=True)
class DescribedPath:
    """One of `paths`."""

    text: str
    item: Mapping[str, Any]
    segments: Segments
    names: tuple[str, ...]
    """Of each segment that is one parameter, its name; empty for others."""
    bases: tuple[Base, ...]
    is_vague: bool
    """Whether a query or fragment, too, says which path it is."""


@dataclass(frozen=True, slots=True)
class Match:
    """A path that an endpoint's URL may be."""

    path: DescribedPath
    is_exact: bool
    """Whether each parameter of the URL stands where the description has one."""
    constants: int
    """How many segments are the same text."""
    offset: int = 0
    """How many segments of the endpoint's own path come before the description's; negative for those of the address."""
    missing_base: Segments = ()
    """The path of the server that the address lacks."""
    is_slash_wrong: bool = False
    """Whether only one of the two ends with a slash."""


def list_paths(document: Document) -> list[DescribedPath]:
    """Read `paths`."""
    common = _list_bases(document, document.data)
    found = []
    for text, node in document.data["paths"].items():
        item = document.resolve(node)
        if not isinstance(item, Mapping) or not text.startswith("/"):
            continue
        bases = [
            *(list(_list_servers(item)) or common),
            *(base for each in item.values() for base in _list_servers(each)),
        ]
        plain = re.split(r"[?#]", text, maxsplit=1)[0]
        parts = plain.split("/")[1:]
        found.append(
            DescribedPath(
                text=text,
                item=item,
                segments=tuple(_read_segment(each) for each in parts),
                names=tuple(each[1:-1] if re.fullmatch(r"\{[^{}]*\}", each) else "" for each in parts),
                bases=tuple(dict.fromkeys(bases)),
                is_vague=plain != text,
            )
        )
    return found


def _read_segment(text: str) -> str:
    if re.fullmatch(r"\{[^{}]*[+*=][^{}]*\}", text):
        return _WILD
    return _HOLE.join(unquote(each) for each in re.split(r"\{[^{}]*\}", text))


def _list_bases(document: Document, data: Mapping[str, Any]) -> list[Base]:
    if document.is_swagger:
        return [Base(_split(str(data.get("basePath") or "")), str(data.get("host") or "").lower())]
    return list(_list_servers(data)) or [Base((), "")]


def _list_servers(node: Any) -> Iterator[Base]:
    for server in get_list(node, "servers"):
        url = server.get("url") if isinstance(server, Mapping) else None
        if not isinstance(url, str):
            continue
        variables = get_mapping(server, "variables")
        choices = [
            [(name, value) for value in dict.fromkeys(map(str, [_get_default(each), *get_list(each, "enum")]))]
            for name, each in variables.items()
        ]
        for number, chosen in enumerate(product(*choices)):
            if number == _MAX_BASES:
                break
            filled = url
            for name, value in chosen:
                filled = filled.replace(f"{{{name}}}", value)
            try:
                parts = urlsplit(filled)
                yield Base(_split(parts.path), parts.netloc.lower())
            except ValueError:
                continue


def _get_default(variable: Any) -> Any:
    return variable.get("default", "") if isinstance(variable, Mapping) else ""


def _split(path: str) -> Segments:
    return tuple(unquote(each) for each in path.split("/") if each)


def read_url(url: UrlTemplate) -> Segments:
    """The segments of an endpoint's path."""
    segments = []
    for parts in url.segments:
        if any(not isinstance(part, str) and part.style for part in parts):
            segments.append(_WILD)
        else:
            segments.append("".join(unquote(part) if isinstance(part, str) else _HOLE for part in parts))
    return tuple(segments)


def find_matches(paths: list[DescribedPath], address: str, url: UrlTemplate) -> list[Match]:
    """The paths that an endpoint's URL may be, the best first: those below the server's path, the most concrete."""
    own = read_url(url)
    found = _find_all(paths, address, own)
    if not found:
        other = own[:-1] if own[-1] == "" and len(own) > 1 else (*own, "")
        found = [replace(each, is_slash_wrong=True) for each in _find_all(paths, address, other)]
    return sorted(found, key=lambda each: (bool(each.missing_base), not each.is_exact, -each.constants))


def _find_all(paths: list[DescribedPath], address: str, own: Segments) -> list[Match]:
    parts = urlsplit(address)
    prefix, host = _split(parts.path), parts.netloc.lower()
    matches = [_match_path(path, prefix, own, host) for path in paths]
    return [each for each in matches if each is not None]


def _match_path(path: DescribedPath, prefix: Segments, own: Segments, host: str) -> Match | None:
    full = (*prefix, *own)
    for base in path.bases:
        if match := _compare(full, (*base.segments, *path.segments), path, len(base.segments) - len(prefix)):
            return match
    # The address may be that of a proxy, which adds or removes a part of the path.
    for start in range(len(prefix) + 1):
        inner = full[start:]
        for before in (*(base.segments for base in path.bases), ()):
            offset = len(before) - (len(prefix) - start)
            match = _compare(inner, (*before, *path.segments), path, offset)
            if match is not None:
                return Match(path, match.is_exact, match.constants, offset, _find_missing(path, prefix, host))
    return None


def _find_missing(path: DescribedPath, prefix: Segments, host: str) -> Segments:
    """The path of the server, where the address is that server's without its path."""
    if prefix or not path.bases or not all(base.segments and base.host in ("", host) for base in path.bases):
        return ()
    return path.bases[0].segments


def _compare(own: Segments, described: Segments, path: DescribedPath, offset: int) -> Match | None:
    if len(own) == len(described):
        is_exact, constants = not path.is_vague, 0
        for one, other in zip(own, described, strict=True):
            fits = _compare_segment(one, other)
            if fits is None:
                break
            is_exact = is_exact and fits
            constants += one == other and bool(one.strip(_HOLE))
        else:
            return Match(path, is_exact, constants, offset)
    if _WILD in own or _WILD in described:
        return Match(path, False, 0, offset) if _may_be_same(own, described) else None
    return None


def _compare_segment(own: str, described: str) -> bool | None:
    """Whether one is the other for sure; None where it cannot be."""
    if described in (_HOLE, _WILD):
        return True if own else None
    if own == described:
        return True
    if _HOLE in described and _read_pattern(described).fullmatch(own):
        return True
    return False if _HOLE in own and _read_pattern(own).fullmatch(described) else None


@lru_cache(maxsize=2000)
def _read_pattern(segment: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, segment.split(_HOLE))) if segment != _WILD else ".+", re.DOTALL)


def _may_be_same(own: Segments, described: Segments) -> bool:
    """Whether segments that are several can make the paths equal: what is before the first and after the last fits."""
    before = min(each.index(_WILD) if _WILD in each else len(each) for each in (own, described))
    after = min(each[::-1].index(_WILD) if _WILD in each else len(each) for each in (own, described))
    shorter, longer = sorted((own, described), key=len)
    if _WILD not in shorter and len(longer) > len(shorter):
        return False
    pairs = [*zip(own[:before], described[:before], strict=False)]
    pairs += zip(own[::-1][:after], described[::-1][:after], strict=False)
    return all(_compare_segment(one, other) is not None for one, other in pairs)


def suggest_path(paths: list[DescribedPath], url: UrlTemplate) -> str:
    """`did you mean "/items/{id}"?`, or what there is."""
    known = {_show(path.segments): path.text for path in reversed(paths)}
    near = get_close_matches(_show(read_url(url)), known, n=1)
    if near:
        return f'did you mean "{known[near[0]]}"?'
    texts = [path.text for path in paths]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return f"it has {', '.join(texts[:_SHOWN]) or 'none'}{more}"


def _show(segments: Segments) -> str:
    return "/" + "/".join(segments).replace(_WILD, "{}").replace(_HOLE, "{}").lower()
