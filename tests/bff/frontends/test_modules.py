"""Importing a project's schemas, and its authors' mistakes with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bff.authoring import SchemaError
from bff.frontends.modules import import_from


def problem(folder: Path, name: str) -> str:
    with pytest.raises(SchemaError) as caught:
        import_from(folder, name)
    (told,) = caught.value.problems
    return told


def test_a_package_needs_no_init(tmp_path: Path) -> None:
    """And this project's wins over an installed one of its name."""
    (tmp_path / "tools_of_a_shop").mkdir()
    (tmp_path / "tools_of_a_shop" / "mobile.py").write_text("schema = 7\n")
    assert import_from(tmp_path, "tools_of_a_shop.mobile").schema == 7


def test_a_module_that_is_not_there(tmp_path: Path) -> None:
    """The file to make is named."""
    assert problem(tmp_path, "nowhere_at_all.mobile") == (
        "there is no module nowhere_at_all.mobile; make nowhere_at_all/mobile/__init__.py or nowhere_at_all/mobile.py "
        "beside bff.yaml"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\nx = = 2\n", "broken_module.py:2: SyntaxError: invalid syntax"),
        ("\n\n1 / 0\n", "broken_module.py:3: ZeroDivisionError: division by zero"),
        ("import nothing_of_this_name\n", "broken_module.py:1: ModuleNotFoundError: No module named"),
        ("import json\n\njson.loads('{')\n", "broken_module.py:3: JSONDecodeError:"),
    ],
)
def test_a_mistake_has_its_place(tmp_path: Path, text: str, said: str) -> None:
    """The last line of the project that led to it, also where it is raised in a library."""
    (tmp_path / "broken_module.py").write_text(text)
    assert problem(tmp_path, "broken_module").startswith(said)


def test_problems_of_a_schema_are_told_as_they_are(tmp_path: Path) -> None:
    """They have their place already."""
    text = "from bff.authoring import SchemaError\nraise SchemaError(['one', 'two'])\n"
    (tmp_path / "faulty_module.py").write_text(text)
    with pytest.raises(SchemaError) as caught:
        import_from(tmp_path, "faulty_module")
    assert tuple(caught.value.problems) == ("one", "two")
