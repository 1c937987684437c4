"""How many websockets each client address has in this process. Made by the door, used by the websocket transport."""

from __future__ import annotations

from bff.contract import Problem


class Addresses:
    """Counts websockets by address; addresses without any take no memory."""

    def __init__(self, max_each: int) -> None:
        self._max_each = max_each
        self._counts: dict[str, int] = {}

    def take(self, address: str) -> None:
        """Count one more; `release` must follow. Raises Refused if the address has as many as it may."""
        count = self._counts.get(address, 0)
        if count >= self._max_each:
            raise Problem.TOO_MANY_WEBSOCKETS.refusal(
                f"Your address has {count} websockets, which is the limit; close some of them first.", retry_after="1"
            )
        self._counts[address] = count + 1

    def release(self, address: str) -> None:
        """Count one less."""
        count = self._counts[address] - 1
        if count:
            self._counts[address] = count
        else:
            del self._counts[address]
