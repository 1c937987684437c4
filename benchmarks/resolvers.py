"""A plain strawberry schema, 100 objects of 5 fields, two of them methods: CPU of the executors alone.

Baseline: strawberry's own `schema.execute`, parsing and validation included as it does them.
"""

from __future__ import annotations

import time

import strawberry

from bff.authoring import Context
from bff.authoring.frontend import adopt
from bff.engine.plan import Plans

ROUNDS, EACH = 7, 20
QUERY = "{ items { id name size label double } }"


@strawberry.type
class Item:
    """One of a hundred."""

    id: int
    name: str
    size: str

    @strawberry.field
    def label(self) -> str:
        """Python."""
        return self.name + self.size

    @strawberry.field
    def double(self) -> int:
        """Python."""
        return self.id * 2


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def items(self) -> list[Item]:
        """All of them."""
        return [Item(id=number, name="name", size="size") for number in range(100)]


async def measure() -> list[str]:
    """A row for each executor: microseconds of CPU for one execution, median of the rounds, with least and most."""
    theirs, ours = strawberry.Schema(Query), strawberry.Schema(Query)
    adopt(ours)
    plan = Plans(ours._schema, most_tokens=1000).prepare(QUERY, None, {})
    assert (await theirs.execute(QUERY)).data == (await plan.program.run(None, Context())).data
    taken: dict[str, list[float]] = {"strawberry": [], "compiled": []}
    for _ in range(ROUNDS):  # in turns, so that whatever else runs here meets both
        begin = time.process_time()
        for _ in range(EACH):
            await theirs.execute(QUERY)
        between = time.process_time()
        for _ in range(EACH):
            await plan.program.run(None, Context())
        end = time.process_time()
        taken["strawberry"].append((between - begin) / EACH * 1e6)
        taken["compiled"].append((end - between) / EACH * 1e6)
    median = {name: sorted(values)[ROUNDS // 2] for name, values in taken.items()}
    rows = [
        f"{name:<12} {median[name]:8.0f} us  ({min(values):.0f} to {max(values):.0f})" for name, values in taken.items()
    ]
    return [*rows, f"strawberry / compiled = {median['strawberry'] / median['compiled']:.1f}"]
