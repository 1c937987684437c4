"""What a description of an upstream (WSDL, proto files, SDL, OpenAPI) says of its endpoints. Used by `bff check`.

Connectors whose upstreams have a description are `Describes`; each writes its types as DataType, so that paths, names
and enums are compared in one way for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, Protocol, runtime_checkable

from connectors.contract import Operation
from connectors.errors import DefinitionError
from connectors.messages.paths import EACH
from connectors.messages.templates import Placeholder, parse_text

Scalar = Literal["text", "integer", "number", "boolean", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataType:
    """One type of a description. What is inside is looked up when needed, because types may contain themselves."""

    name: str
    """For messages, such as `the message demo.Answer`."""
    fields: Callable[[], Mapping[str, DataType]] | None = None
    """Of a record: its fields by name."""
    item: Callable[[], DataType] | None = None
    """Of a list: the type of its items."""
    values: tuple[str, ...] = ()
    """Of an enum: what it may be."""
    scalar: Scalar | None = None
    """Of a single value: its kind, empty where that is not known."""
    is_open: bool = False
    """Whether a record may hold other fields too."""
    is_required: bool = False
    """Whether a field must be in a message."""

    @property
    def is_anything(self) -> bool:
        """Whether nothing is known of it."""
        return self.fields is None and self.item is None and self.scalar is None


ANYTHING = DataType(name="anything")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUse:
    """What an endpoint sends, compared with the description."""

    problems: tuple[str, ...] = ()
    """Why each call would fail, in words for the author."""
    doubts: tuple[str, ...] = ()
    """What the description does not have, although calls may be answered."""
    parameters: Mapping[str, DataType] = field(default_factory=dict)
    """The types of the places that parameters fill."""


class Description(Protocol):
    """What one upstream says of itself."""

    def check_request(self, operation: Operation) -> RequestUse:
        """Whether there is such an operation, and what its requests hold. Raises DefinitionError for an unknown one."""

    def describe_reply(self, operation: Operation, *, is_batch: bool) -> DataType:
        """The type of the data of a reply, or of an event. Raises DefinitionError for an unknown operation."""


@runtime_checkable
class Describes(Protocol):
    """A connector that knows what its upstream says of itself."""

    async def describe(self) -> Description | None:
        """Read the description, from files or from the upstream; None where there is none. Raises as `start`."""


def check_written(written: Any, type_: DataType, place: str) -> RequestUse:
    """Compare what an author wrote as a message, with `{parameters}`, to the type that it has upstream."""
    problems: list[str] = []
    parameters: dict[str, DataType] = {}
    _walk_written(written, type_, place, problems, parameters)
    return RequestUse(problems=tuple(problems), parameters=parameters)


def _walk_written(
    written: Any, type_: DataType, place: str, problems: list[str], parameters: dict[str, DataType]
) -> None:
    if isinstance(written, str):
        _check_text(written, type_, place, problems, parameters)
    elif type_.is_anything:
        for each in _list_inside(written):
            _walk_written(each, ANYTHING, place, problems, parameters)
    elif isinstance(written, Mapping):
        _check_mapping(written, type_, place, problems, parameters)
    elif isinstance(written, list | tuple):
        item = type_.item() if type_.item is not None else None
        if item is None:
            problems += [f"{place} is {type_.name}, and a list is sent"] if type_.fields or type_.scalar else []
            item = ANYTHING
        for each in written:
            _walk_written(each, item, f"{place}[]", problems, parameters)


def _check_mapping(
    written: Mapping[Any, Any], type_: DataType, place: str, problems: list[str], parameters: dict[str, DataType]
) -> None:
    if type_.item is not None:  # one record stands for a list of it alone, where the protocol allows that
        type_ = type_.item()
    if type_.fields is None:
        if type_.scalar:
            problems.append(f"{place} is {type_.name}, and a record is sent")
        for each in written.values():
            _walk_written(each, ANYTHING, place, problems, parameters)
        return
    fields = type_.fields()
    for name, value in written.items():
        if name in fields:
            _walk_written(value, fields[name], f"{place}.{name}", problems, parameters)
        elif type_.is_open:
            _walk_written(value, ANYTHING, f"{place}.{name}", problems, parameters)
        else:
            problems.append(f'{place}: {type_.name} has no field "{name}"; {suggest_name(str(name), fields)}')
    problems += [
        f'{place}: {type_.name} needs the field "{name}"'
        for name, each in fields.items()
        if each.is_required and name not in written
    ]


def _check_text(
    written: str, type_: DataType, place: str, problems: list[str], parameters: dict[str, DataType]
) -> None:
    parts = parse_text(written)
    if len(parts) == 1 and isinstance(parts[0], Placeholder):
        parameters[parts[0].name] = type_
        return
    if type_.values and all(isinstance(part, str) for part in parts) and "".join(map(str, parts)) not in type_.values:
        text = "".join(map(str, parts))
        problems.append(f'{place} is {type_.name}, which has no value "{text}"; {suggest_name(text, type_.values)}')
    for part in parts:
        if isinstance(part, Placeholder):
            parameters.setdefault(part.name, ANYTHING)


def _list_inside(written: Any) -> Iterator[Any]:
    if isinstance(written, Mapping):
        yield from written.values()
    elif isinstance(written, list | tuple):
        yield from written


def follow_path(type_: DataType, path: tuple[str, ...]) -> DataType:
    """The type at a path, as `at_path` follows it. Raises DefinitionError with what is there instead."""
    for number, step in enumerate(path):
        if type_.is_anything:
            return ANYTHING
        if step == EACH:
            inner = follow_path(type_.item() if type_.item is not None else type_, path[number + 1 :])
            return inner if inner.item is not None else list_of(inner)
        if type_.item is not None:
            if not step.lstrip("-").isdecimal():
                raise DefinitionError(f'{type_.name} is a list and has no "{step}"; write [] for each item, or .0')
            type_ = type_.item()
            continue
        fields = type_.fields() if type_.fields is not None else {}
        rest = ".".join(path[number:])
        if step not in fields and rest in fields:
            return fields[rest]
        if step not in fields:
            if type_.is_open:
                return ANYTHING
            raise DefinitionError(f'{type_.name} has no "{step}"; {suggest_name(step, fields)}')
        type_ = fields[step]
    return type_


def list_of(type_: DataType) -> DataType:
    """A list of a type."""
    return DataType(name=f"a list of {type_.name}", item=lambda: type_)


def suggest_name(name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """`did you mean "sku"?`, or what there is."""
    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_lower, n=1)
    return f'did you mean "{by_lower[near[0]]}"?' if near else f"it has {', '.join(known) or 'none'}"
