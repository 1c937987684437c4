"""Mistakes in schemas: all of them at once, with the nearest right name."""

from __future__ import annotations

import pytest

from bff.authoring.problems import SchemaError, suggest_nearest


@pytest.mark.parametrize(
    ("name", "names", "text"),
    [
        ("skuu", ["sku", "id"], 'did you mean "sku"?'),
        ("zzz", ["sku", "id"], "there is id, sku"),
        ("zzz", [], "there is nothing"),
    ],
)
def test_the_nearest_name(name: str, names: list[str], text: str) -> None:
    """Or all that there is."""
    assert suggest_nearest(name, names) == text


def test_an_error_shows_every_problem_on_a_line() -> None:
    """And keeps them apart."""
    error = SchemaError(["one", "two"])
    assert (str(error), error.problems) == ("one\ntwo", ("one", "two"))
