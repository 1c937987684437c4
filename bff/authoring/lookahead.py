"""Lookahead: from a GraphQL selection to that of an upstream's record, in its names. Used around every resolver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    InlineFragmentNode,
    Node,
    SelectionNode,
    Undefined,
    VariableNode,
    get_named_type,
    is_leaf_type,
    value_from_ast,
)
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from bff.authoring.arguments import find_python_name
from bff.authoring.fields import TAKE, VIA, Take
from bff.authoring.strawberry_insides import definition_of, name_argument, own_field_of, python_arguments
from bff.authoring.upstream_types import find_names
from connectors.contract import FieldCall, Selection, TypeNames
from connectors.messages.paths import EACH

NO_CALLS: Mapping[str, FieldCall] = {}
COMPUTED = "bff.computed"
"""Key of a strawberry field's metadata of its `bff.authoring.computed.Computed`."""


class _SelectionTree:
    """A selection being collected: mutable, so that fields selected twice are merged."""

    def __init__(self) -> None:
        self.fields: dict[str, _SelectionTree | None] = {}
        self.on: dict[str, _SelectionTree] = {}
        self.calls: dict[str, FieldCall] = {}
        self.names: dict[str, TypeNames] = {}

    def add_leaf(self, path: Sequence[str], calls: Mapping[str, FieldCall] = NO_CALLS) -> None:
        tree = self.get_inside(path[:-1], calls)
        tree.note_call(path[-1], calls)
        tree.fields.setdefault(path[-1], None)

    def get_inside(self, path: Sequence[str], calls: Mapping[str, FieldCall] = NO_CALLS) -> _SelectionTree:
        tree = self
        for step in path:
            tree.note_call(step, calls)
            tree = tree.get_or_add(step)
        return tree

    def note_call(self, key: str, calls: Mapping[str, FieldCall]) -> None:
        if key in calls:
            self.calls[key] = calls[key]

    def get_on(self, type_: GraphQLNamedType) -> _SelectionTree:
        """What is selected of records of one type."""
        names = find_names(type_)
        if names.names != (type_.name,):
            self.names[type_.name] = names
        return self.on.setdefault(type_.name, _SelectionTree())

    def get_or_add(self, name: str) -> _SelectionTree:
        tree = self.fields.get(name)
        if tree is None:
            tree = self.fields[name] = _SelectionTree()
        return tree

    def freeze(self) -> Selection:
        return Selection(
            fields=tuple((name, tree.freeze() if tree else None) for name, tree in self.fields.items()),
            on=tuple((name, tree.freeze()) for name, tree in self.on.items()),
            calls=tuple(self.calls.items()),
            names=tuple(self.names.items()),
        )


def selection_of(info: GraphQLResolveInfo[Any]) -> Selection | None:
    """What the field being resolved wants of each record; None when its type has no fields."""
    variables: Any = info.variable_values  # strawberry hands on a plain dict, graphql-core its own container
    coerced = getattr(variables, "coerced", variables)
    return selection_at(info.schema, info.fragments, coerced, info.return_type, info.field_nodes)


def selection_at(
    schema: GraphQLSchema,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    type_: GraphQLType,
    nodes: Sequence[FieldNode],
) -> Selection | None:
    """What the field of this type, selected by these nodes, needs of each record; None when its type has no fields."""
    return look_ahead(schema, fragments, variables, type_, nodes)[0]


def look_ahead(
    schema: GraphQLSchema,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    type_: GraphQLType,
    nodes: Sequence[FieldNode],
) -> tuple[Selection | None, bool]:
    """As `selection_at`, and whether it depends on variables by other ways than @skip and @include."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return None, False
    collector = _FieldCollector(schema, fragments, variables)
    tree = _SelectionTree()
    for node in nodes:
        if node.selection_set:
            collector.collect_fields(named, node.selection_set.selections, tree)
    return tree.freeze(), collector.uses_variables


def leaves_of(schema: GraphQLSchema, type_: GraphQLType) -> Selection | None:
    """Every plain leaf field of a type, or of each type it may be: what Python code may read. None for a leaf."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return None
    tree = _SelectionTree()
    if isinstance(named, GraphQLObjectType):
        _add_leaves(named, tree)
    elif isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        for each in schema.get_possible_types(named):
            _add_leaves(each, tree.get_on(each))
    return tree.freeze()


