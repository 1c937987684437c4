"""Exceptions as text: frames without local variables, causes, and messages without values."""

from __future__ import annotations

import pytest

from bff.observability.tracebacks import MAX_FRAMES, format_exception, format_message
from connectors.contract import Operation
from connectors.errors import UpstreamFault


def fail(secret: str) -> None:
    local = f"a local variable with {secret}"
    raise RuntimeError(f"failed after {len(local)} characters")


def caught(call: object, *arguments: object) -> BaseException:
    try:
        call(*arguments)  # type: ignore[operator]
    except BaseException as error:  # noqa: BLE001
        return error
    raise AssertionError


def test_no_local_variable_is_shown() -> None:
    """Only where it happened."""
    text = format_exception(caught(fail, "hunter2"), shows_values=True)
    assert "hunter2" not in text
    assert "in fail" in text
    assert text.endswith("RuntimeError: failed after 29 characters")


def test_causes_come_first() -> None:
    """As Python prints them; a context that was suppressed is left out; a circle ends."""

    def chain() -> None:
        try:
            fail("x")
        except RuntimeError as error:
            raise OSError("no file") from error

    text = format_exception(caught(chain), shows_values=True)
    assert text.index("RuntimeError") < text.index("is the cause of") < text.index("OSError: no file")
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert format_exception(one, shows_values=True).count("ValueError: one") == 1
    group = ExceptionGroup("all", [KeyError("first"), OSError("second")])
    assert "OSError: second" in format_exception(group, shows_values=True)


def test_recursion_is_cut() -> None:
    """To the first and the last frames."""

    def recurse() -> None:
        recurse()

    text = format_exception(caught(recurse), shows_values=True)
    assert text.count("\n") < 3 * MAX_FRAMES
    assert "RecursionError" in text


@pytest.mark.parametrize(
    ("call", "hidden"),
    [
        (lambda: int("Ann Smith"), "Ann"),
        (lambda: {}["Ann Smith"], "Ann"),
        (lambda: {}[4711], "4711"),
        (lambda: float('Ann "the" Smith'), "Ann"),
    ],
)
def test_messages_about_values_do_not_show_them(call: object, hidden: str) -> None:
    """Unless asked for."""
    error = caught(call)
    assert hidden not in format_message(error, shows_values=False)
    assert hidden in format_message(error, shows_values=True)
    assert "'price'" in format_message(AttributeError("no attribute 'price'"), shows_values=False)


def test_words_of_an_upstream_are_left_out() -> None:
    """Of an error that quotes them; its own words stay."""
    error = UpstreamFault(Operation(upstream="u", name="o"), "fault Client: Ann is unknown", quoted="Ann is unknown")
    assert format_message(error, shows_values=False).endswith("u: o: fault Client: ...")
    assert format_message(error, shows_values=True).endswith("Ann is unknown")


def test_a_message_that_cannot_be_made() -> None:
    """An exception whose text raises is still written."""

    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert format_message(Broken(), shows_values=False).endswith("(its message cannot be printed)")
