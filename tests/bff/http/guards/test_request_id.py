"""Request ids: taken over where they are safe to log, unique where they are made."""

from __future__ import annotations

import re

import pytest

from bff.http.guards.request_id import RequestIds


@pytest.mark.parametrize("incoming", ["a", "7f:1.b_c-D", "x" * 100])
def test_a_safe_id_is_kept(incoming: str) -> None:
    """So that one id names the request in every service."""
    assert RequestIds().choose(incoming) == incoming


@pytest.mark.parametrize("incoming", [None, "", "a b", "a\nb", "x" * 101, "é", '"'])
def test_another_is_replaced(incoming: str | None) -> None:
    """A line break would forge a line of the log."""
    assert re.fullmatch(r"[0-9a-f]{32}", RequestIds().choose(incoming))


def test_ids_are_unique() -> None:
    """In one process and among processes."""
    ids, others = RequestIds(), RequestIds()
    assert len({*(ids.new() for _ in range(100)), *(others.new() for _ in range(100))}) == 200
