"""Selections as GraphQL text. Used by `endpoints` for defaults and by `document` for calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

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

from connectors.contract import FieldCall, Selection
from connectors.graphql.encode.calls import NestedCalls

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


def add_path(selection: Selection, path: tuple[str, ...]) -> Selection:
    """The selection, with the field at this path too."""
    if not path:
        return selection
    name, rest = path[0], path[1:]
    fields = dict(selection.fields)
    inner = fields.get(name)
    fields[name] = add_path(inner or Selection(), rest) if rest else inner
    return replace(selection, fields=tuple(fields.items()))


def render_selection(selection: Selection, nested: NestedCalls) -> str:
    """The selection without its outer braces; never empty. Has `__typename` where fields depend on the type.

    Fields with arguments go through `nested`. Raises ValueError for a name that is not valid in GraphQL.
    """
    names = [name for name, _ in selection.fields]
    calls = dict(selection.calls)
    parts = [_render_field(name, inner, calls, nested) for name, inner in selection.fields]
    if (selection.on or not names) and "__typename" not in names:
        parts.insert(0, "__typename")
    parts += [
        f"... on {_check_name(name)} {{ {render_selection(inner, nested)} }}"
        for name, inner in selection.on
        if inner.fields or inner.on
    ]
    return " ".join(parts)


def normalize_selection(fields: str) -> str:
    """An author's `fields=`, checked, without ignored characters. Raises ValueError, written for the author."""
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
        raise ValueError(f"fields={fields!r} closes a brace that it does not open; remove the brace")
    if _has_variables(document):
        raise ValueError(f"fields={fields!r} has a variable; only the arguments of the endpoint's field can")
    return text


def _render_field(name: str, inner: Selection | None, calls: Mapping[str, FieldCall], nested: NestedCalls) -> str:
    head = nested.render(name, calls[name]) if name in calls else _check_name(name)
    return head if inner is None else f"{head} {{ {render_selection(inner, nested)} }}"


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a valid name of a field; give `take` the upstream's name of the field")
    return name


def _has_variables(document: DocumentNode) -> bool:
    found: list[Node] = []

    class Find(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            found.append(node)

    visit(document, Find())
    return bool(found)
