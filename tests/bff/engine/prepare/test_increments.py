"""Counting @defer and @stream, and leaving them out."""

from __future__ import annotations

import pytest
from graphql import parse, print_ast

from bff.engine.prepare.increments import count_increments, strip_increments


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{ a }", 0),
        ("{ a @include(if: true) }", 0),
        ("{ a @stream ... @defer { b } }", 2),
        ("{ ...F @defer } fragment F on Query { a @stream(initialCount: 2) }", 2),
    ],
)
def test_the_count(text: str, count: int) -> None:
    """Directives of fragments count, and other directives do not."""
    assert count_increments(parse(text)) == count


def test_the_document_without_them() -> None:
    """Everything else stays, other directives too."""
    document = parse('{ a @stream @skip(if: false) ...F @defer(label: "l") } fragment F on Query { b }')
    assert print_ast(strip_increments(document)) == print_ast(
        parse("{ a @skip(if: false) ...F } fragment F on Query { b }")
    )
