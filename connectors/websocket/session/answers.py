"""Matches answers with the calls that wait for them, by correlation id. Used by the connector."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.contract import at_path
from connectors.errors import UpstreamError

_Path = tuple[str, ...]
_ID = re.compile(r"bff-[0-9a-f]{8}-[0-9]+")


class Answers:
    """The calls that wait for an answer, by the path at which their messages hold the id."""

    def __init__(self) -> None:
        self._pending: dict[_Path, dict[str, asyncio.Future[Any]]] = {}
        self._prefix = f"bff-{secrets.token_hex(4)}"  # ids of two gateways behind one proxy differ
        self._numbers = itertools.count(1)

    def new_id(self) -> str:
        """An id that no other call has."""
        return f"{self._prefix}-{next(self._numbers)}"

    @property
    def are_pending(self) -> bool:
        """Whether a call waits."""
        return any(self._pending.values())

    def is_late(self, message: Any) -> bool:
        """Whether a message that no call waits for answers one of before."""
        return any(str(at_path(message, path)).startswith(self._prefix) for path in self._pending)

    @contextmanager
    def expect(self, path: _Path, correlation_id: str) -> Iterator[asyncio.Future[Any]]:
        """Yield a future of the message that has this id at `path`; its value may be an UpstreamError."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        pending = self._pending.setdefault(path, {})
        pending[correlation_id] = answer
        try:
            yield answer
        finally:
            pending.pop(correlation_id, None)

    def dispatch(self, message: Any) -> bool:
        """Give a message to the call that it answers. Returns whether there is one."""
        for path, pending in self._pending.items():
            correlation_id = at_path(message, path)
            if isinstance(correlation_id, str) and (answer := pending.get(correlation_id)) is not None:
                _set_result(answer, message)
                return True
        return False

    def fail_undecodable(self, text: str | bytes, error: UpstreamError) -> bool:
        """Fail the calls whose ids are in a text that cannot be decoded. Returns whether there is one."""
        raw = text if isinstance(text, str) else text.decode(errors="replace")
        ids = {match[0] for match in _ID.finditer(raw)}
        found = [
            answer for pending in self._pending.values() for each in ids if (answer := pending.get(each)) is not None
        ]
        for answer in found:
            _set_result(answer, error)
        return bool(found)

    def fail_all(self, error: UpstreamError) -> None:
        """Fail every call that waits. The error is a value, because the call may have ended meanwhile."""
        for pending in self._pending.values():
            for answer in pending.values():
                _set_result(answer, error)


def _set_result(answer: asyncio.Future[Any], value: Any) -> None:
    if not answer.done():
        answer.set_result(value)
