"""What earlier executions of a plan have shown. Written by the execution, read by the inbound policy `share`."""

from __future__ import annotations


class History:
    """Facts that no document tells, learned while a plan is used."""

    __slots__ = ("has_effects", "was_immediate")

    def __init__(self) -> None:
        self.has_effects = False
        """Whether an execution has effects: each request then gets an execution of its own."""
        self.was_immediate = False
        """Whether the last execution did not wait for anything: no other request could have shared it."""
