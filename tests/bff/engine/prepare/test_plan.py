"""Plans: bounded, never spoiled by one client for another, and no document brings the gateway down."""

import asyncio
from typing import Any

import pytest
import strawberry

from bff.authoring import frontend
from bff.contract import Refused
from bff.engine.adapters.compiled import CompiledProgram
from bff.engine.prepare.plan import Plans
from tests.bff.fakes import ask, gateway


@strawberry.type
class Query:
    @strawberry.field
    def word(self) -> str:
        return "hello"

    @strawberry.field
    def inner(self) -> "Query":
        return Query()


schema = frontend(query=Query)


def plans(**options: Any) -> Plans:
    return Plans(schema._schema, CompiledProgram, max_tokens=100_000, **options)


def test_the_cache_is_bounded_by_count_and_by_bytes() -> None:
    """The oldest leave; what is left still works."""
    few, small = plans(max_plans=3), plans(max_characters=100)
    for index in range(50):
        query = f"query Q{index} {{ word }}"
        few.prepare(query, None, {})
        small.prepare(query, None, {})
    assert len(few._plans) == 3
    assert small._plans.weight == sum(len(query) for query, _ in small._plans) <= 100


def test_names_of_operations_that_are_not_there_are_not_remembered() -> None:
    """One document with a million names is one document."""
    known = plans()
    known.prepare("query A { word }", "A", {})
    for index in range(20):
        with pytest.raises(Refused, match="no operation named"):
            known.prepare("query A { word }", f"B{index}", {})
    assert len(known._plans) == 1


@pytest.mark.parametrize("limits", [{}, {"max_depth": 10}, {"max_cost": 100_000}])
async def test_a_long_chain_of_fragments_is_refused(limits: dict[str, int]) -> None:
    """Each is shallow, so that only whoever follows them runs out of stack."""
    chain = "{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(2000))
    app = gateway(schema, limits={"max_tokens": 100_000, **limits})
    answer = await ask(app, f"{chain} fragment F2000 on Query {{ word }}")
    assert answer.errors[0]["extensions"]["code"] in {"TOO_DEEP", "GRAPHQL_VALIDATION_FAILED"}
    assert not answer.was_executed


async def test_an_unknown_document_is_made_once_for_all_who_bring_it() -> None:
    """A hundred requests at a start are not a hundred times the work; one that leaves ends it for nobody else."""
    made = []
    cold = plans(rules=[lambda document, operation: made.append(operation)])
    asks = [asyncio.create_task(cold.prepare_in_thread("{ __typename }", None, {})) for _ in range(5)]
    await asyncio.sleep(0)
    asks[0].cancel()
    results = await asyncio.gather(*asks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert len({id(each) for each in results[1:]}) == 1
    assert len(made) == 1
