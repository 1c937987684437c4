"""What strawberry has no public name for, in one place. Used by authoring, the engine and frontends.

Written for strawberry-graphql 0.341. After an upgrade `tests/bff/authoring/test_strawberry_insides.py` fails first.
"""

from __future__ import annotations

from typing import Any, Final

import strawberry
from graphql import GraphQLField, GraphQLNamedType, GraphQLResolveInfo, GraphQLSchema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.arguments import StrawberryArgument, convert_arguments
from strawberry.types.base import StrawberryMaybe
from strawberry.types.field import StrawberryField
from strawberry.types.maybe import Some

BACKREF: Final = "strawberry-definition"
"""Key of the extensions of graphql-core's types, fields and schemas: the strawberry definitions they come from."""
DEFINITION: Final = "__strawberry_definition__"
"""Attribute of a class that is a strawberry type."""


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema of a strawberry schema."""
    return schema._schema  # noqa: SLF001 - no public name


def owner_schema(schema: GraphQLSchema) -> Any:
    """The strawberry schema that a graphql-core schema is of; None where it is of none."""
    return schema.extensions.get(BACKREF)


def definition_of(type_: GraphQLNamedType) -> Any:
    """What strawberry knows of a type; None where it did not make it."""
    return type_.extensions.get(BACKREF)


def own_field_of(field: GraphQLField) -> StrawberryField | None:
    """What strawberry knows of a field; None where it did not make it."""
    own: StrawberryField | None = field.extensions.get(BACKREF)
    return own


def raw_info(info: strawberry.Info) -> GraphQLResolveInfo[Any]:
    """graphql-core's info in strawberry's."""
    raw: GraphQLResolveInfo[Any] = info._raw_info  # noqa: SLF001 - no public name
    return raw


def wrap_info(info_class: type[Any], field: StrawberryField, raw: GraphQLResolveInfo[Any]) -> Any:
    """An info of the class that a schema's author chose."""
    return info_class(_raw_info=raw, _field=field)


def is_default_resolver(resolve: Any) -> bool:
    """Whether strawberry generated a resolver that only reads an attribute."""
    return getattr(resolve, "_is_default", False)


def handles_exceptions(schema: GraphQLSchema) -> bool:
    """Whether the author turns exceptions into members of unions: strawberry does that around each resolver."""
    owner = owner_schema(schema)
    return bool(owner and owner.schema_converter._exception_handler_specs)  # noqa: SLF001 - no public name


def python_arguments(schema: GraphQLSchema, field: StrawberryField, coerced: dict[str, Any]) -> dict[str, Any]:
    """From coerced GraphQL arguments to those of the author's method. Raises what converting them raises."""
    if not field.arguments:
        return {}
    owner = schema.extensions[BACKREF]
    registry = owner.schema_converter.scalar_registry
    return convert_arguments(coerced, field.arguments, scalar_registry=registry, config=owner.config)


def name_argument(schema: GraphQLSchema, argument: StrawberryArgument) -> str:
    """The GraphQL name of an argument."""
    name: str = schema.extensions[BACKREF].config.name_converter.from_argument(argument)
    return name


__all__ = [
    "BACKREF",
    "DEFINITION",
    "MaybeNullValidationRule",
    "OneOfInputValidationRule",
    "Some",
    "StrawberryGraphQLCoreExecutionContext",
    "StrawberryMaybe",
    "core_schema",
    "definition_of",
    "handles_exceptions",
    "is_default_resolver",
    "name_argument",
    "own_field_of",
    "owner_schema",
    "python_arguments",
    "raw_info",
    "wrap_info",
]
