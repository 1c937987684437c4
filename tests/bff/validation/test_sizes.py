"""Sizes of selection sets: what adds up, what is the largest, and each fragment once."""

from __future__ import annotations

import pytest
from graphql import OperationDefinitionNode, parse

from bff.contract import Refused
from bff.validation.sizes import Size, Sizes


def measured(query: str) -> Size:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return Sizes(document).measure(operation.selection_set)


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("{ a }", Size(depth=1, root_fields=1, selections=1)),
        ("{ a { b } c }", Size(depth=2, root_fields=2, selections=3)),
        ("{ x: a @skip(if: true) }", Size(depth=1, root_fields=1, selections=1, aliases=1, directives=1)),
        ("{ ... { a b } }", Size(depth=1, root_fields=2, selections=3)),
        ("{ ...F ...F } fragment F on Q @x { a { y: b } }", Size(2, 2, 6, 2, 2)),
        ("{ __schema { types { name } } }", Size(depth=0, root_fields=1, selections=3, introspects=True)),
        ("{ ...Gone }", Size(selections=1)),
    ],
)
def test_a_selection_set_has_a_size(query: str, size: Size) -> None:
    """Fragments count wherever they are spread; a fragment that is not there is for validation to report."""
    assert measured(query) == size


def test_sizes_side_by_side() -> None:
    """Depth is the larger one, all else adds up."""
    assert Size(1, 2, 3, 4, 5) + Size(5, 4, 3, 2, 1, introspects=True) == Size(5, 6, 6, 6, 6, introspects=True)


def test_the_largest_fragment_counts_though_nothing_spreads_it() -> None:
    """Validation looks at them all."""
    assert Sizes(parse("{ a } fragment F on Q { a b c } fragment G on Q { a }")).find_max_selections() == 3
    assert Sizes(parse("{ a }")).find_max_selections() == 0


def test_a_cycle_is_refused() -> None:
    """By the name of the fragment that closes it."""
    with pytest.raises(Refused, match='"F" spreads itself'):
        measured("{ ...F } fragment F on Q { a { ...F } }")
