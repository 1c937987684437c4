"""Converting long lists in slices: the same values, and other tasks run in between."""

from __future__ import annotations

from typing import Any

import pytest

from bff.authoring import cooperative
from bff.authoring.cooperative import convert_each, convert_in_slices
from connectors.aio import cooperative as foundation
from tests.waiting import Turns


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of more than two items are long."""
    for module in (cooperative, foundation):
        monkeypatch.setattr(module, "SLICE", 2)


def convert_nested(value: Any) -> Any:
    return convert_each(convert_nested, value) if isinstance(value, list) else value * 10


VALUE = [1, [2, 3, [4, 5, 6, 7], 8], [9], [10, 11, 12]]
EXPECTED = [10, [20, 30, [40, 50, 60, 70], 80], [90], [100, 110, 120]]


@pytest.mark.usefixtures("small_slices")
async def test_long_lists_at_any_depth_are_filled() -> None:
    """Before the value is returned; another task runs meanwhile."""
    async with Turns() as turns:
        assert await convert_in_slices(convert_nested, VALUE) == EXPECTED
    assert turns.count >= 5


@pytest.mark.usefixtures("small_slices")
def test_a_converter_that_cannot_wait_converts_at_once() -> None:
    """As the one that a resolver calls."""
    assert convert_nested(VALUE) == EXPECTED


async def test_short_lists_do_not_wait() -> None:
    """No task has to be switched to."""
    work = convert_in_slices(convert_nested, VALUE)
    with pytest.raises(StopIteration) as done:
        work.send(None)
    assert done.value.value == EXPECTED
