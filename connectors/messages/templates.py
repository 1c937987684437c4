"""Templates of nested data: what authors write as bodies and messages, `{"skus": "{sku}"}`, filled for every call.

Parsed once where the endpoint is defined. Used by every kind whose requests are made of dicts and lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from operator import itemgetter
from typing import Any

from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PLACEHOLDER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\??\}")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\??)")

Parameters = str | tuple[str, ...]
"""The parameter that takes the keys of a batch, or those that take one part of each."""
_Keys = Sequence[Any]
_Fill = Callable[[Mapping[str, Any], _Keys, Hashable], Any]
"""(arguments, all keys of the batch, the key of the repeated element being filled) -> data."""


class _LeftOut:
    """What an optional parameter that was not given leaves behind: no entry at all."""


_LEFT_OUT = _LeftOut()


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{name}`, or `{name?}` for one that may be left out."""

    name: str
    is_required: bool = True


def parse_text(text: str) -> tuple[str | Placeholder, ...]:
    """The constant parts and placeholders of a text, in order; `{{` and `}}` stand for single braces.

    Raises DefinitionError for a brace without its partner or a placeholder that is no name.
    """
    parts: list[str | Placeholder] = []
    constant, end = "", 0
    for match in _BRACES.finditer(text):
        constant += text[end : match.start()]
        end = match.end()
        if match[0] in ("{{", "}}"):
            constant += match[0][0]
            continue
        if match[1] is None:
            raise _create_error(f'"{match[0]}" at character {match.start() + 1} of {text!r} has no partner', "a brace")
        parts += [constant] if constant else []
        parts.append(_parse_placeholder(match[1], text))
        constant = ""
    constant += text[end:]
    return (*parts, constant) if constant or not parts else tuple(parts)


