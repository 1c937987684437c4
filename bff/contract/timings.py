"""How long the parts of a request took. Recorded by gateway and loading, sent by HTTP (Server-Timing)."""

from __future__ import annotations

from contextvars import ContextVar


class Timings:
    """How long the parts of one request took, in seconds. Kept only for those who ask (Server-Timing)."""

    __slots__ = ("parts", "shows_names", "upstreams")

    def __init__(self, *, shows_names: bool) -> None:
        """`shows_names` allows the frontend to read which upstreams there are."""
        self.shows_names = shows_names
        self.parts: dict[str, float] = {}
        self.upstreams: dict[str, list[float]] = {}
        """One number for each call, by upstream name."""


timings: ContextVar[Timings | None] = ContextVar("timings", default=None)
"""Where the current request records its times; None when they are not wanted."""
