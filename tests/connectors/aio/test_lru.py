"""The bounded memory."""

from __future__ import annotations

import pytest

from connectors.aio.lru import Recent


def test_what_was_made_is_kept() -> None:
    """Made once."""
    recent: Recent[str, list[int]] = Recent(2)
    assert recent.get("a", list) is recent.get("a", list)


def test_the_longest_unused_goes_first() -> None:
    """Only so many are kept, and being used counts."""
    recent: Recent[str, int] = Recent(2)
    for key, value in (("a", 1), ("b", 2), ("a", 9), ("c", 3)):
        recent.get(key, lambda value=value: value)  # type: ignore[misc]
    assert len(recent) == 2
    assert (recent.get("a", lambda: 0), recent.get("b", lambda: 0)) == (1, 0)


def test_a_failure_is_not_kept() -> None:
    """The next one may do better."""
    recent: Recent[str, float] = Recent(2)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: 1 / 0)
    assert recent.get("a", lambda: 1.0) == 1.0
