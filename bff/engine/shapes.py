"""Compile: what an operation selects, as shapes of steps. Made once per operation and @skip/@include choice.

A shape is the selection on one object type; a step is one field of it; an output is what becomes of a step's values.
Inner shapes are compiled when the first value of their type turns up, because an abstract type may have many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import ListValueNode, ObjectValueNode, ValueNode

from bff.authoring.wants import selection_at
from bff.engine.resolving import Fetched, Resolving, resolving_of
from connectors.contract import Selection

Row = dict[str, Any]
_IMMUTABLE = (str, int, float, bool, type(None))


class Source(NamedTuple):
    """What a shape is compiled from; the variables are used for @skip and @include only."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues


@dataclass(slots=True, eq=False)
class Leaf:
    """Scalars and enums."""

    type: GraphQLLeafType
    is_nullable: bool


@dataclass(slots=True, eq=False)
class Listing:
    """Lists of something."""

    items: Output
    is_nullable: bool


class Selected:
    """Objects of one type."""

    __slots__ = ("_shape", "details", "is_nullable", "source", "type")

    def __init__(
        self, source: Source, type_: GraphQLObjectType, details: FieldDetailsList, *, is_nullable: bool
    ) -> None:
        self.source = source
        self.type = type_
        self.details = details
        self.is_nullable = is_nullable
        self._shape: Shape | None = None

    @property
    def shape(self) -> Shape:
        """What is selected of them."""
        if self._shape is None:
            self._shape = shape_of(self.source, self.type, self.details)
        return self._shape


class Abstract:
    """Objects of an interface or union."""

    __slots__ = ("_shapes", "details", "is_nullable", "source", "type")

    def __init__(
        self, source: Source, type_: GraphQLAbstractType, details: FieldDetailsList, *, is_nullable: bool
    ) -> None:
        self.source = source
        self.type = type_
        self.details = details
        self.is_nullable = is_nullable
        self._shapes: dict[str, Shape] = {}

    def shape(self, type_: GraphQLObjectType) -> Shape:
        """What is selected of objects of this type."""
        known = self._shapes.get(type_.name)
        if known is None:
            known = self._shapes[type_.name] = shape_of(self.source, type_, self.details)
        return known


Output = Leaf | Listing | Selected | Abstract


@dataclass(slots=True, eq=False)
class Step:
    """One field of a shape."""

    key: str
    order: int
    name: str
    nodes: list[FieldNode]
    field: GraphQLField
    parent_type: GraphQLObjectType
    output: Output
    is_nullable: bool
    resolving: Resolving
    given: dict[str, Any] | None
    """Its arguments, where no variable is among them and no resolver can change them."""
    selection: Selection | None
    """What is wanted of an upstream that is asked for the selected fields only."""

    def arguments(self, variables: VariableValues) -> dict[str, Any]:
        """Its coerced arguments. Raises GraphQLError."""
        if self.given is not None:
            return self.given
        return get_argument_values(self.field, self.nodes[0], variables)


@dataclass(slots=True, eq=False)
class Shape:
    """The fields selected of one object type, in the order of the response."""

    type: GraphQLObjectType
    steps: list[Step]
    rows: Callable[[Sequence[Sequence[Any]]], list[Row]]
    """From a column of values for each step to a response map for each object."""


def root_shape(source: Source, type_: GraphQLObjectType) -> Shape:
    """The shape of an operation's root."""
    collected = collect_fields(source.schema, source.fragments, source.variables, type_, source.operation)
    return _shape(source, type_, collected.grouped_field_set)


def shape_of(source: Source, type_: GraphQLObjectType, details: FieldDetailsList) -> Shape:
    """The shape of a field's objects of one type."""
    collected = collect_subfields(source.schema, source.fragments, source.variables, source.operation, type_, details)
    return _shape(source, type_, collected.grouped_field_set)


