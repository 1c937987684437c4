"""The field of an endpoint, as its author writes it: `product(id: $id) { reviews }`. Parsed when it is defined."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphql import (
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    strip_ignored_characters,
    visit,
)

_OPTIONAL = re.compile(r'"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|\$([_A-Za-z]\w*)\?')
"""Strings, which stay as they are, and `$name?`."""


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`, or `$name?` for an optional one."""

    name: str
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class FieldPath:
    """One root field, or a path of single fields; the value of the innermost is the endpoint's answer."""

    names: tuple[str, ...]
    """The fields, the outermost first."""
    variables: tuple[Variable, ...]
    """In the order of the text, each once."""
    parts: tuple[str | Variable, ...]
    """The text up to the selection of the innermost field."""

    def render(self, wire_name: Callable[[str], str], inside: str) -> str:
        """The field in GraphQL's syntax, with variables named by `wire_name` and the selection `inside`."""
        head = "".join(part if isinstance(part, str) else f"${wire_name(part.name)}" for part in self.parts)
        return head + (f" {{ {inside} }}" if inside else "") + " }" * (len(self.names) - 1)


def parse_field(text: str) -> FieldPath:
    """Parse the text. Raises ValueError, written for the author, for anything but one field or path of fields."""
    optional = {match[1] for match in _OPTIONAL.finditer(text) if match[1]}
    plain = _OPTIONAL.sub(lambda match: f"${match[1]}" if match[1] else match[0], text)
    try:
        source = "{" + strip_ignored_characters(plain) + "}"
        (operation,) = parse(source).definitions
    except (GraphQLError, ValueError) as error:
        raise ValueError(f"{text!r} is not a field in GraphQL's syntax: {_first_line(error)}") from error
    assert isinstance(operation, OperationDefinitionNode)
    path = _walk_path(text, operation.selection_set)
    variables = _find_variables(path[0])
    end = path[-1].loc.end if path[-1].loc else 0
    return FieldPath(
        names=tuple(node.name.value for node in path),
        variables=tuple(
            Variable(name, name not in optional) for name in dict.fromkeys(name for name, _, _ in variables)
        ),
        parts=_split_text(source, end, variables, optional),
    )


def _walk_path(text: str, selections: SelectionSetNode | None) -> list[FieldNode]:
    path: list[FieldNode] = []
    while selections is not None:
        node = selections.selections[0] if len(selections.selections) == 1 else None
        if not isinstance(node, FieldNode) or node.alias:
            raise ValueError(
                f"{text!r} must be one field, or a path of single fields such as `product(id: $id) {{ reviews }}`, "
                "without aliases and fragments; the selection comes from the frontend, or from fields="
            )
        path.append(node)
        selections = node.selection_set
    return path


def _find_variables(root: FieldNode) -> list[tuple[str, int, int]]:
    """Name, start and end of every variable, in the order of the text."""
    found: list[tuple[str, int, int]] = []

    class Find(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            assert node.loc is not None
            found.append((node.name.value, node.loc.start, node.loc.end))

    visit(root, Find())
    return found


def _split_text(
    source: str, end: int, variables: Sequence[tuple[str, int, int]], optional: set[str]
) -> tuple[str | Variable, ...]:
    parts: list[str | Variable] = []
    done = 1  # after the opening brace
    for name, start, after in variables:
        parts += [source[done:start], Variable(name, name not in optional)]
        done = after
    return (*parts, source[done:end])


def _first_line(error: Exception) -> str:
    return (error.message if isinstance(error, GraphQLError) else str(error)).partition("\n")[0]
