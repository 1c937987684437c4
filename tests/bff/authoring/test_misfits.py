"""What frontends read where a value does not fit: GraphQL's names and the kinds of JSON, never the value."""

from __future__ import annotations

from typing import Any

import pytest

from bff.authoring.misfits import misfit_record, misfit_scalar, misfit_type


@pytest.mark.parametrize(
    ("value", "words"), [(42, "a number"), ([{}], "a list"), ("Ann", "a string"), (True, "a boolean")]
)
def test_another_value_than_an_object(value: Any, words: str) -> None:
    """A reply of the wrong kind is a bad reply."""
    misfit = misfit_record("Row", value)
    assert (misfit.code, misfit.public) == (
        "UPSTREAM_BAD_REPLY",
        f"Expected an object for Row, a service sent {words}.",
    )


def test_advice_is_in_the_log_only() -> None:
    """Frontends cannot follow it."""
    misfit = misfit_type("Animal")
    assert "is_type_of" in misfit.detail
    assert "is_type_of" not in misfit.public
    assert misfit.code == "INVALID_VALUE"


def test_scalars() -> None:
    """The value may be anything, so it is not repeated."""
    misfit = misfit_scalar("Money", "Ann")
    assert (misfit.code, misfit.public) == ("INVALID_VALUE", "Money cannot represent what a service sent.")
    assert misfit.detail == "Money cannot represent this: a string"
