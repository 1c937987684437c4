"""Limits of variables: what is too much is refused before any work, with the limit and the value."""

from __future__ import annotations

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
