"""The rule of one argument or input field: `ValueRule`. Made by authoring.constraints."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, NamedTuple

from graphql import GraphQLInputType, get_named_type, get_nullable_type, is_list_type, is_scalar_type

from bff.validation.formats import FORMATS, Matches, compile_pattern

RULE = "bff.constraint"
"""Key of the extensions of graphql-core's arguments and input fields: their ValueRule."""
MAX_MATCHED = 10_000
"""Characters of a text with a pattern or format, where no maximum length is declared. Longer ones are not matched."""

_TEXT = {"String", "ID", "UUID", "Date", "DateTime", "Time"}
_NUMBERS = {"Int", "Float", "Decimal"}
_NEITHER = {"Boolean", "Upload", "Void"}


class Violation(NamedTuple):
    """What a value breaks."""

    constraint: str
    """The argument of `@constraint`: `maxLength`."""
    text: str
    """What must hold: `must have at most 5 characters`."""


@dataclass(frozen=True)
class ValueRule:
    """What must hold for a value; None for no such constraint. `null` and absent values are the type's business.

    Lengths, pattern, format and range hold for each item of a list, `min_items` and `max_items` for the outermost list.
    """

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: str | None = None
    min: float | None = None
    max: float | None = None
    exclusive_min: float | None = None
    exclusive_max: float | None = None
    min_items: int | None = None
    max_items: int | None = None

    @cached_property
    def has_text(self) -> bool:
        """Whether it says anything of texts."""
        return any(each is not None for each in (self.min_length, self.max_length, self.pattern, self.format))

    @cached_property
    def has_range(self) -> bool:
        """Whether it says anything of numbers."""
        return any(each is not None for each in (self.min, self.max, self.exclusive_min, self.exclusive_max))

    @cached_property
    def has_leaf(self) -> bool:
        """Whether it says anything of single values."""
        return self.has_text or self.has_range

    @cached_property
    def longest(self) -> int | None:
        """Characters that a text may have."""
        return MAX_MATCHED if self.max_length is None and (self.pattern or self.format) else self.max_length

    @cached_property
    def _matches(self) -> Matches | None:
        return None if self.pattern is None else compile_pattern(self.pattern)

    def check_count(self, count: int) -> Violation | None:
        """What a list of so many items breaks."""
        if self.min_items is not None and count < self.min_items:
            return Violation("minItems", f"must have at least {_count(self.min_items, 'item')}, and has {count}")
        if self.max_items is not None and count > self.max_items:
            return Violation("maxItems", f"must have at most {_count(self.max_items, 'item')}, and has {count}")
        return None

    def check_text(self, text: str) -> Violation | None:
        """What a text breaks. Its length is checked before it is matched."""
        length = len(text)
        if self.min_length is not None and length < self.min_length:
            return Violation(
                "minLength", f"must have at least {_count(self.min_length, 'character')}, and has {length}"
            )
        if self.longest is not None and length > self.longest:
            return Violation("maxLength", f"must have at most {_count(self.longest, 'character')}, and has {length}")
        if self._matches is not None and not self._matches(text):
            return Violation("pattern", f"must match the pattern {self.pattern}")
        if self.format is not None and not FORMATS[self.format](text):
            return Violation("format", f"must have the format {self.format}")
        return None

    def check_number(self, number: float | Decimal) -> Violation | None:
        """What a number breaks; NaN breaks every range."""
        if self.min is not None and not number >= self.min:
            return Violation("min", f"must be at least {self.min}")
        if self.exclusive_min is not None and not number > self.exclusive_min:
            return Violation("exclusiveMin", f"must be more than {self.exclusive_min}")
        if self.max is not None and not number <= self.max:
            return Violation("max", f"must be at most {self.max}")
        if self.exclusive_max is not None and not number < self.exclusive_max:
            return Violation("exclusiveMax", f"must be less than {self.exclusive_max}")
        return None

    def check_leaf(self, value: Any, type_name: str) -> Violation | None:
        """What a single value breaks. A value of another type than its own is left to the coercion of variables."""
        if self.has_text and (text := _to_text(value, type_name)) is not None:
            violation = self.check_text(text)
            if violation is not None:
                return violation
        if self.has_range and (number := _to_number(value, type_name)) is not None:
            return self.check_number(number)
        return None

    def find_problems(self, type_: GraphQLInputType) -> Iterator[str]:
        """What cannot hold for any value, or not for this type."""
        yield from self._find_contradictions(is_whole=get_named_type(type_).name == "Int")
        name = get_named_type(type_).name
        is_leaf = is_scalar_type(get_named_type(type_)) and name not in _NEITHER
        if self.has_text and (name in _NUMBERS or not is_leaf):
            yield f"a length, pattern or format is for texts, and the type is {name}"
        if self.has_range and (name in _TEXT or not is_leaf):
            yield f"a range is for numbers, and the type is {name}"
        has_items = self.min_items is not None or self.max_items is not None
        if has_items and not is_list_type(get_nullable_type(type_)):
            yield f"minItems and maxItems are for lists, and the type is {type_}"

    def _find_contradictions(self, *, is_whole: bool) -> Iterator[str]:
        for low, high, name in (
            (self.min_length, self.max_length, "Length"),
            (self.min_items, self.max_items, "Items"),
        ):
            if any(each is not None and each < 0 for each in (low, high)):
                yield f"min{name} and max{name} are 0 or more"
            elif low is not None and high is not None and low > high:
                yield f"min{name} {low} is more than max{name} {high}"
        if self.has_range:
            yield from self._find_empty_range(is_whole=is_whole)
        if self.pattern is not None:
            try:
                compile_pattern(self.pattern)
            except ValueError as error:
                yield f'the pattern "{self.pattern}" does not compile: {error}'
        if self.format is not None and self.format not in FORMATS:
            yield f'the format "{self.format}" is not known; there is {", ".join(FORMATS)}'

    def _find_empty_range(self, *, is_whole: bool) -> Iterator[str]:
        ends = [each for each in (self.min, self.max, self.exclusive_min, self.exclusive_max) if each is not None]
        if not all(math.isfinite(each) for each in ends):
            yield "the ends of a range are finite numbers"
            return
        low = max((each for each in (self.min, self.exclusive_min) if each is not None), default=-math.inf)
        high = min((each for each in (self.max, self.exclusive_max) if each is not None), default=math.inf)
        is_open = low == self.exclusive_min or high == self.exclusive_max
        if low > high or (low == high and is_open):
            yield f"no number is in the range from {low} to {high}"
        elif is_whole and math.isfinite(low) and math.isfinite(high):
            first, last = math.ceil(low), math.floor(high)
            first += first == self.exclusive_min
            last -= last == self.exclusive_max
            if first > last:
                yield f"no whole number is in the range from {low} to {high}"


def merge_rules(one: ValueRule, other: ValueRule) -> tuple[ValueRule, list[str]]:
    """Both rules in one, and what they say differently."""
    values = {field.name: getattr(one, field.name) for field in fields(ValueRule)}
    problems = []
    for name, before in values.items():
        value = getattr(other, name)
        if value is not None and before is not None and value != before:
            problems.append(f"{name} is declared twice, as {before!r} and as {value!r}")
        if value is not None:
            values[name] = value
    return ValueRule(**values), problems


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _to_text(value: Any, type_name: str) -> str | None:
    """The text that coercion will make of a value; None where it will not make any."""
    if isinstance(value, str):
        return value
    if type_name == "ID" and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return str(int(value))
        except (ValueError, OverflowError):  # no number, or more digits than Python writes
            return None
    return None


def _to_number(value: Any, type_name: str) -> float | Decimal | None:
    """The number that coercion will make of a value; None where it will not make any."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if type_name not in {"Int", "Float"} and isinstance(value, str):  # Decimal, and scalars of an author's own
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        return math.nan if number.is_nan() else number
    return None
