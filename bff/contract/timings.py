"""How long the parts of a request took. Noted by gateway and loading, told by HTTP (Server-Timing)."""

from __future__ import annotations

from contextvars import ContextVar


class Timings:
    """How long the parts of one request took, in seconds. Kept only for those who ask (Server-Timing)."""

    __slots__ = ("parts", "tells_names", "upstreams")

    def __init__(self, *, tells_names: bool) -> None:
        """`tells_names` allows the frontend to read which upstreams there are."""
        self.tells_names = tells_names
        self.parts: dict[str, float] = {}
        self.upstreams: dict[str, list[float]] = {}
        """One number for each call, by upstream name."""


timings: ContextVar[Timings | None] = ContextVar("timings", default=None)
"""Where the request answered here notes its times; None when nobody asked."""
