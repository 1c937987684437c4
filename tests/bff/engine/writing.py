"""Writes random valid operations over any schema: aliases, merged fields, fragments, directives, arguments, variables."""

from __future__ import annotations

import random
from collections import defaultdict
from functools import cache
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

SCALARS = {
    "Int": ["0", "1", "-7", "2147483647"],
    "Float": ["1", "2.5", "-1e3"],
    "Boolean": ["true", "false"],
    "ID": ['"a"', "7"],
    "String": ['"text"', '""', '"\\u00e9\\n\\"😀"', '"""block"""'],
}
CONDITIONS = ["", "", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: $no) @include(if: $yes)"]
VARIABLES = {"yes": True, "no": False}


@cache
def ambiguous(schema: GraphQLSchema) -> frozenset[str]:
    """Fields that have not the same type everywhere: two of them cannot share a name in a response."""
    types: dict[str, set[str]] = defaultdict(set)
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                types[name].add(str(field.type))
    return frozenset(name for name, found in types.items() if len(found) > 1)


class Writer:
    """Writes one operation; `variables` are the values it needs."""

    def __init__(self, schema: GraphQLSchema, seed: int, *, most: int = 40) -> None:
        """`most` fields or a few more."""
        self.schema = schema
        self.chance = random.Random(seed)
        self.variables: dict[str, Any] = dict(VARIABLES)
        self._left = most
        self._declared: dict[str, str] = {"yes": "Boolean!", "no": "Boolean! = false"}
        self._fragments: list[str] = []

    def document(self, *, mutations: float = 0.1) -> str:
        """The text of a query, or of a mutation with this probability."""
        is_mutation = self.schema.mutation_type is not None and self.chance.random() < mutations
        root = self.schema.mutation_type if is_mutation else self.schema.query_type
        assert root is not None
        body = self.selection(root, 5)
        text = "\n".join([body, *self._fragments])
        used = [f"${name}: {type_}" for name, type_ in self._declared.items() if f"${name}" in text]
        declared = f"({', '.join(used)})" if used else ""
        return f"{'mutation' if is_mutation else 'query'} {declared} {text}"

    def selection(self, type_: GraphQLNamedType, depth: int) -> str:
        """What is selected of objects of a type."""
        parts = ["__typename"] if self.chance.random() < 0.2 else []
        fields = {} if isinstance(type_, GraphQLUnionType) else type_.fields  # type: ignore[attr-defined]
        names = self.chance.choices(list(fields), k=self.chance.randrange(1, 7)) if fields else []
        parts += [self.field(type_, name, fields[name], depth) for name in names if name not in {"__schema", "__type"}]
        if depth > 0 and self._left > 0 and (is_abstract_type(type_) or self.chance.random() < 0.3):
            parts += [self.fragment(type_, depth - 1) for _ in range(self.chance.randrange(1, 4))]
        self.chance.shuffle(parts)
        return "{ " + " ".join(filter(None, parts) if any(parts) else ["__typename"]) + " }"

    def field(self, parent: GraphQLNamedType, name: str, field: GraphQLField, depth: int) -> str:
        """One field; nothing where it would go too deep."""
        named = get_named_type(field.type)
        if not is_leaf_type(named) and (depth <= 0 or self._left <= 0):
            return ""
        self._left -= 1
        given = ", ".join(
            f"{key}: {self.argument(argument.type, argument.default is not None)}"
            for key, argument in field.args.items()
            if is_required_argument(argument) or self.chance.random() < 0.3
        )
        given = f"({given})" if given else ""
        alias = ""
        if given or name in ambiguous(self.schema):  # what differs gets another name
            alias = f"{name}_{crc32(f'{given}{field.type}'.encode()):x}: "
        elif self.chance.random() < 0.2:
            alias = f"{self.chance.choice('abc')}_{name}: "
        inner = "" if is_leaf_type(named) else " " + self.selection(named, depth - 1)
        return f"{alias}{name}{given}{self.chance.choice(CONDITIONS)}{inner}"

    def fragment(self, type_: GraphQLNamedType, depth: int) -> str:
        """A fragment on the type, a type it may be or an interface it has; inline, or spread once or twice."""
        on = self.chance.choice(self.fitting(type_))
        condition = self.chance.choice(CONDITIONS)
        if self.chance.random() < 0.6:
            shown = "" if on is type_ and self.chance.random() < 0.5 else f" on {on.name}"
            return f"...{shown}{condition} {self.selection(on, depth)}"
        name = f"F{len(self._fragments)}"
        self._fragments.append("")
        self._fragments[int(name[1:])] = f"fragment {name} on {on.name} {self.selection(on, depth)}"
        return f"...{name}{condition}" + (f" ...{name}" if self.chance.random() < 0.2 else "")

    def fitting(self, type_: GraphQLNamedType) -> list[Any]:
        """Types that a fragment inside a selection on this one may be on."""
        found: list[Any] = [type_]
        possible = [type_] if isinstance(type_, GraphQLObjectType) else list(self.schema.get_possible_types(type_))  # type: ignore[arg-type]
        for each in self.chance.sample(possible, min(3, len(possible))):
            found += [each, *each.interfaces]
        return found

    def argument(self, type_: GraphQLType, has_default: bool) -> str:
        """A literal, or a variable; no variable stands twice."""
        if self.chance.random() < 0.25 and not (isinstance(type_, GraphQLNonNull) and has_default):
            name = f"v{len(self._declared)}"
            self._declared[name] = str(type_)
            if isinstance(type_, GraphQLNonNull) or self.chance.random() < 0.7:
                self.variables[name] = self.input(type_)
            elif self.chance.random() < 0.3:
                self._declared[name] = f"{type_} = {self.literal(type_)}"
            return f"${name}"
        return self.literal(type_)

    def literal(self, type_: GraphQLType, depth: int = 2) -> str:
        """A value of an input type as it stands in a document."""
        if not isinstance(type_, GraphQLNonNull) and self.chance.random() < 0.1:
            return "null"
        type_ = get_nullable_type(type_)  # type: ignore[type-var]
        if isinstance(type_, GraphQLList):
            if self.chance.random() < 0.1:
                return self.literal(GraphQLNonNull(get_nullable_type(type_.of_type)), depth)  # one stands for a list
            return "[" + ", ".join(self.literal(type_.of_type, depth) for _ in range(self.chance.randrange(3))) + "]"
        if isinstance(type_, GraphQLInputObjectType):
            fields = [f"{name}: {self.literal(each, depth - 1)}" for name, each in self._inputs(type_, depth)]
            return "{" + ", ".join(fields) + "}"
        if isinstance(type_, GraphQLEnumType):
            return self.chance.choice(list(type_.values))
        return self.chance.choice(SCALARS.get(type_.name, ['"custom"']))  # type: ignore[union-attr]

    def input(self, type_: GraphQLType, depth: int = 2) -> Any:
        """A value of an input type as it stands in variables."""
        if not isinstance(type_, GraphQLNonNull) and self.chance.random() < 0.1:
            return None
        type_ = get_nullable_type(type_)  # type: ignore[type-var]
        if isinstance(type_, GraphQLList):
            return [self.input(type_.of_type, depth) for _ in range(self.chance.randrange(3))]
        if isinstance(type_, GraphQLInputObjectType):
            return {name: self.input(each, depth - 1) for name, each in self._inputs(type_, depth)}
        if isinstance(type_, GraphQLEnumType):
            return self.chance.choice(list(type_.values))
        return {"Int": 5, "Float": 1.5, "Boolean": True, "ID": "x"}.get(type_.name, "given")  # type: ignore[union-attr]

    def _inputs(self, type_: GraphQLInputObjectType, depth: int) -> list[tuple[str, GraphQLType]]:
        """The fields that are given; of a oneOf exactly one, not null."""
        if type_.is_one_of:
            name, field = self.chance.choice(list(type_.fields.items()))
            return [(name, GraphQLNonNull(field.type))]  # type: ignore[arg-type]
        return [
            (name, field.type)
            for name, field in type_.fields.items()
            if is_required_input_field(field) or (depth > 0 and self.chance.random() < 0.4)
        ]
