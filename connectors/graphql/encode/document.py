"""Documents of requests. A piece is one call's part: variable declarations and root fields. Used by the connector.

In a request with one piece, names are the author's; with several, the names of each piece have a prefix, `c0_`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import chain
from types import NoneType
from typing import Any

from graphql import GraphQLType, parse_type, type_from_ast

from connectors.aio.lru import LRU
from connectors.contract import Call, Selection
from connectors.errors import DefinitionError
from connectors.failure_rules import list_needed
from connectors.graphql.encode.calls import NestedCalls, find_nested_types
from connectors.graphql.encode.fit import fit_types, fit_value
from connectors.graphql.encode.selection import add_path, render_selection
from connectors.graphql.operations import GraphqlOperation
from connectors.graphql.schema_facts import Facts, find_types
from connectors.messages.paths import EACH

_MAX_PIECES = 500
_SCALARS = frozenset({NoneType, str, int, float, bool})


@dataclass(frozen=True, slots=True)
class Piece:
    """One call's part of a request."""

    operation: GraphqlOperation
    prefix: str
    has_aliases: bool
    """Whether each key has a root field of its own."""
    declarations: tuple[str, ...]
    fields: tuple[str, ...]
    roots: tuple[str, ...]
    """The names of the answers in the response's data: one, or one for each key."""
    within: tuple[str, ...] = ()
    """The path from a root field's value to the innermost field's (see messages.paths.EACH)."""
    nested: Mapping[str, Any] = field(default_factory=dict)
    """The values of variables in the arguments of nested fields."""
    has_other_names: bool = False
    """Whether names in the data must be restored (see fit.restore_names)."""
    types: Mapping[str, GraphQLType] = field(default_factory=dict)
    """The types of the author's variables, where the upstream's schema is known."""

    def collect_variables(self, call: Call) -> dict[str, Any]:
        """The values of this call by their names in the request."""
        operation = self.operation
        values = {f"{self.prefix}{name}": value for name, value in self._fit_arguments(call).items()}
        values |= self.nested
        if operation.entity:
            values[f"{self.prefix}{operation.batched}"] = [
                {"__typename": operation.entity, operation.entity_key: key} for key in call.keys
            ]
        elif self.has_aliases:
            values |= {f"{self.prefix}k{index}": key for index, key in enumerate(call.keys)}
        elif call.keys:
            values[f"{self.prefix}{operation.batched}"] = list(call.keys)
        return values

    def _fit_arguments(self, call: Call) -> Mapping[str, Any]:
        if _SCALARS.issuperset(map(type, call.arguments.values())):
            return call.arguments
        return {name: fit_value(value, self.types.get(name)) for name, value in call.arguments.items()}


class PieceCache:
    """Creates pieces and caches them: frontends select the same fields again and again."""

    def __init__(self) -> None:
        self._pieces: LRU[tuple[int, Selection | None, int, str, int], tuple[Facts, Piece]] = LRU(_MAX_PIECES)

    def get_piece(self, call: Call, operation: GraphqlOperation, facts: Facts, prefix: str = "") -> Piece:
        """The call's piece. Raises DefinitionError when the selection is not known."""
        keys = len(call.keys) if _has_aliases(operation, facts) else 0
        known = (
            id(operation),
            call.selection,
            keys,
            prefix,
            id(facts),
        )  # the value refers to both, so the ids stay valid
        make = partial(_create_piece, operation, facts, call.selection, prefix, keys)
        return self._pieces.get_or_create(known, make)[1]


def render_document(kind: str, pieces: Sequence[Piece]) -> str:
    """The document of a request, named after its field, so that the upstream's tools can tell requests apart."""
    name = pieces[0].operation.field.names[0] if len(pieces) == 1 else "merged"
    declared = ", ".join([each for piece in pieces for each in piece.declarations])
    fields = " ".join([each for piece in pieces for each in piece.fields])
    return f"{kind} {name}{f'({declared})' if declared else ''} {{ {fields} }}"


