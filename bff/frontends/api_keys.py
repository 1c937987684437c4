"""The API keys by which one frontend is chosen (`match.api_key`), which its callers then must have."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from bff.contract import Caller, Request
from bff.frontends.options import ApiKey
from bff.identity.provider import MISSING, UNKNOWN, Found, InvalidCredential


class ApiKeys:
    """Finds the caller of a key. All keys are compared, in constant time, also after a match.

    It is an identity provider too (`bff.identity.provider`), the first of its frontend.
    """

    name = "match.api_key"

    def __init__(self, options: ApiKey) -> None:
        self.header = options.header
        """The header that holds a key, in lower case."""
        self._keys = [key.get_secret_value().encode() for key in options.keys]
        self._callers = [
            Caller(kind="api_key", id=f"key-{place}", issuer=self.name, proof=self.header)
            for place in range(1, len(self._keys) + 1)
        ]

    def find_caller(self, headers: Mapping[str, str]) -> Caller | None:
        """The caller whose key the headers hold, by its place in bff.yaml; None for no key or a wrong one."""
        presented = headers.get(self.header, "").encode()
        matches = [hmac.compare_digest(presented, key) for key in self._keys]
        return self._callers[matches.index(True)] if True in matches else None

    @property
    def headers(self) -> frozenset[str]:
        """The one header."""
        return frozenset({self.header})

    @property
    def advice(self) -> str:
        """The header."""
        return f"a valid API key in the {self.header} header"

    def challenge(self, problem: str = "") -> str:
        """There is no registered scheme for API keys; the header is a parameter."""
        return f'ApiKey header="{self.header}"'

    def find(self, head: Request) -> Found:
        """The caller of a valid key; UNKNOWN for another one."""
        if not head.headers.get(self.header):
            return MISSING
        return self.find_caller(head.headers) or UNKNOWN

    async def identify(self, head: Request) -> Caller:
        """Raise InvalidCredential: all valid keys are known."""
        raise InvalidCredential(f"The API key in the {self.header} header is not valid.")

    async def open(self) -> None:
        """Nothing runs in the background."""

    async def close(self) -> None:
        """Nothing runs in the background."""
