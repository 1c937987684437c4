"""Mistakes of the user end a command with lines to read and exit code 1."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bff.authoring import SchemaError
from bff.cli.errors import exit_with_code
from tests.e2e.command import bff


def test_a_port_in_use() -> None:
    """Which one, and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for command in ("serve", "demo"):
            done = bff(command, "--port", str(port))
            assert done.returncode == 1
            assert f"port {port} of 127.0.0.1 is in use; stop what listens there" in done.stderr
            assert "--port" in done.stderr
            assert "Traceback" not in done.stderr


def test_no_configuration(tmp_path: Path) -> None:
    """In a folder without bff.yaml."""
    done = bff("serve", cwd=tmp_path)
    assert done.returncode == 1
    assert "bff.yaml:1:1: error [config] there is no such file; name one with --config" in done.stderr


@pytest.mark.parametrize(
    ("problems", "end"),
    [(["one is wrong"], "error [schema] one is wrong\n1 error\n"), (["a", "b"], "error [schema] b\n2 errors\n")],
)
def test_all_problems_and_their_number(capsys: pytest.CaptureFixture[str], problems: list[str], end: str) -> None:
    """`1 error`, `2 errors`."""

    @exit_with_code
    def command() -> int:
        raise SchemaError(problems)

    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == 1
    assert capsys.readouterr().err.endswith(end)


def test_exit_codes() -> None:
    """0 where nothing is returned, the code that is returned, 130 after Ctrl-C."""

    def interrupted() -> int:
        raise KeyboardInterrupt

    for command, code in ((lambda: None, 0), (lambda: 3, 3), (interrupted, 130)):
        with pytest.raises(SystemExit) as ended:
            exit_with_code(command)()
        assert ended.value.code == code
