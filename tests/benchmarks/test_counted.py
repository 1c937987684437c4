"""What requests take, counted: the same in each run, so that a step back shows here and not on a noisy clock."""

from __future__ import annotations

import pytest

from benchmarks import counted
from benchmarks.http_rounds import VARIANTS
from benchmarks.servers import SERVERS, upstream

pytestmark = pytest.mark.serial
NAMED = {variant.name: variant for variant in VARIANTS}


@pytest.mark.parametrize(
    ("variant", "floor", "most"),
    [
        ("hello", "echo", 2.8),  # 2.73 when this was written
        ("flat", "hand", 2.98),  # 2.88
        ("posts-users", "hand", 2.1),  # 2.04
    ],
)
async def test_instructions_beside_a_floor(
    variant: str, floor: str, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most so many times what the floor takes."""
    monkeypatch.setattr(counted, "WARM", 0.3)
    monkeypatch.setattr(counted, "COUNTED", 0.7)
    with upstream() as port:
        ours, theirs = [await counted.counted(SERVERS[name], NAMED[variant], port) for name in ("ours", floor)]
    assert 1 < ours / theirs < most


async def test_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for what a server does beside answering."""
    monkeypatch.setattr(counted, "WARM", 0.3)
    monkeypatch.setattr(counted, "COUNTED", 0.7)
    with upstream() as port:
        first, second = [await counted.counted(SERVERS["echo"], NAMED["hello"], port) for _ in range(2)]
    assert first == pytest.approx(second, rel=0.05)
