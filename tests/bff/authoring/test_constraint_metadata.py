"""What annotations say of values: the metadata of each library, on the value or on the list."""

from __future__ import annotations

import re
from typing import Annotated, Any, Optional

import annotated_types
import msgspec
import pydantic
import pytest
import strawberry

from bff.authoring import constraint
from bff.authoring.constraint_metadata import read_annotation
from bff.validation.value_rule import ValueRule


@pytest.mark.parametrize(
    ("annotation", "rule"),
    [
        (str, ValueRule()),
        (Annotated[str, "any text", strawberry.argument(name="x")], ValueRule()),
        (Annotated[str, msgspec.Meta(min_length=1, max_length=2, pattern="a", description="x")], ValueRule(1, 2, "a")),
        (Annotated[int, msgspec.Meta(ge=1, lt=9)], ValueRule(min=1, exclusive_max=9)),
        (Annotated[int, annotated_types.Ge(1), annotated_types.Lt(9)], ValueRule(min=1, exclusive_max=9)),
        (Annotated[int, annotated_types.Interval(gt=1, le=9)], ValueRule(exclusive_min=1, max=9)),
        (Annotated[str, annotated_types.Len(1, 5)], ValueRule(1, 5)),
        (Annotated[str, pydantic.Field(min_length=1, max_length=5, pattern="a")], ValueRule(1, 5, "a")),
        (Annotated[float, pydantic.Field(gt=0, le=5)], ValueRule(exclusive_min=0, max=5)),
        (Annotated[str, pydantic.StringConstraints(max_length=5, pattern=re.compile("a"))], ValueRule(None, 5, "a")),
        (Annotated[str, pydantic.Field(json_schema_extra={"format": "email"})], ValueRule(format="email")),
        (Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})], ValueRule(format="uuid")),
        (Annotated[str, constraint(format="url", max_length=9)], ValueRule(max_length=9, format="url")),
        (Annotated[str, msgspec.Meta(max_length=5)] | None, ValueRule(max_length=5)),
        (Annotated[str | None, msgspec.Meta(max_length=5)], ValueRule(max_length=5)),
        (Optional[Annotated[str, msgspec.Meta(max_length=5)]], ValueRule(max_length=5)),  # noqa: UP045
        (strawberry.Maybe[Annotated[str, msgspec.Meta(max_length=5)]], ValueRule(max_length=5)),
        (list[Annotated[str, msgspec.Meta(max_length=5)]], ValueRule(max_length=5)),
        (Annotated[list[str], msgspec.Meta(max_length=5)], ValueRule(max_items=5)),
        (Annotated[list[str] | None, msgspec.Meta(max_length=5)], ValueRule(max_items=5)),
        (
            Annotated[list[Annotated[str, annotated_types.Len(2, 3)]], annotated_types.Len(1)] | None,
            ValueRule(2, 3, min_items=1),
        ),
        (Annotated[list[str], constraint(max_length=3, max_items=2)], ValueRule(max_length=3, max_items=2)),
    ],
)
def test_metadata_are_read(annotation: Any, rule: ValueRule) -> None:
    """A length is that of the text, or the number of items."""
    found, problems = read_annotation(annotation)
    assert problems == []
    assert {name: value for name, value in vars(found).items() if value} == {
        name: value for name, value in vars(rule).items() if value
    }


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        (Annotated[int, msgspec.Meta(multiple_of=2)], "multiple_of is not checked"),
        (Annotated[str, annotated_types.Predicate(str.islower)], "Predicate is not checked"),
        (Annotated[str, pydantic.AfterValidator(str.lower)], "AfterValidator is not checked"),
        (Annotated[str, pydantic.StringConstraints(strip_whitespace=True)], "strip_whitespace is not done"),
        (Annotated[list[str], msgspec.Meta(pattern="a")], "pattern of a list; declare it for its items"),
        (list[Annotated[list[str], msgspec.Meta(max_length=2)]], "of the outermost list only"),
        (Annotated[str, msgspec.Meta(max_length=2), constraint(max_length=3)], "max_length is declared twice"),
    ],
)
def test_what_is_not_checked_is_refused(annotation: Any, problem: str) -> None:
    """A constraint that is silently not checked would be worse than none."""
    _, problems = read_annotation(annotation)
    assert len(problems) == 1
    assert problem in problems[0]
