"""Paths of `take` with arguments."""

from __future__ import annotations

import pytest

from bff.authoring.field_calls import CallTemplate, has_arguments, parse_steps
from connectors.contract import FieldCall, FieldValue
from connectors.messages.paths import EACH


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("cover(size: 10)", (CallTemplate("cover", ("size: 10",)),)),
        ("posts(first: $first)", (CallTemplate("posts", ("first: ", "first", "")),)),
        ("posts(first: {first})", (CallTemplate("posts", ("first: ", "first", "")),)),
        ("posts(first: $first?, sort: NEW)", (CallTemplate("posts", ("first: ", "first", ", sort: NEW")),)),
        ("author.avatar(size: 10).url", ("author", CallTemplate("avatar", ("size: 10",)), "url")),
        ('cover(of: "a.b)$c{d}")', (CallTemplate("cover", ('of: "a.b)$c{d}"',)),)),
        ("posts(first: 2)[].text", (CallTemplate("posts", ("first: 2",)), EACH, "text")),
        ("cover(by: 1.5).url", (CallTemplate("cover", ("by: 1.5",)), "url")),
        ("posts(where: {a: {by: $by}, b: [$c]})", (CallTemplate("posts", ("where: { a: { by: ", "by", " }, b: [", "c", "] }")),)),
    ],
)  # fmt: skip
def test_steps_are_separated_by_dots_outside_of_arguments(path: str, steps: tuple[object, ...]) -> None:
    """Strings and numbers in arguments have dots of their own."""
    assert has_arguments(path)
    assert parse_steps(path) == steps


@pytest.mark.parametrize(
    "path", ["cover(size: )", "a: cover(size: 1)", "cover(size: 1) { url }", "cover(size: 1", "a b(c: 1)"]
)
def test_anything_but_fields_is_refused(path: str) -> None:
    """With the step and the path."""
    with pytest.raises(ValueError, match=r"in GraphQL's syntax|must be one field"):
        parse_steps(path)


def test_each_call_has_a_key_of_its_own() -> None:
    """Equal calls have equal keys, and other values or other arguments have other ones."""
    template = CallTemplate("posts", ("first: ", "first", ""))
    key, call = template.fill({"first": 1}, {"first": "Int"})
    assert key.startswith("posts_")
    assert call == FieldCall("posts", template.parts, (("first", FieldValue(1, "1", "Int")),))
    keys = {template.fill({"first": value}, {})[0] for value in (1, 1, 2, "1", None, True, [1], {"a": 1})}
    keys.add(template.fill({}, {})[0])
    keys.add(CallTemplate("posts", ("last: ", "first", "")).fill({"first": 1}, {})[0])
    assert len(keys) == 9
