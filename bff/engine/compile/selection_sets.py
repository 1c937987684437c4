"""Compile selection sets to shapes of steps. Done once per operation and choice of @skip and @include.

CollectFields (GraphQL specification, section 6.3.2) is graphql-core's; fields of one object type become one shape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
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
from graphql.language import ListValueNode, ObjectValueNode, ValueNode

from bff.authoring.lookahead import look_ahead, selection_at
from bff.engine.compile.resolvers import EndpointFetch, choose_resolution
from bff.engine.compile.rows import compile_rows
from bff.engine.compile.shapes import (
    AbstractOutput,
    Deferral,
    LeafOutput,
    ListOutput,
    ObjectOutput,
    Output,
    Shape,
    Step,
    StreamedList,
)
from bff.engine.graphql_core import (
    CollectedFields,
    DeferUsageSet,
    FieldDetails,
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    VariableValues,
    build_execution_plan,
    collect_fields,
    collect_subfields,
    get_argument_values,
    get_directive_values,
)
from connectors.contract import Selection

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


def compile_root(source: Source, type_: GraphQLObjectType) -> Shape:
    """The shape of an operation's root."""
    collected = collect_fields(
        source.schema, source.fragments, source.variables, type_, source.operation, source.hides_suggestions
    )
    return _split_deferred(source, type_, collected)


def compile_fields_of(source: Source, details: FieldDetailsList, type_: GraphQLObjectType) -> Shape:
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
    return _split_deferred(source, type_, collected)


def find_condition_variables(
    operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
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


def _split_deferred(source: Source, type_: GraphQLObjectType, collected: CollectedFields) -> Shape:
    usages = collected.new_defer_usages
    if not usages and not source.is_within:
        return _compile_steps(source, type_, collected.grouped_field_set)
    own = source._replace(is_within=True)
    now, later = build_execution_plan(collected.grouped_field_set, source.usages)
    groups = [(each, _compile_steps(own._replace(usages=each), type_, fields)) for each, fields in later.items()]
    shape = _compile_steps(own, type_, now)
    shape.deferral = Deferral(usages, groups) if usages or groups else None
    return shape


def _compile_steps(source: Source, type_: GraphQLObjectType, grouped: GroupedFieldSet) -> Shape:
    steps: list[Step] = []
    for key, details in grouped.items():
        field = source.schema.get_field(type_, details[0].node.name.value)
        if field is not None:  # as graphql-core does with a document that was not validated
            steps.append(_compile_step(source, type_, key, len(steps), field, details))
    return Shape(steps, compile_rows(tuple(step.key for step in steps)), type_)


def _compile_step(
    source: Source, parent: GraphQLObjectType, key: str, order: int, field: GraphQLField, details: FieldDetailsList
) -> Step:
    nodes = [each.node for each in details]
    resolution = choose_resolution(source.schema, field, parent)
    selection, select = None, None
    if isinstance(resolution, EndpointFetch) and resolution.endpoint.selects:
        selection, select = _select_upstream(source, field, nodes)
    return Step(
        key=key,
        order=order,
        name=nodes[0].name.value,
        nodes=nodes,
        field=field,
        parent_type=parent,
        output=_add_stream(source, _choose_output(source, field.type, details), field.type, details),
        is_nullable=not isinstance(field.type, GraphQLNonNull),
        resolution=resolution,
        constant_arguments=_coerce_constants(source, field, nodes[0]),
        selection=selection,
        select=select,
        fragment_values=details[0].fragment_variable_values,
        is_introspective=is_introspection_type(parent) or nodes[0].name.value in {"__schema", "__type"},
        hides_suggestions=source.hides_suggestions,
    )


def _select_upstream(
    source: Source, field: GraphQLField, nodes: list[FieldNode]
) -> tuple[Selection | None, Callable[[VariableValues], Selection | None] | None]:
    """What a field requests, or what finds it for each request where it depends on variables."""
    fragments = {name: each.definition for name, each in source.fragments.items()}
    try:
        selection, varies = look_ahead(source.schema, fragments, source.variables.coerced, field.type, nodes)
    except Exception:  # noqa: BLE001 - a custom scalar may raise anything; it is reported where the field runs
        selection, varies = None, True
    if not varies:
        return selection, None
    return None, lambda variables: selection_at(source.schema, fragments, variables.coerced, field.type, nodes)


def _choose_output(source: Source, type_: GraphQLOutputType, details: FieldDetailsList) -> Output:
    is_nullable = not isinstance(type_, GraphQLNonNull)
    inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(inner, GraphQLList):
        return ListOutput(_choose_output(source, inner.of_type, details), is_nullable)
    if is_leaf_type(inner):
        return LeafOutput(inner, is_nullable)
    compile_shape = partial(compile_fields_of, source, details)
    if is_abstract_type(inner):
        return AbstractOutput(source.schema, inner, details, compile_shape, is_nullable=is_nullable)
    return ObjectOutput(inner, compile_shape, is_nullable=is_nullable)


def _add_stream(source: Source, output: Output, type_: GraphQLOutputType, details: FieldDetailsList) -> Output:
    """The outermost list of a field may be streamed; what its later items defer is theirs alone."""
    node = details[0].node
    if isinstance(output, ListOutput) and any(each.name.value == "stream" for each in node.directives or ()):
        own = source._replace(usages=None, is_within=False)
        inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        items = _choose_output(own, inner.of_type, [FieldDetails(each.node, None) for each in details])
        output.stream = _compile_stream(node, source.variables, items)
    return output


def _compile_stream(node: FieldNode, variables: VariableValues, items: Output) -> StreamedList | None:
    try:
        values = get_directive_values(GraphQLStreamDirective, node, variables)
        if not values or values.get("if") is False:
            return None
        first = values.get("initialCount")
        if first is None or first < 0:
            raise ValueError("initialCount must be a positive integer")
    except Exception as problem:  # noqa: BLE001 - reported for each list, as graphql-core does
        return StreamedList(None, 0, items, problem)
    return StreamedList(values.get("label"), first, items)


def _coerce_constants(source: Source, field: GraphQLField, node: FieldNode) -> dict[str, Any] | None:
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
