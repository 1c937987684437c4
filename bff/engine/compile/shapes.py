"""Compile: what an operation selects, as shapes of steps. Made once per operation and @skip/@include choice.

A shape is the selection on one object type; a step is one field of it; an output is what becomes of a step's values.
Inner shapes are compiled when the first value of their type turns up, because an abstract type may have many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
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
    GraphQLStreamDirective,
    OperationDefinitionNode,
    VariableNode,
    is_abstract_type,
    is_introspection_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    DeferUsage,
    FieldDetails,
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.incremental import DeferUsageSet, build_execution_plan
from graphql.execution.values import FragmentVariableValues, VariableValues, get_argument_values, get_directive_values
from graphql.language import ListValueNode, ObjectValueNode, ValueNode

from bff.authoring.lookahead import selection_at
from bff.engine.compile.resolvers import Fetched, Resolving, resolving_of
from connectors.contract import Selection

Row = dict[str, Any]
Kind = type[Any]
RowsOf = Callable[[Sequence[Any], Sequence[Sequence[Any]]], list[Row]]
"""From objects, and a column of values for some of the steps, to a response map for each object."""
MOST_KEPT_CHARACTERS = 500
_IMMUTABLE = (str, int, float, bool, type(None))


class Source(NamedTuple):
    """What a shape is compiled from; the variables are used for directives only."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    hides_suggestions: bool = False
    usages: DeferUsageSet | None = None
    """The uses of @defer that this part of the operation comes with; None for its first part."""
    is_within: bool = False
    """Whether something above is deferred, so that fields here may belong to another part."""


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
    stream: Streamed | None = None


@dataclass(slots=True, eq=False)
class Streamed:
    """A list whose items come in several parts."""

    label: str | None
    first: int
    """How many items come with the list."""
    items: Output
    """What becomes of the others."""
    problem: Exception | None = None
    """Why the list cannot be had."""
    manner: Any = None
    """As bff.engine.compile.batchability finds it, once."""


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
    reading: Any = None
    """How replies become its values (see bff.engine.execute.read), once it has had one."""
    fragment_values: FragmentVariableValues | None = None
    """Those of the variables of the fragment that it is in."""
    is_introspective: bool = False
    """Whether its resolver is graphql-core's own, which asks for nothing but the schema."""
    hides_suggestions: bool = False

    def arguments(self, variables: VariableValues) -> dict[str, Any]:
        """Its coerced arguments. Raises GraphQLError."""
        if self.given is not None:
            return self.given
        return get_argument_values(self.field, self.nodes[0], variables, self.fragment_values, self.hides_suggestions)


@dataclass(slots=True, eq=False)
class Shape:
    """The fields selected of one object type, in the order of the response."""

    steps: list[Step]
    rows: RowsOf
    """With a column of values for each step."""
    type: GraphQLObjectType
    deferral: Deferral | None = None
    """What is selected besides, for later parts."""
    manner: Any = None
    """As bff.engine.compile.batchability finds it, once."""
    fits: dict[Kind, Fitted] = field(default_factory=dict)
    """How it is read from projected records, by their class."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A shape over objects of one class, which hold most of the response as it is."""

    columns: Sequence[Step]
    """The steps that are not simply there."""
    rows: RowsOf
    is_response: bool = False
    """Whether the objects, written as JSON, are the response maps already."""


@dataclass(slots=True, eq=False)
class Deferral:
    """What of a shape comes later."""

    usages: Sequence[DeferUsage]
    """The uses of @defer that begin at its objects, outer ones first."""
    groups: Sequence[tuple[DeferUsageSet, Shape]]
    """Fields that come with the first of these uses that is delivered."""


def root_shape(source: Source, type_: GraphQLObjectType) -> Shape:
    """The shape of an operation's root."""
    collected = collect_fields(
        source.schema, source.fragments, source.variables, type_, source.operation, source.hides_suggestions
    )
    return _shape(source, type_, collected)


def shape_of(source: Source, type_: GraphQLObjectType, details: FieldDetailsList) -> Shape:
    """The shape of a field's objects of one type."""
    collected = collect_subfields(
        source.schema,
        source.fragments,
        source.variables,
        source.operation,
        type_,
        details,
        source.hides_suggestions,
    )
    return _shape(source, type_, collected)


