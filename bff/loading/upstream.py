"""What loading needs of an upstream. `bff.upstreams.Upstream` is one; tests bring their own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Hashable, Mapping
from typing import Protocol

from connectors.contract import Call, Event, Reply


class Reachable(Protocol):
    """One upstream, with its policies around it."""

    @property
    def window(self) -> float | None:
        """Seconds that a batch waits for keys of other requests; None for not at all."""

    @property
    def timeout(self) -> float | None:
        """Seconds that a call may take; None where nothing but its deadline limits it."""

    @property
    def max_records(self) -> int | None:
        """Most records of one reply."""

    @property
    def has_empty_lists(self) -> bool:
        """Whether a list that a reply lacks is an empty one."""

    def identity(self, incoming: Mapping[str, str], /) -> Hashable:
        """Equal for requests from whose headers the upstream is sent the same."""

    def send(self, call: Call, /) -> Awaitable[Reply]:
        """Answer one call. Raises UpstreamError."""

    def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield events. Raises UpstreamError."""

    async def publish(self, call: Call) -> None:
        """Hand over one message. Raises UpstreamError."""
