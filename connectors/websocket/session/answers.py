"""Answers that are awaited by correlation id. Used by the connector."""

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
    """Calls that wait for a message with their id, each at the path where its protocol has ids."""

    def __init__(self) -> None:
        self._waiting: dict[_Path, dict[str, asyncio.Future[Any]]] = {}
        self._prefix = f"bff-{secrets.token_hex(4)}"  # so that ids of two gateways behind one proxy differ
        self._numbers = itertools.count(1)

    def new_id(self) -> str:
        """An id that no other call has."""
        return f"{self._prefix}-{next(self._numbers)}"

    @contextmanager
    def awaited(self, path: _Path, own: str) -> Iterator[asyncio.Future[Any]]:
        """The message that has the id `own` at `path`, or an UpstreamError as its value."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        here = self._waiting.setdefault(path, {})
        here[own] = answer
        try:
            yield answer
        finally:
            here.pop(own, None)

    def take(self, message: Any) -> bool:
        """Hand a message to the call it answers; whether there is one."""
        for path, here in self._waiting.items():
            own = at_path(message, path)
            if isinstance(own, str) and (answer := here.get(own)) is not None:
                _settle(answer, message)
                return True
        return False

    def fail_unread(self, text: str | bytes, error: UpstreamError) -> bool:
        """Fail the call whose id is in a text that cannot be read; whether there is one."""
        raw = text if isinstance(text, str) else text.decode(errors="replace")
        own = {match[0] for match in _ID.finditer(raw)}
        found = [answer for here in self._waiting.values() for each in own if (answer := here.get(each)) is not None]
        for answer in found:
            _settle(answer, error)
        return bool(found)

    def fail_all(self, error: UpstreamError) -> None:
        """Fail every call that waits. As a value: nobody may be looking any more."""
        for here in self._waiting.values():
            for answer in here.values():
                _settle(answer, error)


def _settle(answer: asyncio.Future[Any], value: Any) -> None:
    if not answer.done():
        answer.set_result(value)
