"""What the connector must know of one GraphQL endpoint. Created by `endpoints`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from connectors.contract import Call, Operation
from connectors.errors import DefinitionError
from connectors.graphql.operations_field import FieldPath

Kind = Literal["query", "mutation", "subscription"]
BatchForm = Literal["list", "alias"]
"""How the keys of a batch are sent: as one list argument, or as one aliased field each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphqlOperation(Operation):
    """One field of an upstream, reached by a path of single fields."""

    keeps_enums: ClassVar[bool] = True

    kind: Kind
    field: FieldPath
    fields: str = ""
    """The selection of calls without one, in GraphQL's syntax."""
    key: tuple[str, ...] = ()
    """Path in each record to the requested value; selected too where records come as one list."""
    batched: str = ""
    """The variable that takes the keys; empty when there is no batch."""
    form: BatchForm | None = None
    """How keys are sent; None means by the variable's type: a list when it is one, else aliases."""
    types: tuple[tuple[str, str], ...] = ()
    """The types of variables that the author wrote."""
    entity: str = ""
    """The federated type to request from `_entities`; its key field is `entity_key`."""
    entity_key: str = ""


def get_operation(call: Call) -> GraphqlOperation:
    """The call's operation. Raises DefinitionError for one of another kind."""
    operation = call.operation
    if not isinstance(operation, GraphqlOperation):
        raise DefinitionError(f"{operation.upstream}: {operation.name} was not defined with graphql(...)")
    return operation
