"""ValueRule: what each constraint lets through, and which rules no value can keep."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
)

from bff.validation.value_rule import MAX_MATCHED, ValueRule, merge_rules


@pytest.mark.parametrize(
    ("rule", "type_name", "fit", "misfit"),
    [
        (ValueRule(min_length=2), "String", ["ab", "äö", 7, None], ["", "a"]),
        (ValueRule(max_length=2), "String", ["", "ab", "🎈🎈"], ["abc"]),
        (ValueRule(pattern="^a+$"), "String", ["a", "aa"], ["", "b", "a\n", "a" * (MAX_MATCHED + 1)]),
        (ValueRule(pattern="^a+$", max_length=20_000), "String", ["a" * 20_000], ["a" * 20_001]),
        (ValueRule(format="email"), "String", ["a@b.de"], ["a"]),
        (ValueRule(max_length=2), "ID", ["ab", 12, 12.0], ["abc", 123, 123.0]),
        (ValueRule(min=1, max=3), "Int", [1, 3, 2.0, True, "9"], [0, 4, 10**400]),
        (ValueRule(exclusive_min=1, exclusive_max=3), "Float", [1.1, 2], [1, 3, math.nan, math.inf]),
        (ValueRule(min=1), "Decimal", ["1.0", 2, "Infinity", "x"], ["0.99", "NaN", "sNaN", "-1e999999", 0]),
        (ValueRule(min=1, max_length=3), "Money", [1, "2.5"], [0, "0.5", "2.500"]),
    ],
)
def test_each_constraint(rule: ValueRule, type_name: str, fit: list[Any], misfit: list[Any]) -> None:
    """A value of another type than its own is left to the coercion."""
    assert [value for value in fit if rule.check_leaf(value, type_name)] == []
    assert [value for value in misfit if not rule.check_leaf(value, type_name)] == []


def test_items_are_counted() -> None:
    """With words that say what is missing."""
    rule = ValueRule(min_items=1, max_items=2)
    assert [rule.check_count(count) is None for count in range(4)] == [False, True, True, False]
    assert rule.check_count(0) == ("minItems", "must have at least 1 item, and has 0")
    assert rule.check_count(3) == ("maxItems", "must have at most 2 items, and has 3")


_STRINGS = GraphQLNonNull(GraphQLList(GraphQLNonNull(GraphQLString)))
_INPUT = GraphQLInputObjectType("In", {})
_JSON = GraphQLScalarType("JSON")


@pytest.mark.parametrize(
    ("rule", "type_", "problem"),
    [
        (ValueRule(min_length=3, max_length=2), GraphQLString, "minLength 3 is more than maxLength 2"),
        (ValueRule(min_items=3, max_items=2), _STRINGS, "minItems 3 is more than maxItems 2"),
        (ValueRule(min_length=-1), GraphQLString, "0 or more"),
        (ValueRule(min=2, max=1), GraphQLInt, "no number is in the range from 2 to 1"),
        (ValueRule(exclusive_min=1, max=1), GraphQLFloat, "no number is in the range from 1 to 1"),
        (ValueRule(exclusive_min=1, exclusive_max=2), GraphQLInt, "no whole number"),
        (ValueRule(min=1.1, max=1.9), GraphQLInt, "no whole number"),
        (ValueRule(min=math.nan), GraphQLFloat, "finite"),
        (ValueRule(pattern="("), GraphQLString, 'the pattern "\\(" does not compile: unclosed group'),
        (ValueRule(format="mail"), GraphQLString, 'the format "mail" is not known; there is email'),
        (ValueRule(max_length=1), GraphQLInt, "for texts, and the type is Int"),
        (ValueRule(format="email"), GraphQLNonNull(GraphQLBoolean), "for texts, and the type is Boolean"),
        (ValueRule(pattern="a"), _INPUT, "for texts, and the type is In"),
        (ValueRule(min=1), GraphQLID, "for numbers, and the type is ID"),
        (ValueRule(min_items=1), GraphQLString, "for lists, and the type is String"),
    ],
)
def test_a_rule_that_cannot_hold_has_a_reason(rule: ValueRule, type_: Any, problem: str) -> None:
    """Each has one."""
    problems = list(rule.find_problems(type_))
    assert len(problems) == 1
    assert re.search(problem, problems[0])


@pytest.mark.parametrize(
    ("rule", "type_"),
    [
        (ValueRule(min_length=1, max_length=1, pattern="a"), _STRINGS),
        (ValueRule(min=1, max=1), GraphQLInt),
        (ValueRule(exclusive_min=0, exclusive_max=2), GraphQLInt),
        (ValueRule(min=1, max_length=3), _JSON),
    ],
)
def test_a_rule_that_can_hold_has_none(rule: ValueRule, type_: Any) -> None:
    """Equal ends are a range, and scalars of an author's own may be texts or numbers."""
    assert list(rule.find_problems(type_)) == []


def test_rules_are_merged() -> None:
    """What two say of the same thing must be the same."""
    merged, problems = merge_rules(ValueRule(min_length=1), ValueRule(max_length=3, min_length=1))
    assert (merged, problems) == (ValueRule(min_length=1, max_length=3), [])
    assert merge_rules(merged, ValueRule(max_length=4))[1] == ["max_length is declared twice, as 3 and as 4"]
