"""Plans: bounded, never spoiled by one client for another, and no document brings the gateway down."""

import asyncio
import time
from typing import Any

import pytest
import strawberry

from bff.authoring import frontend
from bff.contract import Refused
from bff.engine.adapters.compiled import CompiledProgram
from bff.engine.errors import document_errors
from bff.engine.prepare.plan import FAULT_SECONDS, Invalid, Plans
from bff.engine.prepare.queue import PrepareQueue
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
    few, small = plans(max_plans=3), plans(max_bytes=100_000)
    for index in range(50):
        query = f"query Q{index} {{ word }}"
        few.prepare(query, None, {})
        small.prepare(query, None, {})
    assert len(few._plans) == 3
    assert small._plans.weight == sum(small._plans.get(key).size for key in list(small._plans)) <= 100_000
    assert 1 < len(small._plans) < 10


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
    queue = PrepareQueue(10)
    asks = [asyncio.create_task(cold.prepare_in_thread("{ __typename }", None, {}, queue=queue)) for _ in range(5)]
    await asyncio.sleep(0)
    asks[0].cancel()
    results = await asyncio.gather(*asks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert len({id(each) for each in results[1:]}) == 1
    assert len(made) == 1


async def test_the_refusal_of_a_document_is_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same errors, without parsing it again; and not for ever."""
    made = []
    own, queue = plans(rules=[lambda document, operation: made.append(operation)]), PrepareQueue(10)
    texts = {}
    for query in ("{ wrod inner { wrod } }", "{ word"):
        for _ in range(3):
            with pytest.raises(Invalid) as caught:
                await own.prepare_in_thread(query, None, {}, queue=queue)
            errors = document_errors(caught.value.errors)
            assert texts.setdefault(query, errors) == errors
            assert all(error.nodes is None for error in caught.value.errors) or len(made) == 1
    assert len(made) == 1
    for _ in range(3):
        with pytest.raises(Refused, match="no operation named"):
            await own.prepare_in_thread("query A { word }", "B", {}, queue=queue)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + FAULT_SECONDS + 1)
    with pytest.raises(Invalid):
        await own.prepare_in_thread("{ wrod inner { wrod } }", None, {}, queue=queue)
    assert len(made) == 2


def test_a_plan_is_weighed_by_what_it_takes() -> None:
    """A comment costs its characters; fields cost what they become."""
    own = plans()
    plain, comment, fields = (
        own.prepare(query, None, {}).size
        for query in ("{ word }", "#" + "x" * 10_000 + "\n{ word }", "{" + " word" * 200 + "}")
    )
    assert plain < comment < plain + 30_000 < fields