def text_of(value: Any) -> str:
    """A value inside of a text: booleans as JSON writes them, enums their value, all else as `str` does."""
    if isinstance(value, Enum):
        return text_of(value.value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def find_batched_parameter(many: Template | Mapping[str, bool], chosen: str | None = None) -> str:
    """The parameter whose values are collected: the only placeholder, or the chosen one where there are several.

    Raises DefinitionError when there is none, when there are several and none is chosen, or the chosen one is unknown.
    """
    names = list(many.parameters if isinstance(many, Template) else many)
    if chosen is not None and chosen not in names:
        raise DefinitionError(f'{place_of_author()}: batch="{chosen}" is not in `many`; it has {_list_names(names)}')
    if chosen is None and len(names) != 1:
        raise DefinitionError(
            f"{place_of_author()}: `many` has {_list_names(names)}; "
            + ("say which one is collected: batch=..." if names else 'name the collected one, such as "{id}"')
        )
    return chosen or names[0]


class Template:
    """Nested dicts and lists with placeholders in their texts.

    A text that is exactly `{name}` takes the value as it is; a placeholder inside of a longer text is filled as text.
    A None given stays None and makes the whole text None; a parameter that is not given leaves its entry out. `{name?}`
    may be missing in a call; `{name}` must be there, though it may be `connectors.plain.NOT_GIVEN`.
    Constants and the names of entries stay as they are.

    With `many`, that parameter takes the keys of a batch: the nearest one-element list around it gets one element per
    key (`[{"sku": "{sku}"}]`); without such a list, the lone `{sku}` becomes the list of keys. A tuple of parameters
    takes keys that are tuples, one part each.
    """

    def __init__(self, value: Any, *, many: Parameters | None = None) -> None:
        self.written = value
        """As its author wrote it."""
        self.parameters: dict[str, bool] = {}
        """Whether each parameter must be given, by name, in the order written."""
        self._many: Mapping[str, Callable[[Any], Any]] = _read_parts(many)
        """How each collected parameter is read from a key."""
        self._is_parameter = isinstance(value, str) and _PLACEHOLDER.fullmatch(value) is not None
        self._fill = self._compile_value(value, in_list=False)[0]

    def fill(self, arguments: Mapping[str, Any], keys: _Keys = (), *, absent: Any = None) -> Any:
        """New data with every placeholder replaced; `keys` are the values of the `many` parameter.

        `absent` is returned where the whole template is one parameter that is not given.
        """
        filled = self._fill(arguments, keys, None)
        return absent if filled is _LEFT_OUT else filled

    def is_given_plainly(self, arguments: Mapping[str, Any]) -> bool:
        """Whether the author alone decides on the form of what is filled.

        The whole is no parameter, and none is an object, a list, null or left out. Where one is, the call may be what
        does not fit.
        """
        if self._is_parameter:
            return False
        names = [name for name in self.parameters if name not in self._many]
        return all(isinstance(arguments.get(name), str | bytes | int | float | Decimal | Enum) for name in names)

    def _compile_value(self, value: Any, *, in_list: bool) -> tuple[_Fill, bool]:
        """How to fill this value, and whether it must be repeated for every key by the list around it."""
        if isinstance(value, Mapping):
            return self._compile_mapping(value, in_list=in_list)
        if isinstance(value, list | tuple):
            return self._compile_list(value, in_list=in_list)
        if isinstance(value, str):
            return self._compile_text(value, in_list=in_list)
        return _fill_constant(value), False

    def _compile_mapping(self, value: Mapping[Any, Any], *, in_list: bool) -> tuple[_Fill, bool]:
        for name in value:
            if isinstance(name, str) and _PLACEHOLDER.search(name):
                raise DefinitionError(f"{place_of_author()}: the name {name!r} holds a parameter; only values can")
        entries = {name: self._compile_value(item, in_list=in_list) for name, item in value.items()}
        fills = [(name, fill) for name, (fill, _) in entries.items()]

        def fill_mapping(arguments: Mapping[str, Any], keys: _Keys, key: Hashable) -> dict[Any, Any]:
            filled = ((name, fill(arguments, keys, key)) for name, fill in fills)
            return {name: item for name, item in filled if item is not _LEFT_OUT}

        return fill_mapping, any(repeats for _, repeats in entries.values())

    def _compile_list(self, value: Sequence[Any], *, in_list: bool) -> tuple[_Fill, bool]:
        if len(value) == 1:
            return self._compile_element(value[0])
        items = [self._compile_value(item, in_list=in_list) for item in value]
        fills = [fill for fill, _ in items]

        def fill_list(arguments: Mapping[str, Any], keys: _Keys, key: Hashable) -> list[Any]:
            filled = (fill(arguments, keys, key) for fill in fills)
            return [item for item in filled if item is not _LEFT_OUT]

        return fill_list, any(repeats for _, repeats in items)

    def _compile_element(self, item: Any) -> tuple[_Fill, bool]:
        fill, repeats = self._compile_value(item, in_list=True)

        def fill_for_each_key(arguments: Mapping[str, Any], keys: _Keys, key: Hashable) -> list[Any]:
            filled = (fill(arguments, keys, each) for each in keys)
            return [item for item in filled if item is not _LEFT_OUT]

        def fill_one(arguments: Mapping[str, Any], keys: _Keys, key: Hashable) -> list[Any]:
            filled = fill(arguments, keys, key)
            return [] if filled is _LEFT_OUT else [filled]

        return (fill_for_each_key if repeats else fill_one), False

    def _compile_text(self, text: str, *, in_list: bool) -> tuple[_Fill, bool]:
        parts = parse_text(text)
        places = [part for part in parts if isinstance(part, Placeholder)]
        for place in places:
            self.parameters[place.name] = self.parameters.get(place.name, False) or place.is_required
        if not places:
            return _fill_constant("".join(str(part) for part in parts)), False
        repeats = any(place.name in self._many for place in places)
        if len(parts) == 1:
            return self._compile_placeholder(places[0].name, in_list=in_list), repeats and in_list
        if repeats and not in_list:
            raise DefinitionError(
                f"{place_of_author()}: {text!r} is one text and cannot hold a list of keys; "
                f"write it inside of a list, [{text!r}], to get one text per key"
            )
        return self._compile_parts(parts), repeats

    def _compile_placeholder(self, name: str, *, in_list: bool) -> _Fill:
        read = self._many.get(name)
        if read is None:
            return lambda arguments, keys, key: arguments.get(name, _LEFT_OUT)
        return (
            (lambda arguments, keys, key: read(key))
            if in_list
            else (lambda arguments, keys, key: list(map(read, keys)))
        )

    def _compile_parts(self, parts: Sequence[str | Placeholder]) -> _Fill:
        def fill_text(arguments: Mapping[str, Any], keys: _Keys, key: Hashable) -> Any:
            texts = []
            for part in parts:
                if isinstance(part, str):
                    texts.append(part)
                    continue
                read = self._many.get(part.name)
                value = arguments.get(part.name, _LEFT_OUT) if read is None else read(key)
                if value is None or value is _LEFT_OUT:
                    return value
                texts.append(text_of(value))
            return "".join(texts)

        return fill_text


def _read_parts(many: Parameters | None) -> dict[str, Callable[[Any], Any]]:
    if isinstance(many, tuple):
        return {name: itemgetter(place) for place, name in enumerate(many)}
    return {} if many is None else {many: _keep_key}


def _keep_key(key: Any) -> Any:
    return key


def _fill_constant(value: Any) -> _Fill:
    return lambda arguments, keys, key: value


def _parse_placeholder(inside: str, text: str) -> Placeholder:
    match = _NAME.fullmatch(inside)
    if match is None:
        raise _create_error(f'"{{{inside}}}" in {text!r} is not the name of a parameter', "constant braces")
    return Placeholder(match[1], is_required=not match[2])


def _create_error(what: str, wanted: str) -> DefinitionError:
    return DefinitionError(f"{place_of_author()}: {what}; write {{name}} for a parameter and {{{{ }}}} for {wanted}")


def _list_names(names: Sequence[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names) or "no placeholder"
