"""Facts of an operation that its document needs: types of variables, whether its field has fields. Used by `schema`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Undefined,
    VariableNode,
    Visitor,
    get_named_type,
    is_leaf_type,
    parse,
    visit,
)

from connectors.errors import DefinitionError
from connectors.graphql.operations import GraphqlOperation


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one operation."""

    types: dict[str, str]
    """The known types of variables."""
    is_leaf: bool | None = None
    """Whether the innermost field is a scalar or enum, without a selection; None when that is not known."""
    lists: tuple[int, ...] = ()
    """For each field of the path, how many lists are around its objects; empty when that is not known."""
    schema: GraphQLSchema | None = field(default=None, repr=False)
    """The upstream's schema; None when that is not known."""
    record_type: GraphQLNamedType | None = None
    """The type of the innermost field's records; None when that is not known."""

    def list_untyped(self, operation: GraphqlOperation) -> list[str]:
        """The variables whose type is not known."""
        return [variable.name for variable in operation.field.variables if variable.name not in self.types]


def facts_from_author(operation: GraphqlOperation, schema: GraphQLSchema | None = None) -> Facts:
    """The facts that the author wrote; of a federated type, also what the schema says of it."""
    record_type = schema.type_map.get(operation.entity) if schema is not None and operation.entity else None
    return Facts(dict(operation.types), False if operation.entity else None, schema=schema, record_type=record_type)


def facts_from_schema(operation: GraphqlOperation, schema: GraphQLSchema) -> Facts:
    """The facts of the upstream's schema; types from the author take precedence.

    Raises DefinitionError, with the nearest right name, for a field or argument that the schema does not have.
    """
    visitor = _visit_fields(operation, schema, operation.field.render(str, ""))
    types = {**visitor.types, **dict(operation.types)}
    return Facts(types, visitor.is_leaf, tuple(visitor.lists), schema, visitor.record_type)


def find_types(operation: GraphqlOperation, schema: GraphQLSchema, text: str) -> dict[str, str]:
    """The types of all variables in an operation's field with its selection.

    Raises DefinitionError as `facts_from_schema`.
    """
    return _visit_fields(operation, schema, text).types


def _visit_fields(operation: GraphqlOperation, schema: GraphQLSchema, text: str) -> _FactsVisitor:
    visitor = _FactsVisitor(operation, TypeInfo(schema))
    visit(parse(f"{operation.kind}{{{text}}}", no_location=True), TypeInfoVisitor(visitor.info, visitor))
    return visitor


class _FactsVisitor(Visitor):
    """Visits an operation with the types of the schema."""

    def __init__(self, operation: GraphqlOperation, info: TypeInfo) -> None:
        super().__init__()
        self.operation = operation
        self.info = info
        self.types: dict[str, str] = {}
        self.is_leaf = False
        self.lists: list[int] = []
        self.record_type: GraphQLNamedType | None = None

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Every field of the path, the innermost last."""
        parent = self.info.get_parent_type()
        if parent is None:
            self._raise_unknown(f"the upstream's schema has no {self.operation.kind}s", node.name.value, ())
        type_ = self.info.get_type()
        if type_ is None:
            known = parent.fields if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else ()
            self._raise_unknown(f"the upstream's type {parent} has no field", node.name.value, known)
        self.record_type = get_named_type(type_)
        self.is_leaf = is_leaf_type(self.record_type)
        self.lists.append(str(type_).count("["))

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """Every argument."""
        field = self.info.get_field_def()
        if field is not None and node.name.value not in field.args:
            self._raise_unknown("the upstream's field has no argument", node.name.value, field.args)

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        """Every field of an input object that the author wrote."""
        parent = get_named_type(self.info.get_parent_input_type())
        if isinstance(parent, GraphQLInputObjectType) and node.name.value not in parent.fields:
            self._raise_unknown(f"the upstream's type {parent} has no field", node.name.value, parent.fields)

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        """The type of a variable's place, nullable where there is a default: then the variable may be left out."""
        type_ = self.info.get_input_type()
        name = node.name.value
        if isinstance(type_, GraphQLNonNull) and self.info.get_default_value() is not Undefined:
            type_ = type_.of_type
        known = self.types.get(name)
        if type_ is not None and (known is None or known + "!" == str(type_)):
            self.types[name] = str(type_)  # of two places, the non-null one decides

    def _raise_unknown(self, what: str, name: str, known: Iterable[str]) -> None:
        near = get_close_matches(name, list(known), n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        operation = self.operation
        raise DefinitionError(f'{operation.upstream}: {operation.name}: {what} "{name}"{hint}')
