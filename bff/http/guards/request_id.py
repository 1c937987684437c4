"""The id that ties a request to its log lines and to its upstream calls."""

from __future__ import annotations

import re
import secrets
from itertools import count

_SANE = re.compile(r"[A-Za-z0-9._:-]{1,100}")


class RequestIds:
    """Keeps a sane incoming `x-request-id`, and makes one otherwise. One per process."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(8)
        self._numbers = count(1)

    def choose(self, given: str | None) -> str:
        """The id of a request that came with `given` as its `x-request-id`."""
        return given if given is not None and _SANE.fullmatch(given) else self.new()

    def new(self) -> str:
        """32 hex digits that no other request of any process has; ids are no secrets, so a counter does."""
        return f"{self._process}{next(self._numbers):016x}"