def _has_aliases(operation: GraphqlOperation, facts: Facts) -> bool:
    if not operation.batched:
        return False
    if operation.form is not None:
        return operation.form == "alias"
    return not facts.types[operation.batched].startswith("[")


def _create_piece(
    operation: GraphqlOperation, facts: Facts, selection: Selection | None, prefix: str, keys: int
) -> tuple[Facts, Piece]:
    has_aliases = _has_aliases(operation, facts)
    nested = NestedCalls(prefix)
    needed = () if operation.failure is None else list_needed(operation.failure, operation.exposure)
    paths = [() if has_aliases else operation.key, *needed]
    inside = _render_inside(operation, facts, selection, paths, nested)
    shared = [each.name for each in operation.field.variables if not (has_aliases and each.name == operation.batched)]
    declarations = [f"${prefix}{name}: {facts.types[name]}" for name in shared]
    if has_aliases:
        roots = tuple(f"{prefix}k{index}" for index in range(keys))
        declarations += [f"${root}: {facts.types[operation.batched]}" for root in roots]
        fields = [
            f"{root}: {operation.field.render(_name_variables(operation, prefix, root), inside)}" for root in roots
        ]
    else:
        root = operation.field.names[0]
        text = operation.field.render(lambda name: f"{prefix}{name}", inside)
        roots = (f"{prefix}{root}",)
        fields = [f"{prefix}{root}: {text}" if prefix else text]
    types = _find_nested_types(operation, facts, nested, inside if operation.entity else fields[0])
    declarations += [f"${name}: {type_}" for name, type_ in types.items()]
    return facts, Piece(
        operation,
        prefix,
        has_aliases,
        tuple(declarations),
        tuple(fields),
        roots,
        _list_steps(operation.field.names, facts.lists),
        {name: fit_value(value.value, _parse_type(facts, types[name])) for name, value in nested.values.items()},
        nested.has_other_names,
        {name: type_ for name in shared if (type_ := _parse_type(facts, facts.types[name])) is not None},
    )


def _find_nested_types(operation: GraphqlOperation, facts: Facts, nested: NestedCalls, text: str) -> dict[str, str]:
    if not nested.values:
        return {}
    known = find_types(operation, facts.schema, text) if facts.schema is not None else {}
    return find_nested_types(operation, nested.values, known)


def _parse_type(facts: Facts, type_: str) -> GraphQLType | None:
    return None if facts.schema is None else type_from_ast(facts.schema, parse_type(type_))


def _list_steps(names: Sequence[str], lists: Sequence[int]) -> tuple[str, ...]:
    depths = lists or [0] * len(names)
    steps = [(*([EACH] * depth), name) for depth, name in zip(depths, names[1:], strict=False)]
    return tuple(chain.from_iterable(steps))


def _name_variables(operation: GraphqlOperation, prefix: str, root: str) -> Any:
    """Names the variables of one key's field: the key's variable is named like the field's alias."""
    return lambda name: root if name == operation.batched else f"{prefix}{name}"


def _render_inside(
    operation: GraphqlOperation,
    facts: Facts,
    selection: Selection | None,
    paths: Iterable[tuple[str, ...]],
    nested: NestedCalls,
) -> str:
    """The selection of the innermost field, with these paths too; empty for a field without fields."""
    if facts.is_leaf:
        return ""
    own = reduce(add_path, paths, Selection())
    try:
        if selection is not None:
            fitted = fit_types(selection, facts.schema, facts.record_type)
            text = render_selection(reduce(add_path, paths, fitted), nested)
        elif operation.fields:
            text = f"{render_selection(own, nested)} {operation.fields}" if own.fields else operation.fields
        elif facts.is_leaf is None and not own.fields:
            return ""  # not known to have fields, so the upstream decides
        else:
            raise DefinitionError(
                f"{operation.upstream}: {operation.name}: the call has no selection; use the endpoint for a "
                'field of a frontend, or write fields="..." as the selection of other calls'
            )
    except ValueError as error:
        raise DefinitionError(f"{operation.upstream}: {operation.name}: {error}") from error
    return f"... on {operation.entity} {{ {text} }}" if operation.entity else text
