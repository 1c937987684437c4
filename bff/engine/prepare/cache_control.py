"""How long an operation's answer may be kept: the least of what the schema says of its fields. Called once per plan."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_leaf_type,
    visit,
)

from bff.authoring.caching import CacheControl, CacheControlScope, hint_of
from bff.contract import Caching


def caching_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Caching | None:
    """The rule for a valid query; None when its answer may not be kept.

    All fragments of the document count, and fields that @skip or @include may leave out: too careful, never wrong.
    """
    if operation.operation is not OperationType.QUERY:
        return None
    types = TypeInfo(schema)
    least = _Least(schema, types)
    fragments = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
    for node in (operation, *fragments):
        visit(node, TypeInfoVisitor(types, least))
    if not least.max_age:
        return None
    return Caching(max_age=least.max_age, is_public=least.is_public)


class _Least(Visitor):
    """Goes over fields and remembers the least of all."""

    def __init__(self, schema: GraphQLSchema, types: TypeInfo) -> None:
        super().__init__()
        self._schema = schema
        self._types = types
        self.max_age: int | None = None
        self.is_public = True

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Count one field."""
        field, parent = self._types.get_field_def(), self._types.get_parent_type()
        if field is None or parent is None or node.name.value == "__typename":
            return
        hints = list(self._hints(node.name.value, field, parent))
        for hint in hints:
            self._count(hint.max_age, is_public=hint.scope is CacheControlScope.PUBLIC)
        is_plain = is_leaf_type(get_named_type(field.type)) and parent is not self._schema.query_type
        if not hints and not is_plain:
            self._count(0, is_public=False)

    def _count(self, max_age: int, *, is_public: bool) -> None:
        self.max_age = max_age if self.max_age is None else min(self.max_age, max_age)
        self.is_public = self.is_public and is_public

    def _hints(self, name: str, field: GraphQLField, parent: GraphQLNamedType) -> Iterator[CacheControl]:
        """Of the field, in every type that it may be read of, or else of the types of its values."""
        own = [hint_of(field)] + [hint_of(each.fields[name]) for each in self._possible(parent) if name in each.fields]
        if any(own):
            yield from filter(None, own)
            return
        type_ = get_named_type(field.type)
        yield from filter(None, [hint_of(type_), *(hint_of(each) for each in self._possible(type_))])

    def _possible(self, type_: GraphQLNamedType) -> tuple[GraphQLObjectType, ...]:
        """The concrete types behind an abstract one."""
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return tuple(self._schema.get_possible_types(type_))
        return ()
