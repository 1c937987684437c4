"""`bff serve` as a process: workers, signals, wrong ports."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.command import bff, running


def test_workers() -> None:
    """Two processes share the port, and both end when the parent is told to."""
    with running("serve", "--workers", "2") as command:
        assert command.ask_when_up("{ __typename }", "/graphql/web") == {"data": {"__typename": "Query"}}
        assert command.stop(signal.SIGTERM, seconds=10) == 0
        assert "Traceback" not in command.output


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_when_told(how: signal.Signals) -> None:
    """With no upstream there, it starts, answers, and stops cleanly."""
    with running("serve") as command:
        assert command.ask_when_up("{ __typename }", "/graphql/web") == {"data": {"__typename": "Query"}}
        assert command.stop(how) == 0
        assert "Traceback" not in command.output


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("--port 99999", "Must be <= 65535"),
        ("--port -1", "Must be >= 0"),
        ("--workers 0", "Must be >= 1"),
        ("--workers -3", "Must be >= 1"),
    ],
)
def test_numbers_out_of_range(arguments: str, hint: str) -> None:
    """The allowed range, and no traceback."""
    done = bff("serve", *arguments.split())
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert hint in done.stdout + done.stderr


def test_reload_needs_one_process() -> None:
    """Workers do not reload."""
    done = bff("serve", "--workers", "2", "--reload")
    assert done.returncode == 2
    assert "--reload needs a single process; remove --workers" in done.stderr
