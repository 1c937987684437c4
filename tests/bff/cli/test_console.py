"""What commands print: labels, and text of users as it is."""

from __future__ import annotations

import pytest

from bff.cli.console import print_error, print_problems, print_warning


def test_text_in_brackets_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """An error about `[red]` shows it."""
    print_error("expected a list, such as [red]")
    print_warning("Thing.maker", label="N+1")
    assert capsys.readouterr().err == "error expected a list, such as [red]\nN+1 Thing.maker\n"


def test_long_lines_are_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    """Editors and scripts read `file:line:column` at the start of one line."""
    print_problems(["x" * 500])
    assert capsys.readouterr().err == f"error {'x' * 500}\n1 error\n"
