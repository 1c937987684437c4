"""A document that nobody saw before: CPU until it could run, for a query over posts and users.

Ours parses, validates and compiles it; graphql-core, and strawberry with it, parses and validates it, each time anew.
"""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

from graphql import parse, validate

from benchmarks.world import QUESTIONS
from bff.app import load_project
from bff.engine.adapters.compiled import CompiledProgram
from bff.engine.prepare.plan import Plans

CONFIG = Path(__file__).parent / "gateway" / "bff.yaml"
EACH = 50


async def measure(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of CPU for one document, a value for each round."""
    os.environ.setdefault("UPSTREAM", "http://127.0.0.1:9")
    schema = load_project(CONFIG).frontends["bench"].core
    plans, numbers, query = (
        Plans(schema, CompiledProgram, max_tokens=1000),
        itertools.count(1),
        QUESTIONS["posts-users"].query,
    )
    taken: dict[str, list[float]] = {"graphql-core": [], "compiled": [], "compiled, seen before": []}
    for turn in range(rounds + 1):  # the first warms up
        clock = [time.process_time()]
        for _ in range(EACH):
            if validate(schema, parse(f"query Q{next(numbers)} {query}")):
                raise AssertionError("the document is not valid")
        clock.append(time.process_time())
        for _ in range(EACH):
            plans.prepare(f"query Q{next(numbers)} {query}", None, {})
        clock.append(time.process_time())
        for _ in range(EACH):
            plans.prepare(query, None, {})
        clock.append(time.process_time())
        for values, begin, end in zip(taken.values(), clock, clock[1:], strict=False):
            if turn:
                values.append((end - begin) / EACH * 1e3)
    return taken
