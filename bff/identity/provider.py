"""What an identity provider is. Implemented by the other modules of this room, and by functions of a project."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, Protocol, TypeAlias

from bff.contract import Caller, Request


class Lookup(Enum):
    """What can be said of a request without waiting, beside its caller."""

    MISSING = "missing"
    """It carries no credential of this kind."""
    UNKNOWN = "unknown"
    """It carries one; `identify` says whose it is."""


MISSING: Final = Lookup.MISSING
UNKNOWN: Final = Lookup.UNKNOWN

Found: TypeAlias = Caller | Literal[Lookup.MISSING, Lookup.UNKNOWN]


class InvalidCredential(Exception):
    """A credential that does not prove who sends the request. The message is safe to show: it never holds a secret."""

    def __init__(self, message: str, *, is_foreign: bool = False, is_expired: bool = False) -> None:
        """`is_foreign`: another provider may have issued it, so the next one is tried. `is_expired`: it was valid."""
        super().__init__(message)
        self.is_foreign, self.is_expired = is_foreign, is_expired


class IdentityProvider(Protocol):
    """One way to prove who sends a request."""

    @property
    def name(self) -> str:
        """Its key under `identity` in bff.yaml."""

    @property
    def headers(self) -> frozenset[str]:
        """The request headers, in lower case, that pages of other sites and `connection_init` may set for it."""

    @property
    def advice(self) -> str:
        """What a client sends to prove itself, as part of a sentence, such as "an API key in the x-api-key header"."""

    def challenge(self, problem: str = "") -> str:
        """The value of WWW-Authenticate (RFC 9110, section 11.6.1); `problem` says what is wrong with a credential."""

    def find(self, head: Request) -> Found:
        """The caller of a request, as far as it is known without waiting."""

    async def identify(self, head: Request) -> Caller:
        """The caller of a request for which `find` returned UNKNOWN. Raises InvalidCredential."""

    async def open(self) -> None:
        """Begin what runs in the background, such as reading keys again. Called once, before the first request."""

    async def close(self) -> None:
        """End what `open` began."""
