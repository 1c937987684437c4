"""Work that cannot be cut into slices runs in a thread, few at a time, while the event loop goes on.

Used for large XML and large messages of protobuf, whose decoders are C calls and plain functions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
MAX_THREADS: Final = 2
"""Threads of all upstreams together; more would only take the interpreter from one another."""

_pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="decode")


async def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a thread. If the caller is cancelled, work that has not begun is dropped."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_pool, lambda: function(*args, **kwargs))
