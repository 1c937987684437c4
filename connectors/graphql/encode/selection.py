"""Selections as GraphQL text: what is asked of each record. Used by `endpoints` (defaults) and `pieces` (calls)."""

from __future__ import annotations

import re

from graphql import (
    DocumentNode,
    GraphQLError,
    Node,
    VariableNode,
    Visitor,
    parse,
    strip_ignored_characters,
    visit,
)

from connectors.contract import Selection

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


def with_path(selection: Selection, path: tuple[str, ...]) -> Selection:
    """The selection, asking for the value at this path too."""
    if not path:
        return selection
    name, rest = path[0], path[1:]
    fields = dict(selection.fields)
    inner = fields.get(name)
    fields[name] = with_path(inner or Selection(), rest) if rest else inner
    return Selection(tuple(fields.items()), selection.on)


def selection_text(selection: Selection) -> str:
    """The selection without its outer braces; never empty. `__typename` comes along where types are told apart.

    Raises ValueError for a name that GraphQL cannot have.
    """
    names = [name for name, _ in selection.fields]
    parts = [_field_text(name, inner) for name, inner in selection.fields]
    if (selection.on or not names) and "__typename" not in names:
        parts.insert(0, "__typename")
    parts += [
        f"... on {_checked(name)} {{ {selection_text(inner)} }}"
        for name, inner in selection.on
        if inner.fields or inner.on
    ]
    return " ".join(parts)


def default_text(fields: str) -> str:
    """An author's `fields=`, checked and without superfluous characters. Raises ValueError, in words for the author."""
    if not fields.strip():
        return ""
    try:
        text = strip_ignored_characters(fields)
        document = parse("{" + text + "}", no_location=True)
    except GraphQLError as error:
        raise ValueError(
            f"fields={fields!r} is not a selection in GraphQL's syntax, such as `id author {{ name }}`: "
            f"{error.message.partition(chr(10))[0]}"
        ) from error
    if len(document.definitions) != 1:
        raise ValueError(f"fields={fields!r} closes a brace that it did not open")
    if _has_variables(document):
        raise ValueError(f"fields={fields!r} holds a variable; only the field's own arguments can")
    return text


def _field_text(name: str, inner: Selection | None) -> str:
    return _checked(name) if inner is None else f"{_checked(name)} {{ {selection_text(inner)} }}"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a field; `take` names fields in the upstream's words")
    return name


def _has_variables(document: DocumentNode) -> bool:
    found: list[Node] = []

    class Find(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            found.append(node)

    visit(document, Find())
    return bool(found)
