"""Messages for mistakes in bff.yaml: what is wrong with a value, and the next step. Used by the check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

_EXPECTED: Mapping[str, str] = {
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "dict_type": "expected a mapping, such as {key: value}",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "int_from_float": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "list_type": "expected a list, such as [one, two]",
    "missing": "this key is required",
    "model_attributes_type": "expected a mapping, such as {key: value}",
    "model_type": "expected a mapping, such as {key: value}",
    "string_too_short": "must not be empty",
    "string_type": "expected text; put it in quotes",
    "too_short": "must not be empty",
    "tuple_type": "expected a list, such as [one, two]",
}
_SHOWN = ("bool_", "float_", "int_", "literal_", "greater_", "less_")
"""Errors whose message shows the value. Others do not: it may be a secret in the wrong place."""


def explain(model: type[BaseModel], error: Mapping[str, Any], *, is_public: bool) -> str:
    """The message of one of pydantic's errors for `model`. It shows the value only if it `is_public` and helps."""
    kind, value, message = str(error["type"]), error["input"], str(error["msg"])
    if kind == "extra_forbidden":
        return explain_unknown_key(str(error["loc"][-1]), keys_at(model, error["loc"][:-1]))
    if kind in ("value_error", "assertion_error"):
        words = message.partition(", ")[2] or message
        return words if is_public else words.replace(repr(value), "the value of this variable")
    if kind == "literal_error":
        message = f"expected {error['ctx']['expected']}"
    words = _EXPECTED.get(kind) or message[:1].lower() + message[1:]
    is_shown = is_public and kind.startswith(_SHOWN) and isinstance(value, str | int | float) and len(str(value)) < 60
    return f"{words}, not {str(value).lower() if isinstance(value, bool) else repr(value)}" if is_shown else words


def explain_unknown_key(key: str, known: Iterable[str]) -> str:
    """`unknown key; did you mean "retry"?`."""
    names = sorted(known)
    nearest = get_close_matches(key, names, n=1) or [name for name in names if len(key) > 3 and key in name]
    return f'unknown key; did you mean "{nearest[0]}"?' if nearest else f"unknown key; there is {', '.join(names)}"


def keys_of(model: type[BaseModel]) -> set[str]:
    """The keys of a model as they are written in YAML."""
    return {field.alias or name for name, field in model.model_fields.items()}


def keys_at(model: type[BaseModel], path: tuple[str | int, ...]) -> set[str]:
    """The keys of the model at a path inside another."""
    current: type[BaseModel] = model
    for step in path:
        fields = {field.alias or name: field for name, field in current.model_fields.items()}
        if step in fields:
            current = model_of(fields[str(step)].annotation) or current
    return keys_of(current)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as `dict[str, Model]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := model_of(each)) is not None), None)
