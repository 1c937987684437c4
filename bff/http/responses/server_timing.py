"""`Server-Timing` (W3C Server Timing): where the time of a request went, for those who ask. Costs nothing else."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bff.contract import Timings, timings
from bff.http.asgi import Exchange

ASK = "x-server-timing"
"""A client that sends `x-server-timing: 1` is told."""
_NO_TOKEN = re.compile(r"[^A-Za-z0-9_.-]")


def begin(exchange: Exchange, *, tells_all: bool) -> None:
    """Let the request note its times, when its client asked or `tells_all`, which everyone is told."""
    if tells_all or exchange.headers.get(ASK) == "1":
        timings.set(Timings(tells_names=tells_all))


@contextmanager
def telling(exchange: Exchange) -> Iterator[None]:
    """Measure the encoding of an answer, then put all times into the response."""
    noted = timings.get()
    if noted is None:
        yield
        return
    began = time.perf_counter()
    yield
    noted.parts["encode"] = time.perf_counter() - began
    exchange.added = {**exchange.added, "server-timing": told(noted)}


def told(noted: Timings) -> str:
    """`prepare;dur=0.1, run;dur=9.2, encode;dur=0.1, upstream;dur=8.9;desc="2 calls"`: milliseconds, calls added up."""
    entries = [f"{name};dur={seconds * 1000:.1f}" for name, seconds in noted.parts.items()]
    if noted.tells_names:
        entries += [_calls(f"upstream-{_NO_TOKEN.sub('_', name)}", each) for name, each in noted.upstreams.items()]
    elif noted.upstreams:
        entries.append(_calls("upstream", [each for calls in noted.upstreams.values() for each in calls]))
    return ", ".join(entries)


def _calls(name: str, seconds: list[float]) -> str:
    count = f"{len(seconds)} call{'s' if len(seconds) > 1 else ''}"
    return f'{name};dur={sum(seconds) * 1000:.1f};desc="{count}"'
