"""The bytes of request bodies and uploaded files that one process holds at once. Shared by transports with bodies."""

from __future__ import annotations

from bff.contract import Problem
from bff.observability.metrics import count_refusal


class BodyBudget:
    """Bytes that may still be held."""

    __slots__ = ("_left",)

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes

    def open(self) -> BodyShare:
        """The share of one request, which must be closed."""
        return BodyShare(self)

    def take(self, size: int) -> None:
        """Hold more. Raises Refused if there is no room."""
        if size > self._left:
            count_refusal("uploads.max_bytes")
            raise Problem.SERVER_OVERLOADED.refusal(
                "The server holds as many request bodies and files as it can; try again later.",
                retry_after="1",
                connection="close",
            )
        self._left -= size

    def give_back(self, size: int) -> None:
        """Hold less."""
        self._left += size


class BodyShare:
    """What one request holds."""

    __slots__ = ("_budget", "_taken")

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._taken = 0

    def take(self, size: int) -> None:
        """Hold more. Raises Refused if there is no room."""
        self._budget.take(size)
        self._taken += size

    def close(self) -> None:
        """Hold nothing any more."""
        self._budget.give_back(self._taken)
        self._taken = 0
