"""What the websockets of one process hold of their clients' messages, within limits. Used by `websocket_protocol`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bff.contract import Problem
from bff.http.options import Websockets
from bff.observability.metrics import count_refusal

_BURST = 500_000
"""Bytes that the websockets of a process unpack in one iteration of the event loop: about a millisecond."""


class Inboxes:
    """The messages of all websockets: those that are not handled yet, and those whose operations run."""

    def __init__(self, options: Websockets) -> None:
        self.options = options
        self.unhandled = 0
        self.running = 0
        self._holders: dict[Inbox, None] = {}
        """Those with unhandled bytes; the one that has waited longest comes first."""
        self._unpacked = 0

    @property
    def is_busy(self) -> bool:
        """Whether enough was unpacked in this iteration of the event loop."""
        return self._unpacked > _BURST

    def add_unpacked(self, size: int) -> None:
        """Count bytes that were unpacked in this iteration."""
        if not self._unpacked:
            asyncio.get_running_loop().call_soon(self._begin_iteration)
        self._unpacked += size

    def hold(self, inbox: Inbox, size: int) -> None:
        """Note what an inbox holds now. Drops the oldest if all together hold too much."""
        self.unhandled += size - inbox.held
        if not size:
            self._holders.pop(inbox, None)
        elif not inbox.held:
            self._holders[inbox] = None
        inbox.held = size
        while self.unhandled > self.options.max_buffered and self._holders:
            count_refusal("max_buffered")
            oldest = next(iter(self._holders))
            oldest.drop()
            self.hold(oldest, 0)

    def _begin_iteration(self) -> None:
        self._unpacked = 0


class Inbox:
    """The messages of one websocket. What a client sends whole is handled at once; what it leaves unfinished is not."""

    def __init__(self, inboxes: Inboxes, drop: Callable[[], None], allow_large_messages: Callable[[], None]) -> None:
        """`drop` closes the connection and forgets what arrived."""
        self._inboxes, self.drop, self.allow_large_messages = inboxes, drop, allow_large_messages
        self.held = 0
        """Bytes that arrived and were not handled."""
        self.running = 0
        """Bytes of the messages whose operations run."""

    def hold(self, size: int) -> None:
        """Note what is held now."""
        if size != self.held:
            self._inboxes.hold(self, size)

    def try_begin(self, size: int) -> bool:
        """Whether an operation whose message has this size may run: one always may, more if there is room."""
        inboxes = self._inboxes
        is_refused = self.running and (
            self.running + size > inboxes.options.max_connection_buffered
            or inboxes.running + size > inboxes.options.max_buffered
        )
        if is_refused:
            count_refusal(Problem.TOO_MANY_OPERATIONS.name)
            return False
        self.running += size
        inboxes.running += size
        return True

    def end(self, size: int) -> None:
        """The operation has ended."""
        self.running -= size
        self._inboxes.running -= size
