"""A GraphQL upstream's schema as a Description: fields, arguments, types. Used through the connector by `bff check`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    is_required_input_field,
    parse,
    parse_type,
    type_from_ast,
    validate,
    visit,
)
from graphql.language import FieldNode, Visitor

from connectors.contract import Operation
from connectors.descriptions import ANYTHING, DataType, RequestUse, Scalar, list_of
from connectors.errors import DefinitionError
from connectors.graphql.operations import GraphqlOperation
from connectors.graphql.schema_facts import Facts, facts_from_author, facts_from_schema

_SCALARS: dict[str, Scalar] = {"Int": "integer", "Float": "number", "Boolean": "boolean", "String": "text"}


class SchemaDescription:
    """Of one upstream."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def check_request(self, operation: Operation) -> RequestUse:
        """As Description. With the author's types an operation may be one that the schema does not show."""
        assert isinstance(operation, GraphqlOperation)
        if operation.entity:
            return RequestUse()
        try:
            facts = facts_from_schema(operation, self._schema)
        except DefinitionError as error:
            if not operation.types or facts_from_author(operation, self._schema).list_untyped(operation):
                raise
            return RequestUse(doubts=(str(error),))
        parameters = {
            name: _describe_type(found)
            for name, text in facts.types.items()
            if (found := type_from_ast(self._schema, parse_type(text))) is not None
        }
        return RequestUse(problems=self._validate(operation, facts), parameters=parameters)

    def _validate(self, operation: GraphqlOperation, facts: Facts) -> tuple[str, ...]:
        """What the upstream would refuse of the field, its arguments and the selection that the author wrote."""
        inside = "" if facts.is_leaf else operation.fields or "__typename"
        variables = ", ".join(f"${name}: {type_}" for name, type_ in facts.types.items())
        head = f"{operation.kind}({variables})" if variables else operation.kind
        try:
            document = parse(f"{head} {{ {operation.field.render(str, inside)} }}", no_location=True)
        except GraphQLError as error:
            return (error.message,)
        return tuple(dict.fromkeys(error.message for error in validate(self._schema, document)))

    def describe_reply(self, operation: Operation, *, is_batch: bool) -> DataType:
        """As Description: the type of the innermost field."""
        assert isinstance(operation, GraphqlOperation)
        if operation.entity:
            entity = self._schema.type_map.get(operation.entity)
            return ANYTHING if entity is None else list_of(_describe_type(entity))
        if operation.types:
            try:
                facts_from_schema(operation, self._schema)
            except DefinitionError:
                return ANYTHING
        finder = _InnermostType(TypeInfo(self._schema))
        visit(
            parse(f"{operation.kind}{{{operation.field.render(str, '')}}}", no_location=True),
            TypeInfoVisitor(finder.info, finder),
        )
        return ANYTHING if finder.type is None else _describe_type(finder.type)


class _InnermostType(Visitor):
    """Finds the type of the innermost field of a path."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info = info
        self.type: Any = None

    def enter_field(self, _node: FieldNode, *_: object) -> None:
        """Every field of the path, the innermost last."""
        self.type = self.info.get_type()


def _describe_type(type_: Any) -> DataType:
    if isinstance(type_, GraphQLNonNull):
        return _describe_type(type_.of_type)
    if isinstance(type_, GraphQLList):
        return list_of(_describe_type(type_.of_type))
    if isinstance(type_, GraphQLEnumType):
        return DataType(name=f"the enum {type_.name}", scalar="text", values=tuple(type_.values))
    if isinstance(type_, GraphQLScalarType):
        return DataType(name=f"the scalar {type_.name}", scalar=_SCALARS.get(type_.name, ""))
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        fields = type_.fields
        return DataType(
            name=f"the type {type_.name}",
            fields=lambda: {name: _describe_type(each.type) for name, each in fields.items()},
            is_open=isinstance(type_, GraphQLInterfaceType),
        )
    if isinstance(type_, GraphQLInputObjectType):
        inputs = type_.fields
        return DataType(
            name=f"the input {type_.name}",
            fields=lambda: {name: _describe_input(each) for name, each in inputs.items()},
        )
    return ANYTHING


def _describe_input(field: Any) -> DataType:
    return replace(_describe_type(field.type), is_required=is_required_input_field(field))