class _FieldCollector:
    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.uses_variables = False

    def collect_fields(self, on: GraphQLNamedType, nodes: Sequence[SelectionNode], tree: _SelectionTree) -> None:
        for node in nodes:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                self._collect_field(on, node, tree)
            else:
                assert isinstance(node, InlineFragmentNode | FragmentSpreadNode)
                fragment = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
                condition = fragment.type_condition
                inner = self.schema.type_map[condition.name.value] if condition else on
                if isinstance(on, GraphQLObjectType):
                    if isinstance(inner, GraphQLObjectType) and inner is not on:
                        continue  # by way of an interface, a fragment may name a type that this record never is
                    inner = on
                into = tree if inner is on else tree.get_on(inner)
                self.collect_fields(inner, fragment.selection_set.selections, into)

    def _collect_field(self, on: GraphQLNamedType, node: FieldNode, tree: _SelectionTree) -> None:
        name = node.name.value
        if name == "__typename" or isinstance(on, GraphQLUnionType):
            tree.add_leaf(("__typename",))
            return
        assert isinstance(on, GraphQLObjectType | GraphQLInterfaceType)
        definition = on.fields[name]
        own = own_field_of(definition)
        if own is None:
            return
        take: Take | None = own.metadata.get(TAKE)
        if own.is_basic_field or take is not None:
            path, calls = ((name,), NO_CALLS) if take is None else self._fill_take(own, take, definition, node)
            named = get_named_type(definition.type)
            if is_leaf_type(named):
                tree.add_leaf(path, calls)
                return
            tree = tree.get_inside(path, calls)
            if node.selection_set:
                self.collect_fields(named, node.selection_set.selections, tree)
        else:
            _add_needs(on, own, tree)

    def _fill_take(
        self, own: StrawberryField, take: Take, definition: GraphQLField, node: FieldNode
    ) -> tuple[tuple[str, ...], Mapping[str, FieldCall]]:
        """The path of a field, with the calls of its steps. Raises what converting the arguments raises."""
        if not take.steps:
            return leave_out_lists(take.path), NO_CALLS
        coerced = {}
        for argument in node.arguments or ():
            self.uses_variables = self.uses_variables or _has_variables(argument.value)
        if take.from_arguments:
            coerced = _coerce_arguments(definition, node, self.variables)
        return fill_take(self.schema, own, take, definition, coerced)

    def _is_included(self, node: SelectionNode) -> bool:
        """@skip and @include (GraphQL specification, section 3.13); both are validated before anything runs."""
        for directive in node.directives or ():
            name = directive.name.value
            if name in {"skip", "include"}:
                value = (directive.arguments or ())[0].value
                condition = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
                if isinstance(value, BooleanValueNode):
                    condition = value.value
                if bool(condition) == (name == "skip"):
                    return False
        return True


def fill_take(
    schema: GraphQLSchema, own: StrawberryField, take: Take, definition: GraphQLField, coerced: dict[str, Any]
) -> tuple[tuple[str, ...], Mapping[str, FieldCall]]:
    """The path and the calls of a field for these coerced arguments."""
    given = python_arguments(schema, own, coerced)
    names = {argument.python_name: argument for argument in own.arguments}
    shown = {
        name: definition.args.get(name_argument(schema, names[find_python_name(name)])) for name in take.from_arguments
    }
    types = {name: str(argument.type) for name, argument in shown.items() if argument is not None}
    path, calls = take.fill(given, types)
    return leave_out_lists(path), calls


def leave_out_lists(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path without steps into lists, as in a selection."""
    return tuple(step for step in path if step != EACH and not step.lstrip("-").isdecimal())


def _coerce_arguments(definition: GraphQLField, node: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Coerced arguments (GraphQL specification, section 6.4.1) of a field that was validated."""
    nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
    coerced: dict[str, Any] = {}
    for name, argument in definition.args.items():
        value = nodes.get(name)
        is_given = value is not None and not (isinstance(value, VariableNode) and value.name.value not in variables)
        if is_given:
            coerced[name] = value_from_ast(value, argument.type, dict(variables))
        elif argument.default_value is not Undefined:
            coerced[name] = argument.default_value
    return {name: value for name, value in coerced.items() if value is not Undefined}


def _has_variables(node: Node) -> bool:
    if isinstance(node, VariableNode):
        return True
    inner: Sequence[Any] = getattr(node, "values", None) or [each.value for each in getattr(node, "fields", None) or ()]
    return any(map(_has_variables, inner))


def upstream_path(field: StrawberryField, graphql_name: str) -> tuple[str, ...]:
    """The path under which a GraphQL upstream knows a field: what `take` says, else the field's own GraphQL name."""
    record = field.metadata.get(TAKE)
    return (graphql_name,) if record is None else leave_out_lists(record.path)


def _add_needs(on: GraphQLObjectType | GraphQLInterfaceType, field: StrawberryField, tree: _SelectionTree) -> None:
    """Add what must be in the record for a field that is fetched or computed."""
    names: list[str]
    if record := field.metadata.get(VIA):
        names = record.list_needs()
    elif record := field.metadata.get(COMPUTED):
        names = list(record.needs)
    else:
        _add_leaves(on, tree)  # plain Python may read any of them
        return
    owns = (own_field_of(each) for each in on.fields.values())
    shown = {each.python_name for each in owns if each is not None}
    for name in names:
        if name not in shown:
            tree.add_leaf(_find_private_path(on, name))
    for definition_name, definition in on.fields.items():
        own = own_field_of(definition)
        if own is None or own.python_name not in names:
            continue
        if own.is_basic_field:
            if is_leaf_type(get_named_type(definition.type)):
                _add_leaf(own, definition_name, tree)
        else:
            _add_needs(on, own, tree)


def _find_private_path(on: GraphQLObjectType | GraphQLInterfaceType, name: str) -> tuple[str, ...]:
    """A private field is named upstream as a shown one would be, or as `take` says."""
    definition = definition_of(on)
    fields = {} if definition is None else definition.origin.__dataclass_fields__
    record = fields[name].metadata.get(TAKE) if name in fields else None
    return (to_camel_case(name),) if record is None else leave_out_lists(record.path)


def _add_leaf(own: StrawberryField, name: str, tree: _SelectionTree) -> None:
    take: Take | None = own.metadata.get(TAKE)
    path, calls = take.fill({}, {}) if take is not None and take.steps else (upstream_path(own, name), NO_CALLS)
    tree.add_leaf(leave_out_lists(path), calls)


def _add_leaves(on: GraphQLObjectType | GraphQLInterfaceType, tree: _SelectionTree) -> None:
    for name, definition in on.fields.items():
        own = own_field_of(definition)
        if own is not None and own.is_basic_field and is_leaf_type(get_named_type(definition.type)):
            _add_leaf(own, name, tree)
