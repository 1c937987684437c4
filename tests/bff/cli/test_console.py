"""What commands print: labels, and text of users as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bff.cli.console import print_error, print_mode, print_warning
from bff.config import load


def test_text_in_brackets_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """An error about `[red]` shows it."""
    print_error("expected a list, such as [red]")
    print_warning("Thing.maker", label="N+1")
    assert capsys.readouterr().err == "error expected a list, such as [red]\nN+1 Thing.maker\n"


@pytest.mark.parametrize(("text", "words"), [
    ("server: {host: 0.0.0.0}", ("mode: production", "GraphiQL", "`mode: development`")),
    ("server: {host: 127.0.0.1}", ("mode: development", "GraphiQL", "`mode: production`")),
    ("mode: production", ()),
])  # fmt: skip
def test_the_chosen_mode_is_printed_with_how_to_change_it(
    text: str, words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, unless the file names its mode."""
    file = tmp_path / "bff.yaml"
    file.write_text("frontends: {web: {schema: s}}\n" + text)
    print_mode(load(file, {}))
    printed = capsys.readouterr().err
    assert printed.count("\n") == bool(words)
    assert all(word in printed for word in words)
