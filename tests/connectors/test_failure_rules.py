"""The options about failures: what finds one, what is shown, and what is refused at the definition."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.endpoint import split_path
from connectors.failure_rules import FailureRule, list_needed, parse_exposure, parse_failure_rule


def _rule(error: Any) -> FailureRule:
    rule = parse_failure_rule(split_path, error)
    assert rule is not None
    return rule


@pytest.mark.parametrize(
    ("error", "value", "expected"),
    [
        ("error", {"error": {"code": 7}}, {"code": 7}),
        ("error", {"error": "no"}, "no"),
        ("result.error", {"result": {"error": "no"}}, "no"),
        ("errors.0.code", {"errors": [{"code": "E"}]}, "E"),
        ("errors[].code", {"errors": [{"code": None}, {"code": "E"}]}, ["E"]),
        (("odata.error",), {"odata.error": "no"}, "no"),
        (r"odata\.error", {"odata.error": "no"}, "no"),
        ("[].error", [{"id": 1}, {"error": "no"}], ["no"]),
        ({"status": "error"}, {"status": "error", "code": 7}, {"status": "error", "code": 7}),
        ({"status": ["error", "fail"]}, {"status": "fail"}, {"status": "fail"}),
        ({"ok": False}, {"ok": False}, {"ok": False}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        (lambda value: value.get("code") != 0, {"code": 7}, {"code": 7}),
        (lambda value: value.get("why"), {"why": "no"}, "no"),
    ],
)
def test_failures_are_found(error: Any, value: Any, expected: Any) -> None:
    """By a path, by constant fields, by a function."""
    found = _rule(error).find(value)
    assert found is not None
    assert found.value == expected


@pytest.mark.parametrize(
    ("error", "value"),
    [
        *(("error", {"error": good}) for good in (None, False, 0, "", [], {})),
        *(("error", value) for value in ({}, [], None, "error", 7, [{"error": "no"}])),
        ("errors[].code", {"errors": []}),
        ({"status": "error"}, {"status": "ok"}),
        ({"ok": False}, {"ok": 0}),
        ({"ok": False}, {}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"status": "error"}, "error"),
        (lambda value: value.get("code") != 0, {"code": 0}),
    ],
)
def test_good_replies_have_none(error: Any, value: Any) -> None:
    """Empty values at the path are what many upstreams send with success."""
    assert _rule(error).find(value) is None


def test_names_in_json() -> None:
    """What lacks them needs no look; names that JSON may write in two ways cannot be looked for."""
    assert _rule("result.error").names == (b'"result"',)
    assert _rule("[].error").names == (b'"error"',)
    assert _rule({"a": 1, "b": 2}).names == (b'"a"', b'"b"')
    assert _rule(("fehler/ä",)).names == ()
    assert _rule(lambda value: value).names == ()
    assert list_needed(_rule("errors[].code"), None) == [("errors", "code")]
    assert list_needed(_rule({"a.b": 1}), None) == [("a", "b")]
    shown = parse_exposure(split_path, ["errors[].field", "errors", "detail.x"], None)
    assert list_needed(_rule("errors[].code"), shown) == [("errors", "code"), ("errors", "field")]
    assert list_needed(_rule(lambda value: value), shown) == []


def test_no_options() -> None:
    """Nothing is kept, so that nothing is looked at."""
    assert parse_failure_rule(split_path, None) is None
    assert parse_exposure(split_path, None, None) is None
    assert parse_exposure(split_path, [], False) is None


@pytest.mark.parametrize(
    ("expose", "expected"),
    [
        ("detail", ((("detail",), "detail"),)),
        ("error.code", ((("error", "code"), "upstreamCode"),)),
        (["title", "errors[].code"], ((("title",), "title"), (("errors", "\0 each item", "code"), "upstreamCode"))),
        ({"error.code": "reason"}, ((("error", "code"), "reason"),)),
        (("odata.error",), ((("odata.error",), "odata.error"),)),
    ],
)
def test_what_is_shown(expose: Any, expected: Any) -> None:
    """Under the last name of the path, or the given one, never under the gateway's own."""
    exposure = parse_exposure(split_path, expose, None)
    assert exposure is not None
    assert exposure.shown == expected


def test_fields() -> None:
    """True, or the arguments by the upstream's names."""
    exposure = parse_exposure(split_path, None, {"user.mail": "input.email"})
    assert exposure is not None
    assert (exposure.maps_fields, exposure.fields) == (True, {"user.mail": ("input", "email")})
    plain = parse_exposure(split_path, None, True)
    assert plain is not None
    assert (plain.maps_fields, plain.fields, plain.shown) == (True, None, ())


@pytest.mark.parametrize(
    ("expose", "hint"),
    [(True, "name the paths"), ({"detail": "code"}, "gateway's own"), ({"detail": ""}, "gateway's own")],
)
def test_what_cannot_be_shown(expose: Any, hint: str) -> None:
    """Refused at the definition."""
    with pytest.raises(ValueError, match=hint):
        parse_exposure(split_path, expose, None)


@pytest.mark.parametrize(("error", "hint"), [({}, "names no field"), ("", "is no path")])
def test_rules_that_find_nothing(error: Any, hint: str) -> None:
    """An empty option is a mistake."""
    with pytest.raises(ValueError, match=hint):
        parse_failure_rule(split_path, error)
