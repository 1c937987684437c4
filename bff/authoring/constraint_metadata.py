"""From the metadata of `Annotated[...]` to a ValueRule. Used by constraints, once per argument and input field.

Metadata are those of `constraint(...)`, msgspec (`Meta`), annotated-types and pydantic (`Field`, `StringConstraints`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from bff.validation.value_rule import ValueRule, merge_rules

RULE_OF = "value_rule"
"""Attribute of what `constraint(...)` makes: its ValueRule."""

_LIBRARIES = {"annotated_types", "msgspec", "pydantic"}
_UNCHECKED = ("multiple_of", "allow_inf_nan", "max_digits", "decimal_places", "func")
_CHANGES = ("strip_whitespace", "to_upper", "to_lower")
_NUMBERS = {"ge": "min", "le": "max", "gt": "exclusive_min", "lt": "exclusive_max"}


def read_annotation(annotation: Any) -> tuple[ValueRule, list[str]]:
    """The rule that an annotation declares, and what is wrong with it."""
    rule, problems = ValueRule(), list[str]()
    for depth, is_list, metadata in _find_metadata(annotation, 0):
        found, wrong = _read_metadata(metadata, depth, is_list=is_list)
        rule, differing = merge_rules(rule, found)
        problems += [*wrong, *differing]
    return rule, problems


def _find_metadata(annotation: Any, depth: int) -> Iterator[tuple[int, bool, Any]]:
    """Metadata at each level: how many lists it stands in, and whether it is that of a list itself."""
    inner, own = annotation, list[Any]()
    while get_origin(inner) is Annotated:
        inner, *metadata = get_args(inner)
        own += metadata
    is_list = _is_list(inner)
    for each in own:
        for metadata in each.metadata if isinstance(each, FieldInfo) else (each,):
            yield depth, is_list, metadata
        if isinstance(each, FieldInfo) and isinstance(each.json_schema_extra, Mapping):
            yield depth, is_list, each.json_schema_extra
    below = depth + (get_origin(inner) is list)
    for argument in get_args(inner):
        yield from _find_metadata(argument, below)


def _is_list(annotation: Any) -> bool:
    """Whether it is a list or an optional list."""
    if get_origin(annotation) is list:
        return True
    if get_origin(annotation) is Annotated:
        return _is_list(get_args(annotation)[0])
    arguments = [each for each in get_args(annotation) if each is not type(None)]
    return len(arguments) == 1 and _is_list(arguments[0])


def _read_metadata(metadata: Any, depth: int, *, is_list: bool) -> tuple[ValueRule, list[str]]:
    declared = getattr(metadata, RULE_OF, None)
    if isinstance(declared, ValueRule):
        return declared, []
    if isinstance(metadata, Mapping):
        return ValueRule(format=metadata.get("format")), []
    if type(metadata).__module__.partition(".")[0] not in _LIBRARIES:
        return ValueRule(), []
    problems = [
        f"{_name(metadata, name)} is not checked; check it in the resolver"
        for name in _UNCHECKED
        if _has(metadata, name)
    ]
    problems += [f"{name} is not done; the gateway changes no value" for name in _CHANGES if _has(metadata, name)]
    values = {own: getattr(metadata, name) for name, own in _NUMBERS.items() if _has(metadata, name)}
    values |= {name: getattr(metadata, name) for name in ("pattern",) if _has(metadata, name)}
    extra = getattr(metadata, "extra_json_schema", None)
    if isinstance(extra, Mapping) and "format" in extra:
        values["format"] = extra["format"]
    lengths = {name: getattr(metadata, name) for name in ("min_length", "max_length") if _has(metadata, name)}
    if is_list:
        if values:
            problems.append(f"{', '.join(values)} of a list; declare it for its items: list[Annotated[...]]")
        if lengths and depth:
            problems.append("the number of items is checked of the outermost list only")
        values = {name.replace("length", "items"): value for name, value in lengths.items()}
    else:
        values |= lengths
    if isinstance(values.get("pattern"), str) or "pattern" not in values:
        return ValueRule(**values), problems
    return ValueRule(**{**values, "pattern": values["pattern"].pattern}), problems  # pydantic takes compiled ones


def _has(metadata: Any, name: str) -> bool:
    return getattr(metadata, name, None) is not None


def _name(metadata: Any, name: str) -> str:
    """What the author wrote: the class for a function of any kind, such as Predicate."""
    return type(metadata).__name__ if name == "func" else name
