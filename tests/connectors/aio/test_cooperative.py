"""Work in slices."""

from __future__ import annotations

import pytest

from connectors.aio import cooperative


@pytest.mark.parametrize("count", [0, 1, cooperative.SLICE, cooperative.SLICE + 1, 3 * cooperative.SLICE - 1])
def test_slices_are_the_whole(count: int) -> None:
    """Each index once, in order, and no slice is longer than one turn's work, or empty."""
    slices = list(cooperative.slices(count))
    assert [index for each in slices for index in each] == list(range(count))
    assert all(0 < len(each) <= cooperative.SLICE for each in slices)
    assert len(slices) == -(-count // cooperative.SLICE)
