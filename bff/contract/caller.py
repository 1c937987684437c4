"""The caller: who sends a request, and how that was proven. Found by the first inbound policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sends a request."""

    kind: Literal["anonymous", "api_key"]
    id: str = ""
    """Tells callers of one kind and frontend apart. Safe to log: never the secret itself. Empty for anonymous ones."""
    proof: str = ""
    """What proved it, such as the name of the header that held the API key. Empty for anonymous ones."""


ANONYMOUS = Caller(kind="anonymous")
"""A caller who proved nothing."""
