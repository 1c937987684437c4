"""Lookahead: from a GraphQL selection to that of an upstream's record, in its names. Used around every resolver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from bff.authoring.fields import TAKE, VIA
from bff.authoring.strawberry_insides import own_field_of
from connectors.contract import Selection
from connectors.messages.paths import EACH

COMPUTED = "bff.computed"
"""Key of a strawberry field's metadata under which `bff.authoring.computed.Computed` is found."""


class _SelectionTree:
    """A selection being collected: mutable, so that fields selected twice are merged."""

    def __init__(self) -> None:
        self.fields: dict[str, _SelectionTree | None] = {}
        self.on: dict[str, _SelectionTree] = {}

    def add_leaf(self, path: Sequence[str]) -> None:
        tree = self
        for step in path[:-1]:
            tree = tree.get_or_add(step)
        tree.fields.setdefault(path[-1], None)

    def get_or_add(self, name: str) -> _SelectionTree:
        tree = self.fields.get(name)
        if tree is None:
            tree = self.fields[name] = _SelectionTree()
        return tree

    def freeze(self) -> Selection:
        return Selection(
            fields=tuple((name, tree.freeze() if tree else None) for name, tree in self.fields.items()),
            on=tuple((name, tree.freeze()) for name, tree in self.on.items()),
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
    named = get_named_type(type_)
    if is_leaf_type(named):
        return None
    collector = _FieldCollector(schema, fragments, variables)
    tree = _SelectionTree()
    for node in nodes:
        if node.selection_set:
            collector.collect_fields(named, node.selection_set.selections, tree)
    return tree.freeze()


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
            _add_leaves(each, tree.on.setdefault(each.name, _SelectionTree()))
    return tree.freeze()


class _FieldCollector:
    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables

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
                into = tree if inner is on else tree.on.setdefault(inner.name, _SelectionTree())
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
        if own.is_basic_field or (TAKE in own.metadata and own.base_resolver is None):
            path = upstream_path(own, name)
            named = get_named_type(definition.type)
            if is_leaf_type(named):
                tree.add_leaf(path)
                return
            for step in path:
                tree = tree.get_or_add(step)
            if node.selection_set:
                self.collect_fields(named, node.selection_set.selections, tree)
        else:
            _add_needs(on, own, tree)

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


def upstream_path(field: StrawberryField, graphql_name: str) -> tuple[str, ...]:
    """The path under which a GraphQL upstream knows a field: what `take` says, else the field's own GraphQL name.

    Steps into lists are left out, as in a selection.
    """
    record = field.metadata.get(TAKE)
    if record is None:
        return (graphql_name,)
    return tuple(step for step in record.path if step != EACH and not step.lstrip("-").isdecimal())


def _add_needs(on: GraphQLObjectType | GraphQLInterfaceType, field: StrawberryField, tree: _SelectionTree) -> None:
    """Add what must be in the record for a field that is fetched or computed."""
    names: list[str]
    if record := field.metadata.get(VIA):
        names = list(record.from_fields.values())
    elif record := field.metadata.get(COMPUTED):
        names = list(record.needs)
    else:
        _add_leaves(on, tree)  # plain Python may read any of them
        return
    owns = (own_field_of(each) for each in on.fields.values())
    shown = {each.python_name for each in owns if each is not None}
    for name in names:
        if name not in shown:
            tree.add_leaf((to_camel_case(name),))  # a private field, named upstream as a shown one would be
    for definition_name, definition in on.fields.items():
        own = own_field_of(definition)
        if own is None or own.python_name not in names:
            continue
        if own.is_basic_field:
            if is_leaf_type(get_named_type(definition.type)):
                tree.add_leaf(upstream_path(own, definition_name))
        else:
            _add_needs(on, own, tree)


def _add_leaves(on: GraphQLObjectType | GraphQLInterfaceType, tree: _SelectionTree) -> None:
    for name, definition in on.fields.items():
        own = own_field_of(definition)
        if own is not None and own.is_basic_field and is_leaf_type(get_named_type(definition.type)):
            tree.add_leaf(upstream_path(own, name))
