"""Standard output that cannot be written: a sentence or nothing, an exit code, and never a traceback."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bff.cli.output import PIPE_CLOSED
from tests.e2e.command import COMMAND, ROOT, environment
from tests.waiting import GENEROUS

PRINTING = pytest.mark.parametrize("arguments", ["sdl web", "schema-config", "--help", "--version"])


def printed(arguments: str, stdout: int, *, command: tuple[str, ...] = COMMAND) -> tuple[int, str]:
    """Exit code and standard error of a command that prints there."""
    done = subprocess.run(
        [*command, *arguments.split()],
        cwd=ROOT,
        env=environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=GENEROUS,
        check=False,
    )
    return done.returncode, done.stderr


@PRINTING
def test_a_full_disk(arguments: str) -> None:
    """One sentence, and scripts see that it failed."""
    with Path("/dev/full").open("wb") as full:
        code, told = printed(arguments, full.fileno())
    assert told == "error standard output cannot be written: No space left on device\n"
    assert code == 1


@PRINTING
def test_a_pipe_without_a_reader(arguments: str) -> None:
    """`bff sdl | head -0` is no mistake."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert printed(arguments, writing) == (PIPE_CLOSED, "")
    finally:
        os.close(writing)


def test_closed_from_the_start() -> None:
    """As `>&-` leaves it."""
    command = ("sh", "-c", 'exec "$@" >&-', "sh", *COMMAND)
    code, told = printed("schema-config", subprocess.DEVNULL, command=command)
    assert told == "error standard output cannot be written: it is closed\n"
    assert code == 1


def test_a_schema_file_that_cannot_be_written(tmp_path: Path) -> None:
    """Which one, and why."""
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "__init__.py").write_text(
        "import strawberry\nfrom bff.authoring import frontend\n\n\n@strawberry.type\nclass Query:\n    a: int = 1\n\n\n"
        "schema = frontend(query=Query)\n"
    )
    (tmp_path / "small" / "schema.graphql").symlink_to("/dev/full")
    config = tmp_path / "bff.yaml"
    config.write_text("frontends:\n  web: {schema: small, default: true}\n")
    code, told = printed(f"sdl --write --config {config}", subprocess.DEVNULL)
    assert f"{tmp_path}/small/schema.graphql cannot be written: No space left on device\n" in told
    assert (code, told.count("\n")) == (1, 1)
