"""orjson reading and writing the 10,000 records once: what the records cost without a gateway, server or query."""

from __future__ import annotations

import time

import orjson

from benchmarks.world import RECORDS

EACH = 5


async def measure(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of CPU for loads and dumps together, a value for each round."""
    body, taken = orjson.dumps(RECORDS), []
    for turn in range(rounds + 1):
        begin = time.process_time()
        for _ in range(EACH):
            orjson.dumps(orjson.loads(body))
        if turn:  # the first warms up
            taken.append((time.process_time() - begin) / EACH * 1e3)
    return {"loads + dumps": taken}
