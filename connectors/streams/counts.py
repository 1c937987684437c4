"""What became of messages that no subscriber received. Kept by connectors with streams."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.contract import Operation
from connectors.reports import Detail, report_loss


@dataclass(slots=True)
class Counts:
    """Messages and events of one upstream that no subscriber received; each is reported as a loss.

    The `detail` is for the log. Without one it is counted alone, because it is no sign of a mistake.
    """

    upstream: str = ""
    undecodable: int = 0
    """Neither JSON nor within `max_reply_size`."""
    unrouted: int = 0
    """Decodable, and for no subscriber that is there."""
    dropped: int = 0
    """Lost by subscribers that are too slow."""

    def count_undecodable(self, detail: Detail = None, number: int = 1) -> None:
        """Count those that are no JSON, or too large."""
        self.undecodable += number
        self._report("unread", number, detail)

    def count_unrouted(self, detail: Detail = None, number: int = 1) -> None:
        """Count those without a subscriber."""
        self.unrouted += number
        self._report("unclaimed", number, detail)

    def count_late(self) -> None:
        """Count one answer whose call is over."""
        self.unrouted += 1
        self._report("late", 1, "an answer whose call is over")

    def count_dropped(self, number: int) -> None:
        """Count those that a subscriber has lost."""
        if number:
            self.dropped += number
            self._report("dropped", number, "events for a subscriber that reads more slowly than they come")

    def _report(self, what: str, number: int, detail: Detail) -> None:
        report_loss(Operation(upstream=self.upstream, name="messages"), what, number, detail)
