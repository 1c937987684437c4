"""Refuse introspection that asks for far more than tools do: it runs without a pause and holds everyone up.

A rule for `engine.prepare.plan.Plans`; depth and cost of introspection are counted nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    parse,
)

from bff.contract import Problem
from bff.validation.sizes import INTROSPECTION

FULL_QUERY = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    type_depth=12,
)
"""What tools ask, with everything that can be asked; an operation may cost as much."""


class IntrospectionLimit:
    """Estimates the values of an introspection from the size of the schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._sizes = _measure_schema(schema)
        self._fields_of_a_type = -(-self._sizes["all fields"] // max(1, self._sizes["types"]))
        document = parse(FULL_QUERY)
        self._max_values = 0
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._max_values = _Walk(self, _get_fragments(document), None).count_values(definition.selection_set)

    def __call__(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        """Raise Refused when it is more."""
        _Walk(self, _get_fragments(document), self._max_values).count_values(operation.selection_set)

    def estimate_values(self, node: FieldNode, parent: str) -> int:
        """How many values a field of the introspection has, at most, but for the fields of all types together."""
        name = node.name.value
        return self._fields_of_a_type if (name, parent) == ("fields", "types") else self._sizes.get(name, 1)


class _Walk:
    """One walk; it ends as soon as it is too much, so no bomb is walked to its end."""

    def __init__(
        self, limit: IntrospectionLimit, fragments: Mapping[str, FragmentDefinitionNode], max_values: int | None
    ) -> None:
        self._limit, self._fragments, self._max_values = limit, fragments, max_values
        self._count = 0

    def count_values(self, selections: SelectionSetNode) -> int:
        for node in self._collect_fields(selections, set()):
            if node.name.value in INTROSPECTION:
                self._count_field(node, 1)
        return self._count

    def _count_field(self, field: FieldNode, times: int) -> None:
        if field.selection_set:
            for node in self._collect_fields(field.selection_set, set()):
                self._add_values(times)
                self._count_field(node, times * self._limit.estimate_values(node, field.name.value))

    def _collect_fields(self, selections: SelectionSetNode, seen: set[str]) -> Iterator[FieldNode]:
        """Those of one selection set, a fragment's once, as execution collects them; unknown names are validation's."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._collect_fields(node.selection_set, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._fragments.get(node.name.value)
                if fragment is not None:
                    yield from self._collect_fields(fragment.selection_set, seen)

    def _add_values(self, times: int) -> None:
        self._count += times
        if self._max_values is not None and self._count > self._max_values:
            message = f"The introspection query selects more than {self._max_values} values; select less at once."
            raise Problem.TOO_COSTLY.refusal(message)


def _measure_schema(schema: GraphQLSchema) -> dict[str, int]:
    """The longest list of each name in the introspection of a schema."""
    types = list(schema.type_map.values())
    with_fields = [each for each in types if isinstance(each, GraphQLObjectType | GraphQLInterfaceType)]
    inputs = [len(each.fields) for each in types if isinstance(each, GraphQLInputObjectType)]
    enums = [len(each.values) for each in types if isinstance(each, GraphQLEnumType)]
    return {
        "types": len(types),
        "directives": len(schema.directives),
        "fields": max((len(each.fields) for each in with_fields), default=1),
        "all fields": sum(len(each.fields) for each in with_fields),
        "inputFields": max(inputs, default=1),
        "enumValues": max(enums, default=1),
    }


def _get_fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
