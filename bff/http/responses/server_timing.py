"""`Server-Timing` (W3C Server Timing): where the time of a request went. Free for requests without it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bff.contract import Timings, timings
from bff.http.asgi import Exchange
from bff.http.options import Options

HEADER = "x-server-timing"
"""A client requests the response header with `x-server-timing: 1`."""
_NO_TOKEN = re.compile(r"[^A-Za-z0-9_.-]")


def start_timing(exchange: Exchange, options: Options) -> None:
    """Record the times of this request if its client requests them, or `server_timing` is on."""
    if options.server_timing or exchange.headers.get(HEADER) == "1":
        timings.set(Timings(shows_names=options.server_timing_names))


@contextmanager
def measure_encoding(exchange: Exchange) -> Iterator[None]:
    """Measure the encoding of an answer, then add all times to the response headers."""
    recorded = timings.get()
    if recorded is None:
        yield
        return
    began = time.perf_counter()
    yield
    recorded.parts["encode"] = time.perf_counter() - began
    exchange.added = {**exchange.added, "server-timing": format_timings(recorded)}


def format_timings(recorded: Timings) -> str:
    """`prepare;dur=0.1, run;dur=9.2, encode;dur=0.1, upstream;dur=8.9;desc="2 calls"`: milliseconds, calls added up."""
    entries = [f"{name};dur={seconds * 1000:.1f}" for name, seconds in recorded.parts.items()]
    if recorded.shows_names:
        entries += [
            _format_calls(f"upstream-{_NO_TOKEN.sub('_', name)}", each) for name, each in recorded.upstreams.items()
        ]
    elif recorded.upstreams:
        entries.append(_format_calls("upstream", [each for calls in recorded.upstreams.values() for each in calls]))
    return ", ".join(entries)


def _format_calls(name: str, seconds: list[float]) -> str:
    count = f"{len(seconds)} call{'s' if len(seconds) > 1 else ''}"
    return f'{name};dur={sum(seconds) * 1000:.1f};desc="{count}"'
