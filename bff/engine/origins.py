"""Which upstream call a field's value came from, found for the log after something failed. Used by `failure_log`.

The way from the root of the response to the failed field is followed through the document: the last field on it that
is fetched names the call, and the fields below it the place in the reply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from bff.authoring.fields import TAKE, VIA
from bff.authoring.strawberry_insides import own_field_of
from connectors.endpoint import Endpoint
from connectors.messages.paths import EACH

Path = Sequence[str | int]
MAX_STEPS = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """A call, and the place in its reply or record."""

    upstream: str
    operation: str
    place: str = ""


class Origins:
    """Finds the origin of values of one operation."""

    __slots__ = ("_document", "_list_endpoints", "_operation", "_schema")

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        list_endpoints: Callable[[], Iterable[Endpoint]],
    ) -> None:
        """`list_endpoints` lists what the operation has called, for values that resolvers return."""
        self._schema = schema
        self._document = document
        self._operation = operation
        self._list_endpoints = list_endpoints

    def find(self, path: Path | None) -> Origin | None:
        """The origin of the value at a response path; None if it is not known."""
        if not path:
            return None
        endpoint: Any = None
        place: list[str | int] = []
        for step, field in self._follow(path):
            if field is None:
                if endpoint is not None:
                    place.append(step)
                continue
            own = own_field_of(field)
            via = own.metadata.get(VIA) if own is not None else None
            if via is not None:
                endpoint, place = via.endpoint, list(via.endpoint.at)
            elif own is not None and endpoint is not None:
                take = own.metadata.get(TAKE)
                place += take.path if take is not None and take.path else (own.python_name,)
        if endpoint is not None:
            return Origin(endpoint.operation.upstream, endpoint.operation.name, _format_place(place))
        called = {each.operation.name: each.operation for each in self._list_endpoints()}
        if len(called) != 1:
            return None
        (operation,) = called.values()
        return Origin(operation.upstream, operation.name)

    def find_field(self, path: Path | None) -> GraphQLField | None:
        """The definition of the field at a response path."""
        fields = [field for _, field in self._follow(path or ()) if field is not None]
        names = sum(isinstance(step, str) for step in path or ())
        return fields[-1] if fields and len(fields) == names else None

    def _follow(self, path: Path) -> Iterator[tuple[str | int, GraphQLField | None]]:
        """The field of each name on the path; None for an index."""
        root = self._schema.get_root_type(self._operation.operation)
        parent: Any = root
        selections = [self._operation.selection_set]
        for step in path[:MAX_STEPS]:
            if isinstance(step, int):
                yield step, None
                continue
            found = [each for selection in selections for each in self._find_nodes(selection, step, parent, 0)]
            if not found:
                return
            _, field = found[0]
            yield step, field
            parent = get_named_type(field.type)
            selections = [node.selection_set for node, _ in found if node.selection_set is not None]

    def _find_nodes(
        self, selection: SelectionSetNode, name: str, parent: Any, depth: int
    ) -> Iterator[tuple[FieldNode, GraphQLField]]:
        """The selected fields of this response key, with their definitions in the types they are selected of."""
        for node in selection.selections:
            if isinstance(node, FieldNode):
                if (node.alias or node.name).value == name and (field := _find_field(parent, node.name.value)):
                    yield node, field
            elif depth < MAX_STEPS:
                inner, type_name = self._open_fragment(node)
                type_ = self._schema.type_map.get(type_name) if type_name else parent
                if inner is not None:
                    yield from self._find_nodes(inner, name, type_, depth + 1)

    def _open_fragment(self, node: Any) -> tuple[SelectionSetNode | None, str]:
        if isinstance(node, FragmentSpreadNode):
            node = next(
                (
                    each
                    for each in self._document.definitions
                    if isinstance(each, FragmentDefinitionNode) and each.name.value == node.name.value
                ),
                None,
            )
        if not isinstance(node, FragmentDefinitionNode | InlineFragmentNode):
            return None, ""
        return node.selection_set, node.type_condition.name.value if node.type_condition else ""


def _find_field(parent: Any, name: str) -> GraphQLField | None:
    return parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None


def _format_place(place: Sequence[str | int]) -> str:
    """`items[0].author`, as people write it; of a path through lists, the names."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step != EACH:
            text += f".{step}" if text else step
    return text
