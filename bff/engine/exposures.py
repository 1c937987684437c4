"""What a frontend reads of an upstream's refusal: only what the endpoint declares with `expose=` and `fields=`.

Used by `errors` for each UpstreamError that a response reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLInputType, get_named_type

from bff.authoring.strawberry_insides import BACKREF
from bff.contract import Problem
from connectors.error_details import FieldViolation
from connectors.errors import UpstreamError
from connectors.failure_rules import Exposure
from connectors.messages.paths import EACH, at_path

Path = tuple[str | int, ...]
MAX_TEXT: Final = 2_000
MAX_ITEMS, MAX_DEPTH = 100, 8


def show_refusal(error: UpstreamError, field: GraphQLField | None) -> tuple[str, dict[str, Any]]:
    """The message and the extensions of the error; `field` is the frontend's field that failed."""
    exposure: Exposure | None = error.operation.exposure
    message, shown = error.public, {"code": error.code}
    if exposure is None:
        return message, shown
    extensions: dict[str, Any] = dict(shown)
    for path, name in exposure.shown:
        value = _find_value(error, path)
        if name == "message":
            message = value if isinstance(value, str) and value else message
        elif value is not None:
            extensions[name] = value
    if exposure.maps_fields and (violations := error.violations):
        extensions |= _show_violations(violations, exposure, field)
        if message == error.public:
            message = _describe_violations(extensions["fields"])
    return message, extensions


def _find_value(error: UpstreamError, path: tuple[str, ...]) -> Any:
    """What stands at the path of the body, or of the first of the details that has it; plain and bounded."""
    for holder in (error.body, *map(_to_plain, error.details)):
        value = at_path(holder, path)
        if value is not None and value != []:
            return _to_plain(value)
    return None


def _to_plain(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= MAX_DEPTH:
        return None
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _to_plain(getattr(value, each.name), depth + 1) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _to_plain(each, depth + 1) for name, each in list(value.items())[:MAX_ITEMS]}
    if isinstance(value, list | tuple):
        return [_to_plain(each, depth + 1) for each in value[:MAX_ITEMS]]
    return None


def _show_violations(
    violations: Sequence[FieldViolation], exposure: Exposure, field: GraphQLField | None
) -> dict[str, Any]:
    """BAD_USER_INPUT with the path of each value in the frontend's names, as far as it is one of the frontend's."""
    shown: list[dict[str, Any]] = []
    for violation in violations:
        path = find_argument(field, violation.path, exposure.fields) if field is not None else None
        entry: dict[str, Any] = {} if path is None else {"path": list(path)}
        if violation.description:
            entry["message"] = violation.description[:MAX_TEXT]
        if violation.reason:
            entry["code"] = violation.reason[:MAX_TEXT]
        shown.append(entry)
    return {"code": Problem.BAD_USER_INPUT.name, "fields": shown}


def _describe_violations(shown: Sequence[Mapping[str, Any]]) -> str:
    """One sentence: the first value with its place, and how many there are."""
    first = next((each for each in shown if "path" in each), None)
    if first is None:
        return "A service does not accept a value of the input."
    more = f", and {len(shown) - 1} more" if len(shown) > 1 else ""
    return f'A service does not accept the argument "{_format_path(first["path"])}"{more}.'


def _format_path(path: Sequence[str | int]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def find_argument(field: GraphQLField, path: Path, mapped: Mapping[str, Sequence[str]] | None = None) -> Path | None:
    """The argument, with its path inside, that an upstream's field is; None where it is none of this field.

    Names are equal as people mean it: `post_code`, `postCode` and `PostCode`; steps before the first known name, such
    as `body` or the name of a message, are passed over.
    """
    for length in range(len(path), 0, -1) if mapped else ():
        known = (mapped or {}).get(_format_path(path[:length]))
        if known is not None:
            given = tuple(step for step in known if step != EACH)
            return (*given, *path[length:])
    for start in range(len(path)):
        for found in _match_arguments(field, path[start:]):
            return found
    return None


def _match_arguments(field: GraphQLField, path: Path) -> Iterator[Path]:
    """The path as one of an argument, then as one of the fields inside of an argument."""
    for name, argument in field.args.items():
        if (
            _is_same(path[0], name, _own_name(argument))
            and (rest := _match_inside(argument.type, path[1:])) is not None
        ):
            yield (name, *rest)
    for name, argument in field.args.items():
        type_ = get_named_type(argument.type)
        if isinstance(type_, GraphQLInputObjectType) and (rest := _match_inside(type_, path)) is not None:
            yield (name, *rest)


def _match_inside(type_: GraphQLInputType, path: Path) -> Path | None:
    """The path in the names of an input type; None where a name is not one of its fields."""
    if not path:
        return ()
    if isinstance(path[0], int):
        rest = _match_inside(type_, path[1:])
        return None if rest is None else (path[0], *rest)
    named = get_named_type(type_)
    if not isinstance(named, GraphQLInputObjectType):
        return None
    for name, field in named.fields.items():
        if _is_same(path[0], name, _own_name(field)) and (rest := _match_inside(field.type, path[1:])) is not None:
            return (name, *rest)
    return None


def _own_name(definition: Any) -> str:
    """The Python name of an argument or input field."""
    own = (definition.extensions or {}).get(BACKREF)
    return str(getattr(own, "python_name", ""))


def _is_same(step: str | int, *names: str) -> bool:
    return any(_simplify(str(step)) == _simplify(name) for name in names if name)


def _simplify(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
