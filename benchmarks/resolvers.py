"""A plain strawberry schema, 100 objects of 5 fields, two of them methods: CPU of the executors alone.

Baseline: strawberry's own `schema.execute`, parsing and validation included as it does them.
"""

from __future__ import annotations

import time

import orjson
import strawberry
from graphql import ExecutionResult

from bff.authoring import Context
from bff.authoring.frontend import adopt_records
from bff.engine.adapters.compiled import CompiledProgram
from bff.engine.prepare.plan import Plan, Plans

EACH = 20
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


async def measure(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of CPU for one execution, by executor, a value for each round."""
    theirs, ours = strawberry.Schema(Query), strawberry.Schema(Query)
    adopt_records(ours)
    plan = Plans(ours._schema, CompiledProgram, max_tokens=1000).prepare(QUERY, None, {})
    expected = (await theirs.execute(QUERY)).data
    if orjson.dumps(expected) != orjson.dumps(_ours(plan).data):
        raise AssertionError("the executors answer differently")
    taken: dict[str, list[float]] = {"strawberry": [], "compiled": []}
    for turn in range(rounds + 1):  # in turns, so that whatever else runs here meets both; the first warms up
        begin = time.process_time()
        for _ in range(EACH):
            await theirs.execute(QUERY)
        between = time.process_time()
        for _ in range(EACH * 5):
            _ours(plan)
        end = time.process_time()
        if turn:
            taken["strawberry"].append((between - begin) / EACH * 1e3)
            taken["compiled"].append((end - between) / EACH / 5 * 1e3)
    return taken


def _ours(plan: Plan) -> ExecutionResult:
    result = plan.program.begin(None, Context())
    assert isinstance(result, ExecutionResult), "there is nothing to wait for"
    return result
