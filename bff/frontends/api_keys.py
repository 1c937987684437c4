"""The API keys of one frontend. Used to choose the frontend, and by the inbound policy that lets callers in."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from bff.contract import Caller
from bff.frontends.options import ApiKey


class ApiKeys:
    """Finds the caller of a key. All keys are compared, in constant time, also after a match."""

    def __init__(self, options: ApiKey) -> None:
        self.header = options.header
        """The header that holds a key, in lower case."""
        self._keys = [key.get_secret_value().encode() for key in options.keys]
        self._callers = [
            Caller(kind="api_key", id=f"key-{place}", proof=self.header) for place in range(1, len(self._keys) + 1)
        ]

    def find_caller(self, headers: Mapping[str, str]) -> Caller | None:
        """The caller whose key the headers hold, by its place in bff.yaml; None for no key or a wrong one."""
        presented = headers.get(self.header, "").encode()
        matches = [hmac.compare_digest(presented, key) for key in self._keys]
        return self._callers[matches.index(True)] if True in matches else None
