"""What frontends read where a value does not fit: GraphQL's names and the kinds of JSON, never the value."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import strawberry

from bff.authoring import frontend, via
from bff.authoring.misfits import misfit_record, misfit_scalar, misfit_type
from tests.bff.fakes import FakeUpstream, ask, endpoint, gateway


@strawberry.type
class Row:
    on: datetime.date | None


@strawberry.type
class Query:
    row: Row | None = via(endpoint("shop: row"))


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


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-01-31Z", "2026-01-31"),
        ("2026-01-31+02:00", "2026-01-31"),
        ("2026-01-31T00:00:00", "2026-01-31"),
        ("2026-01-31 00:00:00.000Z", "2026-01-31"),
        ("2026-01-31T00:00:01", None),
        ("2026-02-31Z", None),
        ("31.01.2026", None),
        (7, None),
    ],
)
@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_days(engine: str, value: Any, day: str | None) -> None:
    """A zone and midnight say no more than the day; another time of day is not cut off."""

    app = gateway(frontend(query=Query), options={"engine": engine}, shop=FakeUpstream(lambda call: {"on": value}))
    answer = await ask(app, "{ row { on } }")
    assert answer.data == {"row": {"on": day}}
    assert [error["extensions"]["code"] for error in answer.errors] == ([] if day else ["INVALID_VALUE"])
