"""The shape of every outbound policy: a function around the function that sends a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from connectors.contract import Call, Reply

Send = Callable[[Call], Awaitable[Reply]]
"""Sends one call; raises UpstreamError when no usable reply comes back."""
Policy = Callable[[Send], Send]
"""Wraps a Send; created once at start."""
