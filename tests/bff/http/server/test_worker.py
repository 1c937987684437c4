"""One of several processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.bff.http.server.test_workers import workers_of
from tests.e2e.command import running
from tests.waiting import GENEROUS


def test_workers_end_when_their_parent_is_gone() -> None:
    """Nothing else would stop them."""
    with running("serve", "--workers", "2") as command:
        command.ask_when_up("{ __typename }", "/graphql/web")
        workers = workers_of(command)
        assert len(workers) == 2
        os.kill(command.process.pid, signal.SIGKILL)
        end = time.monotonic() + GENEROUS
        while any(Path(f"/proc/{each}").exists() for each in workers):
            assert time.monotonic() < end
            time.sleep(0.05)