def conditions_of(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    """The variables that decide what is selected: those in @skip and @include."""
    names: dict[str, None] = {}
    waiting: list[Any] = [operation, *fragments.values()]
    while waiting:
        node = waiting.pop()
        for directive in node.directives or ():
            if directive.name.value in {"skip", "include"}:
                values = (argument.value for argument in directive.arguments or ())
                names.update((value.name.value, None) for value in values if isinstance(value, VariableNode))
        inner = getattr(node, "selection_set", None)
        if inner is not None:
            waiting += inner.selections
    return tuple(sorted(names))


def _shape(source: Source, type_: GraphQLObjectType, grouped: GroupedFieldSet) -> Shape:
    steps: list[Step] = []
    for key, details in grouped.items():
        field = source.schema.get_field(type_, details[0].node.name.value)
        if field is not None:  # as graphql-core does with a document that was not validated
            steps.append(_step(source, type_, key, len(steps), field, details))
    return Shape(type_, steps, _rows([step.key for step in steps]))


def _step(
    source: Source, parent: GraphQLObjectType, key: str, order: int, field: GraphQLField, details: FieldDetailsList
) -> Step:
    nodes = [each.node for each in details]
    resolving = resolving_of(source.schema, field)
    selects = isinstance(resolving, Fetched) and resolving.endpoint.selects
    return Step(
        key=key,
        order=order,
        name=nodes[0].name.value,
        nodes=nodes,
        field=field,
        parent_type=parent,
        output=_output(source, field.type, details),
        is_nullable=not isinstance(field.type, GraphQLNonNull),
        resolving=resolving,
        given=_given(source, field, nodes[0]),
        selection=_selection(source, field, nodes) if selects else None,
    )


def _selection(source: Source, field: GraphQLField, nodes: list[FieldNode]) -> Selection | None:
    fragments = {name: each.definition for name, each in source.fragments.items()}
    return selection_at(source.schema, fragments, source.variables.coerced, field.type, nodes)


def _output(source: Source, type_: GraphQLOutputType, details: FieldDetailsList) -> Output:
    is_nullable = not isinstance(type_, GraphQLNonNull)
    inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(inner, GraphQLList):
        return Listing(_output(source, inner.of_type, details), is_nullable)
    if is_leaf_type(inner):
        return Leaf(inner, is_nullable)
    if is_abstract_type(inner):
        return Abstract(source, inner, details, is_nullable=is_nullable)
    return Selected(source, inner, details, is_nullable=is_nullable)


def _given(source: Source, field: GraphQLField, node: FieldNode) -> dict[str, Any] | None:
    if not field.args and not node.arguments:
        return {}
    if any(_has_variables(argument.value) for argument in node.arguments or ()):
        return None
    try:
        values = get_argument_values(field, node, source.variables)
    except Exception:  # noqa: BLE001 - a custom scalar may raise anything; it is reported where the field runs
        return None
    return values if all(isinstance(value, _IMMUTABLE) for value in values.values()) else None


def _has_variables(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return any(_has_variables(each) for each in node.values)
    if isinstance(node, ObjectValueNode):
        return any(_has_variables(each.value) for each in node.fields)
    return isinstance(node, VariableNode)


def _rows(keys: list[str]) -> Callable[[Sequence[Sequence[Any]]], list[Row]]:
    """A dict display is three times as fast as `dict(zip(...))`, so one is written for each shape."""
    names = [f"v{index}" for index in range(len(keys))]
    shown = ", ".join(f"{key!r}: {name}" for key, name in zip(keys, names, strict=True))
    source = f"lambda columns: [{{{shown}}} for {', '.join(names)}, in zip(*columns)]"
    made: Callable[[Sequence[Sequence[Any]]], list[Row]] = eval(source) if keys else _no_rows  # noqa: S307 - GraphQL names
    return made


def _no_rows(columns: Sequence[Sequence[Any]]) -> list[Row]:
    return []


__all__ = [
    "Abstract",
    "Leaf",
    "Listing",
    "Output",
    "Selected",
    "Shape",
    "Source",
    "Step",
    "conditions_of",
    "root_shape",
]
