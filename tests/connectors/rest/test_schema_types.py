"""Schemas as types: what is known of them, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.rest.schema_document import Document
from connectors.rest.schema_types import TypeReader

TEXT = {"type": "string"}
A = {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}
B = {"type": "object", "properties": {"a": TEXT, "b": TEXT}}
BASE = {**A, "discriminator": {"propertyName": "a"}}
RECORDS: dict[str, tuple[Any, set[str], bool]] = {
    "closed": (A, {"a"}, False),
    "open": ({**A, "additionalProperties": {}}, {"a"}, True),
    "without properties": ({"type": "object"}, set(), True),
    "a discriminator": (BASE, {"a"}, True),
    "allOf": ({"type": "object", "allOf": [A, {"description": "x"}], "properties": {"b": TEXT}}, {"a", "b"}, False),
    "allOf with what is not known": ({"allOf": [A, {"$ref": "other.yaml"}]}, {"a"}, True),
    "oneOf": ({"oneOf": [A, B], "discriminator": {"propertyName": "a"}}, {"a", "b"}, False),
    "oneOf beside properties": ({"oneOf": [A, B], "properties": {"c": TEXT}}, {"a", "b", "c"}, False),
    "anyOf null": ({"anyOf": [A, {"type": "null"}]}, {"a"}, False),
    "patterns": ({**A, "patternProperties": {"x": TEXT}}, {"a"}, True),
}
ANYTHING: dict[str, Any] = {
    "nothing": {},
    "true": True,
    "another file": {"$ref": "other.yaml"},
    "itself": {"$ref": "#/x"},
    "one of which nothing is known": {"oneOf": [A, {}]},
    "a record or a text": {"oneOf": [A, TEXT]},
    "a tuple's items": {"type": "null"},
}


def read(node: Any, *, is_reply: bool = False, is_closed: bool = True, as_text: bool = False) -> Any:
    """The type of a schema."""
    document = Document({"openapi": "3.1.0", "paths": {}, "x": {"$ref": "#/x"}})
    return TypeReader(document, is_reply=is_reply, is_closed=is_closed, as_text=as_text).describe(node, "it")


@pytest.mark.parametrize("case", RECORDS)
def test_records(case: str) -> None:
    """The fields, and whether there may be others."""
    node, fields, is_open = RECORDS[case]
    found = read(node)
    assert (set(found.fields()), found.is_open) == (fields, is_open)


@pytest.mark.parametrize("case", ANYTHING)
def test_what_is_not_known(case: str) -> None:
    """Nothing is said of it."""
    assert read(ANYTHING[case]).is_anything


def test_single_values_and_lists() -> None:
    """Kinds and enums, without null."""
    assert read({"type": ["integer", "null"]}).scalar == "integer"
    assert read({"enum": [1, True, None, "x"]}).values == ("1", "true", "x")
    assert read({"const": "x"}).values == ("x",)
    assert read({"oneOf": [{"const": "x"}, {"const": "y"}]}).values == ("x", "y")
    assert read({"oneOf": [{"type": "integer"}, TEXT]}).scalar == ""
    assert read({"items": {"type": "boolean"}}).item().scalar == "boolean"
    assert read({"type": "array", "prefixItems": [TEXT], "items": False}).item().is_anything
    assert read(TEXT, as_text=True).scalar == ""


def test_required_fields() -> None:
    """In requests, unless there is a default; in replies it does not matter."""
    assert read(A).fields()["a"].is_required
    assert not read(A, is_reply=True).fields()["a"].is_required
    assert not read({"oneOf": [A, B]}).fields()["a"].is_required
    assert not read({**A, "properties": {"a": {**TEXT, "default": "x"}}}).fields()["a"].is_required
    assert read(A, is_closed=False).is_open


def test_a_schema_that_doubles_itself() -> None:
    """A chain of references that doubles with each step costs once per step."""
    data: dict[str, Any] = {"openapi": "3.1.0", "paths": {}, "s60": A}
    for number in range(60):
        data[f"s{number}"] = {"allOf": [{"$ref": f"#/s{number + 1}"}, {"$ref": f"#/s{number + 1}"}]}
    assert read_in(data).name == "the schema s0"


def read_in(data: dict[str, Any]) -> Any:
    """The type of `s0`."""
    return TypeReader(Document(data), is_reply=True).describe({"$ref": "#/s0"}, "it")
