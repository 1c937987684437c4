"""When two keys are the same."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from connectors.messages.keys import choose_key_text, to_key_text


class Ward(Enum):
    """Keys of an enum."""

    NORTH = 7


BIG = 2**53 + 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (7, "7"),
        (7.0, "7"),
        (7, 7.0),
        (-7.0, "-7"),
        (0.0, 0),
        (Decimal("7.00"), 7),
        (Decimal("1.50"), "1.5"),
        (Decimal("1E+3"), 1000),
        (1.5, "1.5"),
        (True, "true"),
        (Ward.NORTH, "7"),
        (UUID(int=7), str(UUID(int=7))),
        (BIG, str(BIG)),
        (10**30, str(10**30)),
    ],
)
def test_equal_keys(one: Any, other: Any) -> None:
    """Whatever type they come as."""
    assert to_key_text(one) == to_key_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, 0),
        (True, "1"),
        (None, ""),
        (7.5, 7),
        (BIG, BIG - 1),
        (float(2**53), 2**53),
        (float("inf"), "7"),
        (Decimal("NaN"), 0),
        ("007", 7),
        ("A", "a"),
    ],
)
def test_different_keys(one: Any, other: Any) -> None:
    """A float beyond 2**53 stands for several integers, so it is none of them."""
    assert to_key_text(one) != to_key_text(other)


def test_the_case_of_texts_by_choice() -> None:
    """Folded as Unicode says, or as UUIDs in any form."""
    fold, uuid = choose_key_text("insensitive"), choose_key_text("uuid")
    assert fold("Straße-A") == fold("STRASSE-a")
    assert fold(7.0) == fold("7")
    forms = ["6F9619FF-8B86-D011-B42D-00CF4FC964FF", "{6f9619ff-8b86-d011-b42d-00cf4fc964ff}"]
    forms += ["urn:uuid:6f9619ff-8b86-d011-b42d-00cf4fc964ff", "6f9619ff8b86d011b42d00cf4fc964ff "]
    assert len({uuid(each) for each in forms}) == 1
    assert uuid("Other") != uuid("other")
