"""Every query of the shop on both engines: equal answers, and the compiled one ran them itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse
from structlog.testing import capture_logs

from bff.contract import Answer, Example, Request
from bff.engine.adapters.executor import fallbacks, natives
from bff.gateway.gateway import Gateway
from bff.http.responses.encode import encode
from tests.bff.engine.writing import Writer
from tests.e2e.world import KEY, ROOT, World
from tests.seeds import is_single, scaled, seeds
from tests.waiting import GENEROUS

NEW = re.compile(rb'"id":"(?!p-)[^"]*"')
"""Ids that are drawn anew each time: of orders and of internal errors."""


def engines(world: World) -> tuple[Gateway, Gateway]:
    """The shop's gateway, and one with the same plans and upstreams that runs on graphql-core."""
    ours: Any = world.service.generation._gateway
    frontends = {
        name: replace(each, options=each.options.model_copy(update={"engine": "reference"}))
        for name, each in ours.frontends.items()
    }
    upstreams = world.service.generation.upstreams
    return ours, Gateway(frontends, upstreams, request_timeout=GENEROUS, readiness=upstreams)


async def compared(world: World, frontend: str, query: str, variables: Mapping[str, Any] | None = None) -> bytes:
    """The body of the answer, which is the same from both.

    The shop's upstreams work in this very process, which has all the time that it needs.
    """
    ours, theirs = engines(world)
    request = Request(frontend=frontend, query=query, variables=variables, headers=KEY, takes_records=True)
    expected = await theirs.answer(request)
    before = natives.total(), fallbacks.total()
    actual = await ours.answer(request)
    assert isinstance(expected, Answer)
    assert isinstance(actual, Answer)
    theirs_told, told = (NEW.sub(b'"id":"?"', encode(each)) for each in (expected, actual))
    assert told == theirs_told, query
    if actual.was_executed:
        assert natives.total() - before[0] == 1, query
        assert fallbacks.total() == before[1], query
    return told


def is_subscription(query: str) -> bool:
    return any(
        isinstance(each, OperationDefinitionNode) and each.operation.value == "subscription"
        for each in parse(query).definitions
    )


async def test_the_examples_of_graphiql(world: World) -> None:
    """What a visitor tries first."""
    count = 0
    for card in world.service.generation.cards:
        for example in card.examples:
            assert isinstance(example, Example)
            if not is_subscription(example.query):
                told = await compared(world, card.name, example.query, example.variables)
                assert b'"errors"' not in told
                count += 1
    assert count >= 6


async def test_the_queries_of_the_guides(world: World) -> None:
    """As far as they are about the shop's schemas: others are refused by both."""
    texts = [file.read_text() for file in [ROOT / "README.md", *ROOT.glob("docs/*.md")]]
    bodies = [body for text in texts for body in re.findall(r"""-d '(\{"query": "[^.].*?\})'""", text)]
    queries = [query for body in bodies if not is_subscription(query := json.loads(body)["query"])]
    assert len(queries) >= 4
    for query in queries:
        for frontend in ("mobile", "web"):
            await compared(world, frontend, query)


@pytest.mark.soak
@pytest.mark.parametrize("frontend", ["mobile", "web", "partner"])
async def test_drawn_queries(world: World, frontend: str) -> None:
    """All that the shop's schemas allow, over REST, gRPC, SOAP, GraphQL and the queue; errors too, of unknown ids."""
    core = engines(world)[0].frontends[frontend].core
    answered = tried = 0
    with capture_logs():
        for seed in seeds(40, short=8):
            writer = Writer(core, seed, most=12)
            query = writer.document(mutations=0)
            told = await compared(world, frontend, query, writer.variables)
            answered, tried = answered + ("data" in json.loads(told)), tried + 1
    print(f"{answered} of {tried} were within the limits")
    assert answered > tried / 4 or is_single()
    assert tried > scaled(30)


async def test_introspection(world: World) -> None:
    """What tools ask of every frontend."""
    told = await compared(world, "web", get_introspection_query())
    assert b'"__schema"' in told
