"""Links to other pages: in Link headers (RFC 8288) and in bodies. Used by `paging`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.transport.redirects import find_origin, resolve_url

_PARAMETER = r';\s*([\w!#$&+.^`|~*-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*)))?\s*'  # RFC 8288 section 3
_LINK = re.compile(rf"<([^<>]*)>\s*((?:{_PARAMETER})*)")
_TEMPLATE = re.compile(r"\{[?&#][^{}]*\}")
"""What a templated link (HAL) lets its reader add: nothing is added."""
_WHOLE = re.compile(r"https?://[^/]", re.IGNORECASE)


def is_url(text: str) -> bool:
    """Whether a text is written like a URL, which no cursor is: whole, or a path or nothing before its query."""
    return _WHOLE.match(text) is not None or (text[0] in "/?" and "?" in text and "=" in text)


def next_link(header: str) -> str | None:
    """The target of the first link whose relation is `next`."""
    for link in _LINK.finditer(header):
        for name, quoted, bare in re.findall(_PARAMETER, link[2]):
            if name.lower() == "rel":
                if "next" in (quoted or bare).lower().split():
                    return link[1]
                break  # only the first rel counts
    return None


def find_target(links: Any) -> Any:
    """The target of a link in a page: a text, an object with `href` or `url`, or, of a list of those, the next one."""
    if isinstance(links, list):
        found = (each for each in links if isinstance(each, Mapping) and "next" in _list_relations(each.get("rel")))
        links = next(found, None)
    if isinstance(links, Mapping):
        return next((links[name] for name in ("href", "url", "uri") if name in links), links)
    return links


def _list_relations(relation: Any) -> list[Any]:
    return relation.lower().split() if isinstance(relation, str) else relation if isinstance(relation, list) else []


def find_own_url(url: str, target: str) -> str | None:
    """Where a link of the page at `url` leads, at the page's own origin; None for a link that leads elsewhere.

    An upstream behind a proxy may write its own name and its own path: such a link has the path of the page, but for a
    prefix, and its query is taken. Nothing is ever sent to another origin.
    """
    try:
        resolved = resolve_url(url, _TEMPLATE.sub("", target))
        is_own = find_origin(resolved) == find_origin(url)
    except ValueError:
        return None
    here, there = urlsplit(url), urlsplit(resolved)
    if _is_same_path(here.path, there.path) and (len(there.path) < len(here.path) or not is_own):
        return here._replace(query=there.query).geturl() if there.scheme in ("http", "https") else None
    return resolved if is_own else None


def _is_same_path(here: str, there: str) -> bool:
    """Whether one path is the other, or its end behind a prefix."""
    one, other = here.strip("/").split("/"), there.strip("/").split("/")
    shorter, longer = sorted((one, other), key=len)
    return shorter != [""] and longer[-len(shorter) :] == shorter
