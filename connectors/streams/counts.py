"""What became of messages that no subscriber received. Kept by connectors with streams."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Messages of one upstream that no subscriber received."""

    undecodable: int = 0
    """Neither JSON nor within `max_reply_size`."""
    unrouted: int = 0
    """Decodable, and for no subscriber that is there."""
    dropped: int = 0
    """Lost by subscribers that were too slow and have left since."""
