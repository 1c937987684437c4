"""The command line as a whole: help, and slips of the keyboard."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest

from bff.cli.main import COMMANDS
from tests.e2e.command import bff


def test_help_is_worth_reading() -> None:
    """Every command with a sentence."""
    done = bff("--help")
    assert done.returncode == 0
    for command in ("serve", "demo", "check", "sdl", "schema-config", "--version"):
        assert re.search(rf"{command}\s+\S+ \S+", done.stdout), command
    assert "--reload" in bff("serve", "--help").stdout


@pytest.mark.parametrize(
    ("wrong", "hint"), [("serve --prt 1", "--port"), ("srve", '"serve"'), ("serve --port x", "int")]
)
def test_a_slip_of_the_keyboard(wrong: str, hint: str) -> None:
    """What was meant is told, and scripts see that it failed."""
    done = bff(*wrong.split())
    assert done.returncode == 2
    assert hint in done.stderr + done.stdout


def test_each_command_has_a_file_of_its_name() -> None:
    """A new command is a file and a line."""
    assert {name.replace("-", "_"): each.__module__ for name, each in COMMANDS.items()} == {
        name.replace("-", "_"): f"bff.cli.commands.{name.replace('-', '_')}" for name in COMMANDS
    }


def test_the_version_is_the_packages() -> None:
    """What operators report with a fault."""
    printed = bff("--version")
    assert printed.stdout.strip() == version("bff-gateway")
