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

from bff.validation.list_sizes import Length, find_length


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
    has_variables: bool = False
    """Whether those of a whole operation add up to another cost in each request."""


def compile_terms(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Terms:
    """The terms of a valid operation."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    compiler = _Compiler(schema, fragments)
    terms = compiler.compile_selections(operation.selection_set, schema.get_root_type(operation.operation), None)
    terms.has_variables = compiler.has_variables
    return terms


class _Compiler:
    has_variables = False
    """Whether the length of a list is given by a variable."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._known: dict[tuple[str, Length | None], Terms] = {}

    def compile_selections(self, selections: SelectionSetNode, parent: Any, above: Length | None) -> Terms:
        """The terms of a selection set; `above` is the length that a field above says for its `sized` fields."""
        terms = Terms()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                known: GraphQLField | None = getattr(parent, "fields", {}).get(node.name.value)
                if known is not None:  # introspection costs no upstream call
                    terms.fields.append(self._create_term(node, known, above))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inside = self._schema.get_type(condition.name.value) if condition else parent
                terms.shared.append(self.compile_selections(node.selection_set, inside, above))
            elif isinstance(node, FragmentSpreadNode):
                terms.shared.append(self._compile_fragment(node.name.value, above))
        return terms

    def _compile_fragment(self, name: str, above: Length | None) -> Terms:
        key = (name, above)
        if key not in self._known:
            node = self._fragments[name]
            parent = self._schema.get_type(node.type_condition.name.value)
            self._known[key] = self.compile_selections(node.selection_set, parent, above)
        return self._known[key]

    def _create_term(self, node: FieldNode, known: GraphQLField, above: Length | None) -> Term:
        type_ = get_named_type(known.type)
        length = find_length(node, known, _find_directive(known, "listSize"))
        if length is not None and length.has_variables:
            self.has_variables = True
        below = length if length is not None and length.sized else None
        if below is not None:
            length = None
        if above is not None and node.name.value in above.sized:
            length = above
        weight = _find_weight(known)
        once = weight if weight is not None else float(not is_leaf_type(type_))
        given = (known.args[each.name.value] for each in node.arguments or ())
        once += sum(_find_weight(argument) or 0 for argument in given)
        inner = self.compile_selections(node.selection_set, type_, below) if node.selection_set else None
        return Term(once, self._find_type_weight(type_), length, below, inner)

    def _find_type_weight(self, type_: GraphQLNamedType) -> float:
        """A type's own weight, or else the largest of those that it may turn out to be."""
        weight = _find_weight(type_)
        if weight is None and is_abstract_type(type_):
            return max((_find_weight(each) or 0 for each in self._schema.get_possible_types(type_)), default=0)
        return weight or 0


def _find_weight(element: Any) -> float | None:
    directive = _find_directive(element, "cost")
    return None if directive is None else float(directive.weight)


def _find_directive(element: Any, name: str) -> Any:
    """The schema directive of this name that an author put on a field, argument or type; None when there is none."""
    definition = (element.extensions or {}).get("strawberry-definition")
    for each in getattr(definition, "directives", None) or ():
        if type(each).__strawberry_directive__.graphql_name == name:
            return each
    return None
