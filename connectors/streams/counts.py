"""What became of messages that no subscriber received. Kept by connectors with streams."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.events import count_event


@dataclass(slots=True)
class Counts:
    """Messages of one upstream that no subscriber received."""

    upstream: str = ""
    undecodable: int = 0
    """Neither JSON nor within `max_reply_size`."""
    unrouted: int = 0
    """Decodable, and for no subscriber that is there."""
    dropped: int = 0
    """Lost by subscribers that were too slow and have left since."""

    def count_undecodable(self) -> None:
        """Count one that is no JSON, or too large."""
        self.undecodable += 1
        count_event("message_undecodable", self.upstream)

    def count_unrouted(self) -> None:
        """Count one without a subscriber."""
        self.unrouted += 1
        count_event("message_unrouted", self.upstream)

    def count_dropped(self, number: int) -> None:
        """Count those that a subscriber has lost."""
        if number:
            self.dropped += number
            count_event("message_dropped", self.upstream, number)