def conditions_of(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    """The variables that decide what is selected, and for which part."""
    names: dict[str, None] = {}
    waiting: list[Any] = [operation, *fragments.values()]
    while waiting:
        node = waiting.pop()
        for directive in node.directives or ():
            if directive.name.value in {"skip", "include", "defer", "stream"}:
                values = (argument.value for argument in directive.arguments or ())
                names.update((value.name.value, None) for value in values if isinstance(value, VariableNode))
        inner = getattr(node, "selection_set", None)
        if inner is not None:
            waiting += inner.selections
    return tuple(sorted(names))


def _shape(source: Source, type_: GraphQLObjectType, collected: CollectedFields) -> Shape:
    usages = collected.new_defer_usages
    if not usages and not source.is_within:
        return _fields(source, type_, collected.grouped_field_set)
    own = source._replace(is_within=True)
    now, later = build_execution_plan(collected.grouped_field_set, source.usages)
    groups = [(each, _fields(own._replace(usages=each), type_, fields)) for each, fields in later.items()]
    shape = _fields(own, type_, now)
    shape.deferral = Deferral(usages, groups) if usages or groups else None
    return shape


def _fields(source: Source, type_: GraphQLObjectType, grouped: GroupedFieldSet) -> Shape:
    steps: list[Step] = []
    for key, details in grouped.items():
        field = source.schema.get_field(type_, details[0].node.name.value)
        if field is not None:  # as graphql-core does with a document that was not validated
            steps.append(_step(source, type_, key, len(steps), field, details))
    return Shape(steps, _rows(tuple(step.key for step in steps)), type_)


def _step(
    source: Source, parent: GraphQLObjectType, key: str, order: int, field: GraphQLField, details: FieldDetailsList
) -> Step:
    nodes = [each.node for each in details]
    resolving = resolving_of(source.schema, field, parent)
    selects = isinstance(resolving, Fetched) and resolving.endpoint.selects
    return Step(
        key=key,
        order=order,
        name=nodes[0].name.value,
        nodes=nodes,
        field=field,
        parent_type=parent,
        output=_with_stream(source, _output(source, field.type, details), field.type, details),
        is_nullable=not isinstance(field.type, GraphQLNonNull),
        resolving=resolving,
        given=_given(source, field, nodes[0]),
        selection=_selection(source, field, nodes) if selects else None,
        fragment_values=details[0].fragment_variable_values,
        is_introspective=is_introspection_type(parent) or nodes[0].name.value in {"__schema", "__type"},
        hides_suggestions=source.hides_suggestions,
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


def _with_stream(source: Source, output: Output, type_: GraphQLOutputType, details: FieldDetailsList) -> Output:
    """The outermost list of a field may be streamed; what its later items defer is theirs alone."""
    node = details[0].node
    if isinstance(output, Listing) and any(each.name.value == "stream" for each in node.directives or ()):
        own = source._replace(usages=None, is_within=False)
        inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        items = _output(own, inner.of_type, [FieldDetails(each.node, None) for each in details])
        output.stream = _streamed(node, source.variables, items)
    return output


def _streamed(node: FieldNode, variables: VariableValues, items: Output) -> Streamed | None:
    try:
        given = get_directive_values(GraphQLStreamDirective, node, variables)
        if not given or given.get("if") is False:
            return None
        first = given.get("initialCount")
        if first is None or first < 0:
            raise ValueError("initialCount must be a positive integer")
    except Exception as problem:  # noqa: BLE001 - told for each list, as graphql-core does
        return Streamed(None, 0, items, problem)
    return Streamed(given.get("label"), first, items)


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


def _rows(keys: tuple[str, ...]) -> RowsOf:
    """What makes response maps of these keys; kept for the next shape that has them, unless it is large."""
    return _written(keys) if sum(map(len, keys)) <= MOST_KEPT_CHARACTERS else _written.__wrapped__(keys)


@lru_cache(maxsize=1000)
def _written(keys: tuple[str, ...]) -> RowsOf:
    """A dict display is three times as fast as `dict(zip(...))`, so one is written for each shape."""
    names = [f"v{index}" for index in range(len(keys))]
    shown = ", ".join(f"{key!r}: {name}" for key, name in zip(keys, names, strict=True))
    source = f"lambda sources, columns: [{{{shown}}} for {', '.join(names)}, in zip(*columns)]"
    made: RowsOf = eval(source) if keys else _no_rows  # noqa: S307 - GraphQL names
    return made


def _no_rows(sources: Sequence[Any], columns: Sequence[Sequence[Any]]) -> list[Row]:
    return []


__all__ = [
    "Abstract",
    "Deferral",
    "Fitted",
    "Leaf",
    "Listing",
    "Output",
    "Selected",
    "Shape",
    "Source",
    "Step",
    "Streamed",
    "conditions_of",
    "root_shape",
]
