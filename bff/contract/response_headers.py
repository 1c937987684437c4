"""The headers of every response, and what a frontend changes about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
    }
)
"""Of responses with data: no browser takes them for a script, a page in a frame, or an image of another site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRules:
    """What a frontend changes about the headers of its responses. Names are in lower case."""

    set: tuple[tuple[str, str], ...] = ()
    """Names and values to send."""
    remove: tuple[str, ...] = ()
    """Names in SECURITY_HEADERS that are not sent."""
