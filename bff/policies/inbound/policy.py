"""The shape of every inbound policy: a function around the function that answers an operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bff.contract import Response
from bff.operation.operation import Operation

Respond = Callable[[Operation], Awaitable[Response]]
"""Answers one operation. Raises Refused, when called or when awaited: a policy that waits for nothing need be no
coroutine, and then costs one call."""
Policy = Callable[[Respond], Respond]
"""Wraps a Respond; created once at start."""
