"""What the GraphQL connector must know of one endpoint. Made by `endpoints`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from connectors.contract import Call, Operation
from connectors.errors import DefinitionError
from connectors.graphql.operations_field import FieldPath

Kind = Literal["query", "mutation", "subscription"]
Form = Literal["list", "alias"]
"""How many keys become one request: as one list argument, or as one aliased field each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphqlOperation(Operation):
    """One field of an upstream, reached by a path of single fields."""

    kind: Kind
    field: FieldPath
    fields: str = ""
    """What is asked for where nothing is selected, in GraphQL's syntax."""
    key: tuple[str, ...] = ()
    """Path in each record to the value that was asked for; asked for too where records come as one list."""
    batched: str = ""
    """The variable that takes the keys; empty when there is no batch."""
    form: Form | None = None
    """How keys are sent; None means by the variable's type: a list when it is one, else aliases."""
    types: tuple[tuple[str, str], ...] = ()
    """Variables and their types, as far as the author told them."""
    entity: str = ""
    """The federated type that `_entities` is asked for; its key field is `entity_key`."""
    entity_key: str = ""


def operation_of(call: Call) -> GraphqlOperation:
    """The call's operation. Raises DefinitionError for one of another kind."""
    operation = call.operation
    if not isinstance(operation, GraphqlOperation):
        raise DefinitionError(f"{operation.upstream}: {operation.name} was not defined with graphql(...)")
    return operation
