"""Where one request's times are noted."""

from __future__ import annotations

import asyncio

from bff.contract import Timings, timings


async def test_each_request_notes_its_own_times() -> None:
    """Tasks inherit where they note; others do not see it."""
    assert timings.get() is None

    async def request(name: str) -> Timings:
        noted = Timings(shows_names=False)
        timings.set(noted)
        await asyncio.sleep(0)
        (timings.get() or Timings(shows_names=True)).parts[name] = 1.0
        return noted

    one, other = await asyncio.gather(request("one"), request("other"))
    assert (one.parts, other.parts) == ({"one": 1.0}, {"other": 1.0})
    assert timings.get() is None
