"""The status and the headers of a response that resolvers have chosen; see bff.authoring.response."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHead:
    """What resolvers have chosen of one response."""

    status: int | None = None
    """None where no resolver has set it."""
    lines: tuple[tuple[str, str], ...] = ()
    """Headers, names in lower case, checked; a name may occur several times. Without those that follow."""
    cache_control: str = "no-store"
    """Such a response is for one caller: no cache keeps it unless a resolver says so."""
    vary: tuple[str, ...] = ()

    def describe(self) -> dict[str, object]:
        """What of it is in a log line: no values."""
        return {"status": self.status, "headers": sorted({name for name, _ in self.lines})}
