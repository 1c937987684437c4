"""A server ends by Ctrl-C without an error."""

from __future__ import annotations

import asyncio

import pytest

from bff.cli.running import run_until_stopped


def test_the_work_runs_to_its_end() -> None:
    """Where nothing stops it."""
    done: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(1)

    run_until_stopped(work())
    assert done == [1]


def test_ctrl_c_is_no_error_and_a_failure_is() -> None:
    """Only KeyboardInterrupt is the normal end."""

    async def interrupted() -> None:
        raise KeyboardInterrupt

    async def failing() -> None:
        raise ValueError("broken")

    run_until_stopped(interrupted())
    with pytest.raises(ValueError, match="broken"):
        run_until_stopped(failing())
