"""From an operation to the terms of its cost, each fragment once. Used by cost, once per plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from bff.validation.list_sizes import Length, length_of


@dataclass(frozen=True, slots=True)
class Term:
    """One field: it costs `once`, and `each` and `inner` as often as its list is long."""

    once: float
    each: float
    length: Length | None
    below: Length | None
    """What it says of the lists in it, and may refuse to say."""
    inner: Terms | None


@dataclass(slots=True)
class Terms:
    """The terms of one selection set."""

    fields: list[Term] = field(default_factory=list)
    shared: list[Terms] = field(default_factory=list)
    """Those of the fragments in it."""


def compiled(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Terms:
    """The terms of a valid operation."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return _Compiler(schema, fragments).terms(operation.selection_set, schema.get_root_type(operation.operation), None)


class _Compiler:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._known: dict[tuple[str, Length | None], Terms] = {}

    def terms(self, selections: SelectionSetNode, parent: Any, above: Length | None) -> Terms:
        """The terms of a selection set; `above` is the length that a field above says for its `sized` fields."""
        made = Terms()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                known: GraphQLField | None = getattr(parent, "fields", {}).get(node.name.value)
                if known is not None:  # introspection costs no upstream call
                    made.fields.append(self._term(node, known, above))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inside = self._schema.get_type(condition.name.value) if condition else parent
                made.shared.append(self.terms(node.selection_set, inside, above))
            elif isinstance(node, FragmentSpreadNode):
                made.shared.append(self._fragment(node.name.value, above))
        return made

    def _fragment(self, name: str, above: Length | None) -> Terms:
        key = (name, above)
        if key not in self._known:
            node = self._fragments[name]
            parent = self._schema.get_type(node.type_condition.name.value)
            self._known[key] = self.terms(node.selection_set, parent, above)
        return self._known[key]

    def _term(self, node: FieldNode, known: GraphQLField, above: Length | None) -> Term:
        type_ = get_named_type(known.type)
        length = length_of(node, known, _directive(known, "listSize"))
        below = length if length is not None and length.sized else None
        if below is not None:
            length = None
        if above is not None and node.name.value in above.sized:
            length = above
        weight = _weight(known)
        once = weight if weight is not None else float(not is_leaf_type(type_))
        given = (known.args[each.name.value] for each in node.arguments or ())
        once += sum(_weight(argument) or 0 for argument in given)
        inner = self.terms(node.selection_set, type_, below) if node.selection_set else None
        return Term(once, self._type_weight(type_), length, below, inner)

    def _type_weight(self, type_: GraphQLNamedType) -> float:
        """A type's own weight, or else the largest of those that it may turn out to be."""
        weight = _weight(type_)
        if weight is None and is_abstract_type(type_):
            return max((_weight(each) or 0 for each in self._schema.get_possible_types(type_)), default=0)
        return weight or 0


def _weight(element: Any) -> float | None:
    directive = _directive(element, "cost")
    return None if directive is None else float(directive.weight)


def _directive(element: Any, name: str) -> Any:
    """The schema directive of this name that an author put on a field, argument or type; None when there is none."""
    definition = (element.extensions or {}).get("strawberry-definition")
    for each in getattr(definition, "directives", None) or ():
        if type(each).__strawberry_directive__.graphql_name == name:
            return each
    return None
