"""Limits of variables: what is too much is refused before any work, with the limit and the value."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from bff.contract import Refused
from bff.validation.variables import MAX_VALUES, VariablesLimit


@pytest.mark.parametrize(
    ("variables", "size"),
    [
        ({}, 0),
        ({"a": 1}, 7),
        ({"a": "é"}, 10),
        ({"a": [1, {"b": None}]}, 20),
        ({"n": 10**30}, 37),
        ({"s": "\ud800"}, 15),
    ],
)
def test_variables_are_measured_as_json(variables: dict[str, Any], size: int) -> None:
    """Whatever is in them."""
    document = parse("{ a }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    VariablesLimit(size)(document, operation)(variables)
    if variables:
        with pytest.raises(Refused, match=r"have \d+ bytes") as refusal:
            VariablesLimit(size - 1)(document, operation)(variables)
        assert refusal.value.code == "VARIABLES_TOO_LARGE"


@pytest.mark.parametrize(
    "variables",
    [
        {"list": [0] * MAX_VALUES},
        {"lists": [[0] * (MAX_VALUES // 10)] * 10},
        {"objects": [{"a": 1, "b": 2}] * (MAX_VALUES // 2)},
    ],
)
def test_values_are_counted_at_any_depth(variables: dict[str, Any]) -> None:
    """Bytes alone do not tell: a short value takes as long to coerce as a long one."""
    document = parse("{ a }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    with pytest.raises(Refused, match=f"more than {MAX_VALUES} values") as refusal:
        VariablesLimit(10**9)(document, operation)(variables)
    assert refusal.value.code == "TOO_MANY_VALUES"


def _limit(document: str, variables: dict[str, Any], **maxima: int) -> str:
    """The message of a refusal; the code is that of every value that is not taken."""
    parsed = parse(document)
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    try:
        check = VariablesLimit(10**9, **maxima)(parsed, operation)
        check(variables)
    except Refused as refused:
        return f"{refused.code}: {refused.message}".removeprefix("BAD_USER_INPUT: ")
    return ""


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"a": "x" * 20, "b": [1] * 10, "c": {"d": [["x" * 20] * 10]}}, ""),
        ({"a": "x" * 21}, 'The string "a" of the variables has 21 characters; this frontend takes at most 20.'),
        ({"a": "é" * 20}, ""),
        ({"a": [1] * 11}, 'The list "a" of the variables has 11 items; this frontend takes at most 10.'),
        ({"in": {"a": [{}, {"b": ["x" * 21]}]}}, 'The string "in.a[1].b[0]" of the variables has 21 characters'),
        ({"in": {"a": [[], [[0] * 11]]}}, 'The list "in.a[1][0]" of the variables has 11 items'),
        ({"a": {str(number): 0 for number in range(11)}}, ""),
    ],
)
def test_strings_and_lists_have_maxima(variables: dict[str, Any], message: str) -> None:
    """At any depth, with the path; None is no maximum."""
    assert _limit("{ a }", variables, max_string_length=20, max_list_size=10).startswith(message)
    assert bool(message) == bool(_limit("{ a }", variables, max_string_length=20, max_list_size=10))
    assert _limit("{ a }", variables) == ""


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (f'{{ a(b: {{c: ["{"x" * 20}"]}}, d: [{"1 " * 10}]) }}', ""),
        (f'{{ a(b: {{c: ["{"x" * 21}"]}}) }}', "A string in the document has 21 characters; this frontend takes at"),
        (f"{{ ...F }} fragment F on Q {{ a @d(b: [[{'1 ' * 11}]]) }}", "A list in the document has 11 items"),
        (f'query ($a: String = "{"x" * 21}") {{ a }}', "A string in the document has 21 characters"),
    ],
)
def test_the_document_is_held_to_the_same(document: str, message: str) -> None:
    """So that nobody goes around them by literals."""
    found = _limit(document, {}, max_string_length=20, max_list_size=10)
    assert found.startswith(message)
    assert bool(message) == bool(found)
    assert _limit(document, {}) == ""


def test_a_long_path_is_cut() -> None:
    """It would be as long as the variables."""
    value: Any = "x" * 21
    for _ in range(200):
        value = {"key" * 50: value}
    assert len(_limit("{ a }", {"a": value}, max_string_length=20, max_list_size=10)) < 800


def test_a_million_items_and_megabytes_of_text_are_refused_cheaply() -> None:
    """Bytes are counted first, so that each costs a fraction of decoding it."""
    document = parse("{ a }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    check = VariablesLimit(256_000, max_string_length=100_000, max_list_size=1_000)(document, operation)
    for variables in ({"a": [0] * 1_000_000}, {"a": "x" * 8_000_000}, {"a": [[0] * 100] * 10_000}):
        begin = time.process_time()
        with pytest.raises(Refused):
            check(variables)
        assert time.process_time() - begin < 0.3
