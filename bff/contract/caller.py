"""The caller: who sends a request, and how that was proven. Found by the first inbound policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Caller:
    """Who sends a request. Resolvers read it as `info.context.caller`.

    Two callers are equal only if they are the same object: an identity provider returns one object for one credential,
    so whatever is shared between requests of equal callers is shared by one credential alone.
    """

    kind: str
    """`anonymous`, `api_key`, `jwt`, or the name of a project's own identity provider."""
    id: str = ""
    """Names the caller among those of one issuer, such as the claim `sub`. It may be logged. Empty if anonymous."""
    issuer: str = ""
    """Who vouches for it: the claim `iss`, or the name of the identity provider."""
    scopes: frozenset[str] = frozenset()
    """What it may do (RFC 6749, section 3.3)."""
    roles: frozenset[str] = frozenset()
    """What it is."""
    claims: Mapping[str, Any] = field(default_factory=lambda: _NO_CLAIMS, repr=False)
    """Everything that was said about it, such as the claims of its token. Empty for API keys."""
    plan: str = ""
    """The plan that quotas look up. Empty for none."""
    proof: str = ""
    """Where the credential was, such as the name of a header. Empty if anonymous."""
    expires_at: float | None = None
    """When the credential ends, in seconds since 1970 (`time.time()`); None if it does not end by itself."""

    @property
    def is_anonymous(self) -> bool:
        """Whether it proved nothing."""
        return self.kind == "anonymous"


ANONYMOUS = Caller(kind="anonymous")
"""A caller that proved nothing."""
