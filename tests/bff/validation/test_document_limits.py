"""Limits of documents: what is too much is refused before any work, with the limit and the value."""

import time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from bff.contract import Refused
from bff.validation.document_limits import DocumentLimits


def refused(query: str, **limits: Any) -> Refused | None:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    try:
        DocumentLimits(**limits)(document, operation)
    except Refused as refusal:
        return refusal
    return None


def code(query: str, **limits: Any) -> str | None:
    refusal = refused(query, **limits)
    return refusal and refusal.code


def bomb(levels: int, field: str = "c") -> str:
    """Fragments that double at each level."""
    doubling = (f"fragment F{i} on X {{ a {{ ...F{i + 1} }} b {{ ...F{i + 1} }} }}" for i in range(levels))
    return "{ ...F0 } " + " ".join(doubling) + f" fragment F{levels} on X {{ {field} }}"


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
    assert refused(query, max_depth=depth) is None
    assert code(query, max_depth=depth - 1) == "TOO_DEEP"


@pytest.mark.parametrize(
    ("limit", "query", "size", "expected"),
    [
        ("max_aliases", "{ x: a y: b { z: c } d }", 3, "TOO_MANY_ALIASES"),
        ("max_aliases", "{ a { ...F } b { ...F } } fragment F on X { x: c y: d }", 4, "TOO_MANY_ALIASES"),
        ("max_root_fields", "{ a b ... { c } ...F } fragment F on Query { d { e } }", 4, "TOO_MANY_ROOT_FIELDS"),
        (
            "max_directives",
            "query @x { a @y @z ... @v { b } ...F @u } fragment F on Q @w { c @t }",
            7,
            "TOO_MANY_DIRECTIVES",
        ),
        ("max_fields", "{ a { ...F } b { ...F } } fragment F on X { c d }", 8, "TOO_MANY_FIELDS"),
        ("max_fields", "{ a } fragment Unused on X { b c d }", 3, "TOO_MANY_FIELDS"),
    ],
)
def test_each_limit_counts_what_fragments_hold(limit: str, query: str, size: int, expected: str) -> None:
    """The message says the limit and the value."""
    assert refused(query, **{limit: size}) is None
    refusal = refused(query, **{limit: size - 1})
    assert refusal is not None
    assert refusal.code == expected
    assert f"{size} " in refusal.message
    assert f"at most {size - 1}." in refusal.message


def test_doubling_fragments_are_counted_without_being_walked() -> None:
    """Walking a hundred levels would take longer than the universe is old."""
    began = time.process_time()
    assert code(bomb(100), max_fields=10_000) == "TOO_MANY_FIELDS"
    assert code(bomb(100, "x: c"), max_aliases=100) == "TOO_MANY_ALIASES"
    message = getattr(refused(bomb(100), max_fields=10_000), "message", "")
    assert len(message) < 200
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "query",
    [
        "{ ...A } fragment A on X { ...A }",
        "{ a { ...A } } fragment A on X { a { ...B } } fragment B on X { b { ...A } }",
        "{ a } fragment A on X { a { ...B } } fragment B on X { b { ...A } }",
    ],
)
def test_cycles_are_refused_by_name(query: str) -> None:
    """Also of fragments that nothing uses."""
    refusal = refused(query)
    assert refusal is not None
    assert refusal.code == "FRAGMENT_CYCLE"
    assert '"A"' in refusal.message


def test_the_depth_of_introspection_is_not_counted() -> None:
    """GraphiQL and code generators ask deeper than any screen."""
    assert refused("{ __schema { types { fields { type { ofType { ofType { name } } } } } } }", max_depth=1) is None
