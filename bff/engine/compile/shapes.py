"""Shapes, steps and outputs: what a selection set is compiled to. Made by bff.engine.compile.selection_sets.

A shape is the selection on one object type; a step is one field of it; an output is what becomes of a step's values.
Inner shapes are compiled when the first value of their type turns up, because an abstract type may have many.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from graphql import FieldNode, GraphQLAbstractType, GraphQLField, GraphQLLeafType, GraphQLObjectType, GraphQLSchema

from bff.engine.compile.resolvers import Resolution
from bff.engine.compile.rows import MakeRows, Row
from bff.engine.graphql_core import (
    DeferUsage,
    DeferUsageSet,
    FieldDetailsList,
    FragmentVariableValues,
    VariableValues,
    get_argument_values,
)
from bff.loading.batch_result import BatchResult
from connectors.contract import Reply, Selection

Kind = type[Any]
CompileShape = Callable[[GraphQLObjectType], "Shape"]
"""Compiles what a field selects of objects of one type."""


class Batchability(NamedTuple):
    """How the values below an object are resolved (see bff.engine.compile.batchability)."""

    is_batched: bool = False
    """One call may serve all objects."""
    waits: bool = False
    """Each object has calls or resolvers of its own to wait for."""
    is_unknown: bool = False
    """Resolvers may give awaitables."""

    @property
    def is_alone(self) -> bool:
        """Whether each object is computed by itself."""
        return self.waits and not self.is_batched


class ReadsReplies(Protocol):
    """How replies become the values of one step. `bff.engine.execute.replies.ReplyReader` implements it."""

    async def read_one(self, reply: Reply) -> Any:
        """The value of a reply about one thing. Raises what reading it raises."""

    async def read_batch(
        self, answers: Sequence[BatchResult], *, may_complete: bool
    ) -> tuple[dict[Hashable, Any], bool]:
        """The value, or the exception in its place, of each key; and whether they are the response's already."""


@dataclass(slots=True, eq=False)
class LeafOutput:
    """Scalars and enums."""

    type: GraphQLLeafType
    is_nullable: bool


@dataclass(slots=True, eq=False)
class ListOutput:
    """Lists of something."""

    items: Output
    is_nullable: bool
    stream: StreamedList | None = None


@dataclass(slots=True, eq=False)
class StreamedList:
    """A list whose items come in several parts."""

    label: str | None
    initial_count: int
    """How many items come with the list."""
    items: Output
    """What becomes of the others."""
    problem: Exception | None = None
    """Why the list has no value."""
    batchability: Batchability | None = None
    """Found once."""


class ObjectOutput:
    """Objects of one type."""

    __slots__ = ("_compile", "_shape", "is_nullable", "type")

    def __init__(self, type_: GraphQLObjectType, compile_shape: CompileShape, *, is_nullable: bool) -> None:
        self.type = type_
        self.is_nullable = is_nullable
        self._compile = compile_shape
        self._shape: Shape | None = None

    @property
    def shape(self) -> Shape:
        """What is selected of them."""
        if self._shape is None:
            self._shape = self._compile(self.type)
        return self._shape

    def shape_of(self, type_: GraphQLObjectType) -> Shape:
        """The same, as abstract outputs have it."""
        return self.shape


class AbstractOutput:
    """Objects of an interface or union."""

    __slots__ = ("_compile", "_shapes", "details", "is_nullable", "schema", "type")

    def __init__(
        self,
        schema: GraphQLSchema,
        type_: GraphQLAbstractType,
        details: FieldDetailsList,
        compile_shape: CompileShape,
        *,
        is_nullable: bool,
    ) -> None:
        self.schema = schema
        self.type = type_
        self.details = details
        self.is_nullable = is_nullable
        self._compile = compile_shape
        self._shapes: dict[str, Shape] = {}

    def shape_of(self, type_: GraphQLObjectType) -> Shape:
        """What is selected of objects of this type."""
        known = self._shapes.get(type_.name)
        if known is None:
            known = self._shapes[type_.name] = self._compile(type_)
        return known


Output = LeafOutput | ListOutput | ObjectOutput | AbstractOutput


@dataclass(slots=True, eq=False)
class Step:
    """One field of a shape."""

    key: str
    order: int
    name: str
    nodes: list[FieldNode]
    field: GraphQLField
    parent_type: GraphQLObjectType
    output: Output
    is_nullable: bool
    resolution: Resolution
    constant_arguments: dict[str, Any] | None
    """Its arguments, where no variable is among them and no resolver can change them."""
    selection: Selection | None
    """What is requested of an upstream that takes a selection."""
    reader: ReadsReplies | None = None
    """Made with the first reply."""
    item_reader: ReadsReplies | None = None
    """The same for the items of a list that comes by a list of keys."""
    fragment_values: FragmentVariableValues | None = None
    """Those of the variables of the fragment that it is in."""
    is_introspective: bool = False
    """Whether its resolver is graphql-core's own, which needs nothing but the schema."""
    hides_suggestions: bool = False
    select: Callable[[VariableValues], Selection | None] | None = None
    """Finds `selection` of each request, where it depends on variables."""

    def coerce_arguments(self, variables: VariableValues) -> dict[str, Any]:
        """Its coerced arguments. Raises GraphQLError."""
        if self.constant_arguments is not None:
            return self.constant_arguments
        return get_argument_values(self.field, self.nodes[0], variables, self.fragment_values, self.hides_suggestions)


@dataclass(slots=True, eq=False)
class Shape:
    """The fields selected of one object type, in the order of the response."""

    steps: list[Step]
    make_rows: MakeRows
    """With a column of values for each step."""
    type: GraphQLObjectType
    deferral: Deferral | None = None
    """What is selected besides, for later parts."""
    batchability: Batchability | None = None
    """Found once."""
    record_shapes: dict[Kind, RecordShape] = field(default_factory=dict)
    """How it is read from projected records, by their class."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordShape:
    """A shape over records of one class, which hold most of the response as it is."""

    columns: Sequence[Step]
    """The steps whose values the records do not hold as they are in the response."""
    make_rows: MakeRows
    is_response: bool = False
    """Whether the records, written as JSON, are the response maps already."""


@dataclass(slots=True, eq=False)
class Deferral:
    """What of a shape comes later."""

    usages: Sequence[DeferUsage]
    """The uses of @defer that begin at its objects, outer ones first."""
    groups: Sequence[tuple[DeferUsageSet, Shape]]
    """Fields that come with the first of these uses that is delivered."""


def innermost(output: Output) -> Output:
    """What a field's lists are of, at any depth; the output itself where it is no list."""
    while isinstance(output, ListOutput):
        output = output.items
    return output


__all__ = [
    "AbstractOutput",
    "Batchability",
    "CompileShape",
    "Deferral",
    "LeafOutput",
    "ListOutput",
    "MakeRows",
    "ObjectOutput",
    "Output",
    "ReadsReplies",
    "RecordShape",
    "Row",
    "Shape",
    "Step",
    "StreamedList",
    "innermost",
]
