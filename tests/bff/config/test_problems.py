"""Problems and the error that carries them: text, order, no repetition."""

from __future__ import annotations

from bff.config.problems import ConfigError, Problem


def test_a_problem_shows_place_path_and_message() -> None:
    """A problem of the whole file has no path."""
    assert str(Problem("bff.yaml", 3, 7, "server.port", "expected a whole number")) == (
        "bff.yaml:3:7 server.port: expected a whole number"
    )
    assert str(Problem("bff.yaml", 1, 1, "", "there is no such file")) == "bff.yaml:1:1 there is no such file"


def test_problems_are_in_the_order_of_the_file_and_once() -> None:
    """Two checks may find the same mistake."""
    late, early = Problem("bff.yaml", 12, 1, "b", "wrong"), Problem("bff.yaml", 9, 4, "a", "wrong")
    error = ConfigError([late, early, late])
    assert error.problems == (early, late)
    assert str(error) == "bff.yaml:9:4 a: wrong\nbff.yaml:12:1 b: wrong"
