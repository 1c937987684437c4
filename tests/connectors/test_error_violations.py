"""Validation errors in the formats of common frameworks, and bodies that only look like them."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.error_details import BadRequest, Fault, FieldViolation, GraphqlError
from connectors.error_violations import MAX_VIOLATIONS, find_violations, split_field

RAILS = {"errors": {"email": ["is taken", {"error": "blank", "message": "is blank"}], "base": ["no seats left"]}}
DJANGO = {"email": ["is taken"], "address": {"zip": ["is wrong"]}, "non_field_errors": ["no seats left"]}
SPRING = {
    "timestamp": "2026-01-01",
    "status": 400,
    "error": "Bad Request",
    "path": "/users",
    "errors": [{"objectName": "user", "field": "email", "defaultMessage": "is taken", "code": "Unique"}],
}
FASTAPI = {"detail": [{"loc": ["body", "items", 0, "sku"], "msg": "is unknown", "type": "value_error"}]}
PROBLEM = {"type": "x", "title": "t", "status": 422, "errors": [{"detail": "must be positive", "pointer": "#/age"}]}
ASP = {"title": "One or more validation errors occurred.", "status": 400, "errors": {"Age": ["must be positive"]}}
OLD_PROBLEM = {"title": "Your request is not valid.", "invalid-params": [{"name": "age", "reason": "must be positive"}]}
JSON_API = {"errors": [{"source": {"pointer": "/data/attributes/email"}, "detail": "is taken", "code": "E7"}]}
GOOGLE = {
    "error": {
        "code": 400,
        "message": "bad",
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "user.email", "description": "is taken", "reason": "TAKEN"}],
            }
        ],
    }
}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (RAILS, [(("email",), "is taken"), (("email",), "is blank"), ((), "no seats left")]),
        (DJANGO, [(("email",), "is taken"), (("address", "zip"), "is wrong"), ((), "no seats left")]),
        (SPRING, [(("email",), "is taken")]),
        (FASTAPI, [(("items", 0, "sku"), "is unknown")]),
        (PROBLEM, [(("age",), "must be positive")]),
        (ASP, [(("Age",), "must be positive")]),
        (OLD_PROBLEM, [(("age",), "must be positive")]),
        (JSON_API, [(("email",), "is taken")]),
        (GOOGLE, [(("user", "email"), "is taken")]),
        ({"detail": [{"field": "email", "why": "is taken"}]}, [(("email",), "is taken")]),
        ({"userErrors": [{"field": ["user", "email"], "message": "is taken"}]}, [(("user", "email"), "is taken")]),
        ([{"path": "email", "message": "is taken"}], [(("email",), "is taken")]),
        ({"message": "The email is taken.", "errors": {"email": "is taken"}}, [(("email",), "is taken")]),
        ({"field": "email", "message": "is taken"}, [(("email",), "is taken")]),
    ],
)
def test_formats_of_frameworks(body: Any, expected: list[tuple[Any, str]]) -> None:
    """Each violation has the path and the text that the upstream gave."""
    assert [(each.path, each.description) for each in find_violations(body, ())] == expected


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "E7", "message": "no such item"}},
        {"name": "ValidationError", "message": "bad"},
        {"path": "/users", "error": "Bad Request", "status": 400},
        {"message": "Conflict"},
        {"messages": ["busy"]},
        {"errors": ["busy"]},
        {"detail": "Not found."},
        "busy",
        7,
        None,
        [],
        {},
    ],
)
def test_other_errors_are_about_no_field(body: Any) -> None:
    """A code, a text and the path of the URL are no fields of the request."""
    assert list(find_violations(body, ())) == []


def test_codes_are_kept() -> None:
    """Frontends translate codes, not texts."""
    assert [each.reason for body in (SPRING, FASTAPI, JSON_API, GOOGLE) for each in find_violations(body, ())] == [
        "Unique",
        "value_error",
        "E7",
        "TAKEN",
    ]


def test_typed_details_come_first() -> None:
    """A google.rpc.BadRequest, the extensions of a GraphQL error, the detail of a SOAP fault."""
    violation = FieldViolation("email", "is taken", "", ("email",))
    for detail in (
        BadRequest((violation,)),
        GraphqlError("bad", None, {"validation": 1, "errors": {"email": ["is taken"]}}),
        Fault("Client", "bad", "", {"errors": [{"field": "email", "message": "is taken"}]}),
    ):
        assert list(find_violations(SPRING | {"errors": []}, [detail])) == [violation]


def test_paths_are_taken_apart() -> None:
    """In the notations of JSON Pointer, JSONPath, Java and PHP."""
    for field in ("items[0].sku", "/items/0/sku", "#/items/0/sku", "$.items[0].sku", "items.0.sku"):
        assert split_field(field) == ("items", 0, "sku")
    assert split_field("") == ()


def test_many_violations_are_cut() -> None:
    """A hostile upstream does not fill the response."""
    assert len(list(find_violations({"errors": [{"field": "a", "message": "b"}] * 5000}, ()))) == MAX_VIOLATIONS
    assert len(list(find_violations({"errors": {f"f{n}": ["b"] for n in range(5000)}}, ()))) == MAX_VIOLATIONS
