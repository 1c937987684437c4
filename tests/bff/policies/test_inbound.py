"""Depth and cost: what is too much is refused before any work."""

import time

import pytest
from graphql import OperationDefinitionNode, parse

from bff.contract import Refused
from bff.policies.inbound.cost import CostLimit
from bff.policies.inbound.depth import DepthLimit


def refused(limit: object, query: str, **variables: object) -> str | None:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    try:
        if isinstance(limit, DepthLimit):
            limit(document, operation)
        else:
            assert isinstance(limit, CostLimit)
            limit(document, operation, variables)
    except Refused as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("query", "depth"),
    [
        ("{ a }", 1),
        ("{ a { b } }", 2),
        ("{ ... { a { ... on X { b } } } }", 2),
        ("{ a { ...F } } fragment F on X { b { c } }", 3),
        ("{ ...F a { ...F } } fragment F on X { b { c } }", 3),
        ("{ ...A } fragment A on X { a { ...B } } fragment B on X { b { ...C } } fragment C on X { c }", 3),
    ],
)
def test_depth_counts_fields_below_one_another(query: str, depth: int) -> None:
    """Fragments count where they are spread, also when they are spread twice at different depths."""
    assert refused(DepthLimit(depth), query) is None
    assert refused(DepthLimit(depth - 1), query) == "TOO_DEEP"


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ a b c }", 0),
        ("{ a { b } }", 1),
        ("{ a(first: 10) { b { c } } }", 11),
        ("{ a(first: 10) { b(limit: 5) { c { d } } } }", 1 + 10 + 50),
        ("query ($n: Int) { a(first: $n) { b { c } } }", 31),
        ("query ($m: Int = 7) { a(first: $m) { b { c } } }", 8),
    ],
)
def test_cost_multiplies_the_sizes_of_lists(query: str, cost: int) -> None:
    """Literal, variable and default sizes all count."""
    assert refused(CostLimit(cost), query, n=30) is None
    if cost:
        assert refused(CostLimit(cost - 1), query, n=30) == "TOO_COSTLY"


@pytest.mark.parametrize("limit", [DepthLimit(50), CostLimit(1000)])
def test_fragment_bombs_and_cycles_end_at_once(limit: object) -> None:
    """Fragments that double at each level, and fragments that contain themselves, take no time."""
    levels = 40
    bomb = "{ ...F0 } " + " ".join(
        f"fragment F{i} on X {{ a {{ ...F{i + 1} }} b {{ ...F{i + 1} }} }}" for i in range(levels)
    )
    bomb += f" fragment F{levels} on X {{ c }}"
    began = time.monotonic()
    refused(limit, bomb)
    refused(limit, "{ ...A } fragment A on X { a { ...B } } fragment B on X { b { ...A } }")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("limit", [DepthLimit(1), CostLimit(1)])
def test_introspection_is_not_counted(limit: object) -> None:
    """GraphiQL and code generators ask deeper than any screen."""
    assert refused(limit, "{ __schema { types { fields { type { ofType { ofType { name } } } } } } }") is None


def test_the_largest_size_of_a_list_counts() -> None:
    """A small `limit` cannot hide a large `first`, and a size beyond all numbers is no way out."""
    query = "query ($n: Float) { a(limit: 1, first: 1000) { b { c } } d(first: $n) { e } }"
    assert refused(CostLimit(1001), query, n=float("inf")) == "TOO_COSTLY"
    assert refused(CostLimit(1002), query, n=float("inf")) is None
