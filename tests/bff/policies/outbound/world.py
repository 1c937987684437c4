"""What tests of outbound policies share: calls without a protocol, and an upstream that answers by a list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from connectors.contract import Call, Operation, Reply
from connectors.errors import UpstreamError

READ = Operation(upstream="shop", name="GET /things/{id}")
WRITE = Operation(upstream="shop", name="POST /things", is_safe=False, is_idempotent=False)
REPLACE = Operation(upstream="shop", name="PUT /things/{id}", is_safe=False, is_idempotent=True)


def call(operation: Operation = READ, **fields: Any) -> Call:
    """A call; `id=7` is short for its one argument."""
    arguments = fields.pop("arguments", {"id": fields.pop("id", 1)})
    return Call(operation=operation, arguments=arguments, **fields)


def http(body: bytes = b"{}", *, status: int = 200, **headers: str) -> Reply:
    """A reply over HTTP; `cache_control="no-store"` is a header."""
    return Reply(body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


class Upstream:
    """Answers with each of `answers` in turn, the last one for ever. Errors, given as classes or instances, are raised."""

    def __init__(self, *answers: Any, gate: asyncio.Event | None = None) -> None:
        self.answers = list(answers or (Reply({}),))
        self.gate = gate
        self.calls: list[Call] = []
        self.cancelled = 0
        self.busy = 0
        self.most_busy = 0

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        try:
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.busy -= 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, type) and issubclass(answer, UpstreamError):
            answer = answer(call.operation, "as the test says")
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def headers(self) -> list[Mapping[str, str]]:
        return [call.headers for call in self.calls]


async def settle() -> None:
    """Let every task that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)
