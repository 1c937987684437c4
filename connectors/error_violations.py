"""Validation errors in the formats of common frameworks, as FieldViolations. Used by `error_reply`.

Formats: google.rpc.BadRequest and its JSON, problem details (`errors` of RFC 9457 section 3 and of ASP.NET,
`invalid-params` of RFC 7807), JSON:API, Shopify (`userErrors`), Rails, Laravel, Django REST framework, Spring, FastAPI,
express-validator, and lists of objects that name a field and a message in other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from connectors.error_details import BadRequest, Fault, FieldViolation, GraphqlError, Path

MAX_VIOLATIONS: Final = 100
_FIELD_KEYS = ("field", "pointer", "loc", "param", "parameter", "property", "propertyPath", "attribute")
_ITEM_KEYS = (*_FIELD_KEYS, "path", "name", "key")
"""In items of a list also these; at the top of a body, they are the path of the URL and the name of the error."""
_TEXT_KEYS = ("message", "defaultMessage", "msg", "description", "detail", "reason", "why", "error", "title")
_CODE_KEYS = ("code", "reason", "type", "rule", "constraint", "keyword")
_LIST_KEYS = (
    "errors",
    "userErrors",
    "user_errors",
    "invalid-params",
    "invalidParams",
    "invalid_params",
    "violations",
    "fieldViolations",
    "field_violations",
    "fieldErrors",
    "field_errors",
    "validationErrors",
    "validation_errors",
    "details",
    "detail",
    "fields",
    "error",
)
"""Where the violations stand, at the top of a body or one object below, in the order of trust."""
_BY_FIELD_KEYS = frozenset(
    ("errors", "fieldErrors", "field_errors", "validationErrors", "validation_errors", "violations")
)
"""Those of them that may also hold messages by field, such as `{"email": ["is taken"]}`."""
_DEPTH = 3
_OUTER = frozenset(("body", "query", "path", "header", "cookie", "params"))
"""First steps of FastAPI's `loc`: the part of the request that the rest is in."""
_WHOLE = frozenset(("non_field_errors", "__all__", "base", "_schema", ""))
"""Names of Django, Rails and marshmallow for errors that are about no single field."""
_STEPS = re.compile(r"[^.\[\]/]+")
_MAX_TEXT = 500
_MAX_STEPS = 8


def find_violations(body: Any, details: Iterable[Any]) -> Iterator[FieldViolation]:
    """Those of typed details if there are any, else those of the body."""
    found = list(_of_details(details))
    if not found and isinstance(body, dict | list):
        found = list(_of_body(body, _DEPTH))
    yield from found[:MAX_VIOLATIONS]


def split_field(field: str) -> Path:
    """The steps of `address.zip`, `/address/zip`, `#/address/zip`, `items[0].sku` or `$.items[0]`."""
    steps = _STEPS.findall(field.lstrip("#$"))
    return tuple(int(step) if step.isascii() and step.isdecimal() and len(step) < 10 else step for step in steps)


def _of_details(details: Iterable[Any]) -> Iterator[FieldViolation]:
    for detail in details:
        if isinstance(detail, BadRequest):
            yield from detail.field_violations
        elif isinstance(detail, GraphqlError):
            yield from _of_body(detail.extensions, _DEPTH)
        elif isinstance(detail, Fault) and isinstance(detail.detail, dict | list):
            yield from _of_body(detail.detail, _DEPTH)


def _of_body(body: Any, depth: int) -> Iterator[FieldViolation]:
    if isinstance(body, list):
        for each in body[:MAX_VIOLATIONS]:
            yield from _of_item(each, depth)
    elif isinstance(body, Mapping):
        found = list(_of_lists_below(body, depth - 1))
        if not found and (lone := _of_object(body, _FIELD_KEYS)):
            found = [lone]
        yield from found or _of_lists_by_field(body)


def _of_lists_below(value: Mapping[str, Any], depth: int) -> Iterator[FieldViolation]:
    for key in _LIST_KEYS:
        if key in value:
            yield from _of_container(key, value[key], depth)


def _of_container(key: str, value: Any, depth: int) -> Iterator[FieldViolation]:
    """What stands under a key such as `errors`: a list of objects, an object that has such a key, messages by field."""
    if depth < 0:
        return
    if isinstance(value, list):
        for each in value[:MAX_VIOLATIONS]:
            yield from _of_item(each, depth)
    elif isinstance(value, Mapping):
        if (lone := _of_object(value, _FIELD_KEYS)) is not None:  # XML has an object where there is one
            yield lone
            return
        found = list(_of_lists_below(value, depth - 1))
        yield from found or (_of_messages_by_field(value) if key in _BY_FIELD_KEYS else ())


def _of_item(item: Any, depth: int) -> Iterator[FieldViolation]:
    if not isinstance(item, Mapping):
        return
    violation = _of_object(item)
    if violation is not None:
        yield violation
    elif depth > 0:
        yield from _of_lists_below(item, depth - 1)


def _of_object(item: Mapping[str, Any], keys: Iterable[str] = _ITEM_KEYS) -> FieldViolation | None:
    """An object that names a field and a message."""
    source = item.get("source")  # JSON:API
    named = source if isinstance(source, Mapping) and ("pointer" in source or "parameter" in source) else item
    path = next((found for key in keys if (found := _to_path(named.get(key)))), None)
    if path is None:
        return None
    text_key = next((key for key in _TEXT_KEYS if isinstance(item.get(key), str)), None)
    code = next((item[key] for key in _CODE_KEYS if key != text_key and isinstance(item.get(key), str)), "")
    if text_key is None and not code:
        return None
    if named is source and path[:2] == ("data", "attributes"):
        path = path[2:]
    return _violation(path, "" if text_key is None else item[text_key], code)


def _to_path(value: Any) -> Path | None:
    if isinstance(value, str) and 0 < len(value) <= _MAX_TEXT:
        return split_field(value) or None
    if isinstance(value, list) and value and all(isinstance(step, str | int) for step in value[:MAX_VIOLATIONS]):
        steps = tuple(value[:MAX_VIOLATIONS])
        return steps[1:] if steps[0] in _OUTER and len(steps) > 1 else steps
    return None


def _of_lists_by_field(body: Mapping[str, Any]) -> Iterator[FieldViolation]:
    """Django REST framework and Rails: `{"email": ["is taken"]}`, and nothing else beside it."""
    is_plain = not any(key in body for key in (*_LIST_KEYS, "messages", "message"))
    if is_plain and all(isinstance(value, list | dict) for value in body.values()):
        yield from _of_messages_by_field(body)


def _of_messages_by_field(body: Mapping[str, Any], outer: Path = ()) -> Iterator[FieldViolation]:
    for name, value in list(body.items())[:MAX_VIOLATIONS]:
        path = outer if name in _WHOLE else (*outer, *split_field(name))
        for each in value[:MAX_VIOLATIONS] if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield _violation(path, each, "")
            elif isinstance(each, Mapping) and isinstance(
                each.get("message", each.get("error")), str
            ):  # Rails, express
                code = each.get("code", each.get("error", ""))
                yield _violation(path, each.get("message") or "", code if isinstance(code, str) else "")
            elif isinstance(each, Mapping) and len(outer) < 8:
                yield from _of_messages_by_field(each, path)


def _violation(path: Path, text: str, code: str) -> FieldViolation:
    return FieldViolation(".".join(map(str, path)), text[:_MAX_TEXT], code[:_MAX_TEXT], path)
