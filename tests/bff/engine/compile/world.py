"""Shapes of operations, compiled without an executor, for tests of this room."""

from __future__ import annotations

from typing import Any

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, parse

from bff.engine.compile.selection_sets import Source, compile_root
from bff.engine.compile.shapes import Shape
from bff.engine.graphql_core import FragmentDetails, VariableValues


def shape_of(schema: GraphQLSchema, text: str, **variables: Any) -> Shape:
    """The root shape of the operation in a document."""
    definitions = parse(text).definitions
    operation = next(each for each in definitions if isinstance(each, OperationDefinitionNode))
    fragments = {
        each.name.value: FragmentDetails(each) for each in definitions if isinstance(each, FragmentDefinitionNode)
    }
    root_type = schema.get_root_type(operation.operation)
    assert root_type is not None
    return compile_root(Source(schema, operation, fragments, VariableValues({}, variables)), root_type)


def keys_of(shape: Shape) -> list[str]:
    """The response keys of a shape, in order."""
    return [step.key for step in shape.steps]
