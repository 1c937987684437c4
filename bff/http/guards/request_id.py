"""Request ids: they connect a request with its log lines and its upstream calls. Used by the door and websockets."""

from __future__ import annotations

import re
import secrets
from itertools import count

_SAFE = re.compile(r"[A-Za-z0-9._:-]{1,100}")


class RequestIds:
    """Takes an incoming `x-request-id` that is safe to log, or makes one. One object per process."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(8)
        self._numbers = count(1)

    def choose(self, incoming: str | None) -> str:
        """The id of a request that came with `incoming` as its `x-request-id`."""
        return incoming if incoming is not None and _SAFE.fullmatch(incoming) else self.new()

    def new(self) -> str:
        """32 hex digits, unique among the requests of all processes; an id is no secret, so a counter is enough."""
        return f"{self._process}{next(self._numbers):016x}"
