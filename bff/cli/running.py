"""Run a server until Ctrl-C. Used by `bff serve` and `bff demo`."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from bff.http.server.run import run


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run until Ctrl-C, which is how a server is meant to end: it is not a failure, so `make demo` reports none."""
    with suppress(KeyboardInterrupt):
        run(work)
