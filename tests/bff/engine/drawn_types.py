"""Types under construction: strawberry classes whose fields come from an upstream of a drawn schema."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import strawberry

from bff.authoring import FrontendSchema, frontend, take, via
from tests.bff.engine.rest_schema import draw_default


@dataclass
class DrawnType(ABC):
    """A strawberry class under construction; what it is upstream is up to subclasses."""

    name: str
    annotations: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    cls: Any = None

    @abstractmethod
    def add(self, name: str, kind: str, type_: Any, chance: random.Random) -> None:
        """A field of this upstream kind, in GraphQL of this type."""

    def add_leaves(
        self, chance: random.Random, kinds: Mapping[str, Sequence[Any]], types_of_others: Sequence[Any]
    ) -> None:
        """An id and some fields that hold no objects."""
        self.annotations["id"] = strawberry.ID
        for number in range(chance.randrange(3, 8)):
            kind = chance.choice(list(kinds))
            type_ = chance.choice(types_of_others) if chance.random() < 0.03 else chance.choice(kinds[kind])
            self.add(f"leaf_{self.name.lower()}{number}", kind, type_, chance)

    def place(self, name: str, way: int, chance: random.Random) -> None:
        """Where a field is upstream: under another name (0), deeper inside (1), or where its name says.

        Some have a default for what is absent or null there.
        """
        own = random.Random(hash(chance.getstate()))  # so that seeds of found faults draw what they drew
        default = draw_default(self.annotations[name], own) if own.random() < 0.25 else {}
        if way == 0:
            self.members[name] = take(f"other_{name}", **default)
        elif way == 1:
            self.members[name] = take(f"deep.{name}", **default)
        elif default:
            self.members[name] = strawberry.field(**default)

    def define(self, name: str, type_: Any, value: Any) -> None:
        """A field with its endpoint."""
        self.annotations[name], self.members[name] = type_, value

    def define_fetches(self, other: DrawnType, many: Any, group: Any, single: Any) -> None:
        """Fields that fetch objects of another type by the field `key`: in a batch, in groups and one by one."""
        name = other.name.lower()
        self.define(f"many_{name}", other.cls | None, via(many, id="key"))
        self.define(f"group_{name}", list[other.cls], via(group, id="key", default=[]))
        self.define(f"single_{name}", other.cls | None, via(single, id="key"))

    def close(self) -> None:
        """Make the class."""
        self.cls = make_class(self.name, self.annotations, self.members)


T = TypeVar("T", bound=DrawnType)


def make_class(name: str, annotations: dict[str, Any], members: dict[str, Any]) -> Any:
    """A strawberry type."""
    return strawberry.type(type(name, (), {"__annotations__": annotations, **members, "__module__": __name__}))


def draw_types(leaf: Callable[[str], T], nest: Callable[[T, list[T], list[T]], T]) -> list[T]:
    """Two types of leaves, one that holds them, one that holds that, and fetches. `nest` closes a type."""
    a, b = (nest(leaf(name), [], []) for name in "AB")
    c = nest(leaf("C"), [a, b], [])
    return [a, b, c, nest(leaf("D"), [a, c], [b, c])]


def draw_query(types: Sequence[DrawnType], root: Callable[[str, str], Any], nullable: str) -> FrontendSchema:
    """A schema whose root fields get each type in three ways; that of `nullable` may be null."""
    annotations, members = dict[str, Any](), dict[str, Any]()
    for each in types:
        for way in ("items", "first", "more.first"):
            type_ = list[each.cls] if way == "items" else each.cls
            name = f"{each.name.lower()}_{way.replace('.', '_')}"
            annotations[name] = type_ | None if way == nullable else type_
            members[name] = via(root(each.name, way))
    return frontend(query=make_class("Query", annotations, members))
