"""The parent of several processes: it replaces workers that die and reloads them one by one."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from tests.e2e.command import Running, running
from tests.waiting import GENEROUS


def workers_of(command: Running) -> set[int]:
    """Processes that the parent has started, without multiprocessing's own."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            if f"PPid:\t{command.process.pid}\n" in status.read_text():
                line = status.with_name("cmdline").read_text()
                found |= {int(status.parent.name)} if "spawn_main" in line else set()
    return found


def wait_for_others(command: Running, before: set[int], count: int) -> None:
    """Until there are two workers, `count` of them new, and they answer."""
    end = time.monotonic() + GENEROUS
    while len(workers_of(command)) != 2 or len(workers_of(command) - before) != count:
        assert time.monotonic() < end, command.output
        time.sleep(0.05)
    assert command.ask_when_up("{ __typename }", "/graphql/web") == {"data": {"__typename": "Query"}}


def test_a_worker_that_dies_and_a_reload() -> None:
    """The address is printed; the dead one is replaced with a log line; SIGHUP replaces both; the parent ends with 0."""
    with running("serve", "--workers", "2") as command:
        command.wait_for(f"The gateway listens at {command.url}/graphql")
        command.ask_when_up("{ __typename }", "/graphql/web")
        before = workers_of(command)
        os.kill(min(before), signal.SIGKILL)
        command.wait_for("worker_died")
        wait_for_others(command, before, 1)
        time.sleep(1)
        before = workers_of(command)
        command.process.send_signal(signal.SIGHUP)
        wait_for_others(command, before, 2)
        command.wait_for("worker_reloaded")
        command.wait_for("worker_reloaded")
        assert command.stop() == 0
        assert "Traceback" not in command.output


def test_sighup_reloads_a_single_process() -> None:
    """It lives on."""
    with running("serve") as command:
        command.ask_when_up("{ __typename }", "/graphql/web")
        command.process.send_signal(signal.SIGHUP)
        command.wait_for("reloaded after SIGHUP")
        assert command.ask("{ __typename }", "/graphql/web") == {"data": {"__typename": "Query"}}
        assert command.stop() == 0
