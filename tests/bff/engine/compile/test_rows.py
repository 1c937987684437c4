"""Response maps made of columns."""

from __future__ import annotations

from bff.engine.compile.rows import MAX_CACHED_CHARACTERS, compile_rows


def test_a_map_for_each_object_in_the_order_of_the_keys() -> None:
    """Keys may be any GraphQL names, Python's own words too."""
    make_rows = compile_rows(("b", "class", "a"))
    rows = make_rows([object(), object()], [[1, 2], [3, 4], [5, 6]])
    assert [list(row.items()) for row in rows] == [
        [("b", 1), ("class", 3), ("a", 5)],
        [("b", 2), ("class", 4), ("a", 6)],
    ]


def test_one_column_and_none() -> None:
    """A single column is not taken apart; without one there is no map to make."""
    assert compile_rows(("only",))([0, 0], [["x", "y"]]) == [{"only": "x"}, {"only": "y"}]
    assert compile_rows(())([0], []) == []


def test_small_ones_are_kept_and_large_ones_are_not() -> None:
    """Keys come from clients, so that memory is bounded by their length too."""
    large = "k" * (MAX_CACHED_CHARACTERS + 1)
    assert compile_rows(("a", "b")) is compile_rows(("a", "b"))
    assert compile_rows((large,)) is not compile_rows((large,))
    assert compile_rows((large,))([0], [[1]]) == [{large: 1}]
