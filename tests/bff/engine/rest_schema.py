"""Draws strawberry schemas whose data comes from REST, and what that upstream sends: JSON as it should not be.

Records are written as text, so that they may hold what no JSON library would write: keys twice, 1e400, escapes. With
`trouble` in 1000 a value is another one than promised.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin

import strawberry
from strawberry.utils.str_converters import to_camel_case

from bff.authoring import FrontendSchema, argument, computed, frontend, take, via
from connectors import rest
from tests.bff.engine.rest_values import DEFAULTS, LEAVES, WRONG, Spec, leaf, maybe, wrapped

api = rest("api")


@dataclass
class Record:
    """A type of records under construction: its strawberry class and what its records hold."""

    name: str
    annotations: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    written: list[tuple[tuple[str, ...], Spec]] = field(default_factory=list)
    """The path of each value in a record."""
    cls: Any = None

    def add(self, name: str, spec: Spec, chance: random.Random) -> None:
        """A plain field: under its own name, under another, deeper inside, or with a default."""
        self.annotations[name] = spec.type
        way = chance.randrange(10)
        default = draw_default(spec.type, chance)
        if way == 0:
            self.members[name] = take(f"other_{name}")
        elif way == 1:
            self.members[name] = take(f"deep.{name}", default=None) if chance.random() < 0.5 else take(f"deep.{name}")
        elif way == 2:
            self.members[name] = take(f"rows.1.{name}")
        elif way == 3:
            self.members[name] = strawberry.field(default_factory=lambda: None)
        elif way == 4 and default:
            self.members[name] = strawberry.field(**default)
        elif way == 5:
            self.members[name] = take(f"deep.{name}", **default)
        path = {0: (f"other_{name}",), 1: ("deep", name), 2: ("rows", name), 5: ("deep", name)}.get(way)
        self.written.append((path or (chance.choice([name, to_camel_case(name)]),), spec))

    def made(self, *bases: type, make: Callable[[type], Any] = strawberry.type) -> Record:
        """With its class made."""
        cls = type(self.name, bases, {"__annotations__": self.annotations, **self.members, "__module__": __name__})
        self.cls = make(cls)
        return self

    def spec(self) -> Spec:
        return Spec(self.cls, lambda chance, trouble: self.text(chance, trouble))

    def text(self, chance: random.Random, trouble: int, **forced: str) -> str:
        """One record as JSON text, in any order, with what nobody asked for; some things twice, some not at all."""
        parts: list[tuple[str, str]] = [("__typename", f'"{self.name}"'), *forced.items()]
        inside: dict[str, list[str]] = {"deep": [], "rows": []}
        for path, spec in self.written:
            if path[0] in forced or (trouble and chance.random() < 0.03):
                continue
            if len(path) == 2:
                inside[path[0]].append(f'"{path[1]}": {spec.write(chance, trouble)}')
                continue
            parts.append((path[0], spec.write(chance, trouble)))
            if trouble and chance.random() < 0.03:
                parts.append((path[0], spec.write(chance, trouble)))
        deep, rows = ("{" + ", ".join(inside[name]) + "}" for name in ("deep", "rows"))
        if chance.randrange(1000) >= trouble:
            parts += [("deep", deep), ("rows", f"[null, {rows}]")]
        else:
            parts += [("deep", chance.choice(WRONG)), ("rows", chance.choice(["[]", "[1]", f"[{rows}]", "{}"]))]
        if trouble and chance.random() < 0.2:
            parts.append((chance.choice(["extra", "id2", "é"]), chance.choice([*WRONG, '{"a": [{"b": null}]}'])))
        chance.shuffle(parts)
        return "{" + ", ".join(f'"{name}": {value}' for name, value in parts) + "}"


def draw_default(type_: Any, chance: random.Random) -> dict[str, Any]:
    """What a field has instead of null and of what is absent; nothing where no value is at hand."""
    kinds = set(get_args(type_)) if isinstance(type_, UnionType) else {type_}
    kind = next(iter(kinds - {NoneType}))
    if get_origin(kind) is list:
        return {"default_factory": list}
    if kind is float and chance.random() < 0.5:
        return {"default": 3}
    return {"default": DEFAULTS[kind]} if kind in DEFAULTS else {}


@dataclass
class Drawn:
    """A schema, and the types that its upstream sends."""

    schema: FrontendSchema
    records: dict[str, Record]


def draw_schema(seed: int) -> Drawn:
    """Leaf types, an interface with two types, a union, types that nest them and fetch them."""
    chance = random.Random(seed)
    a, b = (_leaves(Record(name), chance).made() for name in "AB")
    face = _leaves(Record("Face"), chance).made(make=strawberry.interface)
    c, d = (_of_face(name, face, chance) for name in "CD")
    e = _nesting("E", [a, b], [a, b, c], face, chance)
    f = _nesting("F", [c, e], [b, d, e], face, chance)
    records = {each.name: each for each in (a, b, c, d, e, f)}
    pair = Annotated[a.cls | c.cls, strawberry.union("Pair")]
    records |= {"Face": _either(c, d), "Pair": _either(a, c)}
    query = Record("Query")
    for name, type_ in {**{each: records[each].cls for each in "ABCDEF"}, "Face": face.cls, "Pair": pair}.items():
        shapes = [list[type_], list[type_ | None] | None, type_ | None, type_, list[list[type_]]]
        for number, shape in enumerate(chance.sample(shapes, 2)):
            _root(query, f"{name.lower()}_{number}", name, shape, shapes.index(shape), chance)
    query.made()
    return Drawn(frontend(query=query.cls), records)


def _leaves(record: Record, chance: random.Random) -> Record:
    record.add("id", leaf(chance.choice([int, strawberry.ID])), random.Random(9))  # a plain one
    for number in range(chance.randrange(2, 6)):
        record.add(f"leaf_{record.name.lower()}{number}", wrapped(leaf(chance.choice(list(LEAVES))), chance), chance)
    return record


def _of_face(name: str, face: Record, chance: random.Random) -> Record:
    record = _leaves(Record(name), chance)
    record.written += [each for each in face.written if each[0] != ("id",)]
    record.annotations.pop("id")
    record.members.pop("id", None)
    return record.made(face.cls)


def _either(*records: Record) -> Record:
    made = Record("Either")
    made.text = lambda chance, trouble, **forced: chance.choice(records).text(chance, trouble, **forced)  # type: ignore[method-assign]
    return made


def _nesting(name: str, nested: list[Record], fetched: list[Record], face: Record, chance: random.Random) -> Record:
    record = _leaves(Record(name), chance)
    for each in nested:
        record.add(f"in_{each.name.lower()}", wrapped(each.spec(), chance), chance)
    record.add("key", maybe(leaf(int)), random.Random(9))
    record.annotations["hidden_key"] = strawberry.Private[Any]
    record.written.append(((chance.choice(["hidden_key", "hiddenKey"]),), leaf(int)))
    for number, each in enumerate(fetched):
        for kind in ("many", "group", "single"):
            named, key = f"{kind}_{each.name.lower()}", chance.choice(["key", "hidden_key"])
            record.members[named] = _via(kind, each, key, chance)
            one = each.cls | None if number else each.cls
            record.annotations[named] = list[each.cls] if kind == "group" else one
    for shown in ("key", "hidden_key"):
        record.members[f"show_{shown}"] = _method(shown)
    needs = f"many_{fetched[0].name.lower()}"
    record.members["sum_up"] = computed(needs=(needs, "key"))(_summary(needs))
    return record.made()


def _via(kind: str, record: Record, key: str, chance: random.Random) -> Any:
    options: dict[str, Any] = {"default": None} if chance.random() < 0.3 else {}
    if kind != "group" and chance.random() < 0.3:
        options = {"default": lambda: {"id": "77"}}
    if kind == "many":
        return via(api.get(many=f"/many/{record.name}?id={{id}}", key="id"), id=key, **options)
    if kind == "group":
        options = {"default": []} if options else {}
        return via(api.get(many=f"/group/{record.name}?id={{id}}", key="id", group=True), id=key, **options)
    endpoint = api.get(f"/single/{record.name}/{{id}}?first={{first}}", each=4)
    return via(endpoint, id=key, first=argument(int, 3), **options)


def _method(name: str) -> Any:
    def show(self: Any) -> str:
        return f"{name}: {getattr(self, name)!r}"

    return strawberry.field(resolver=show)


def _summary(name: str) -> Any:
    def sum_up(self: Any) -> str | None:
        value = getattr(self, name)
        return f"{self.key!r}: {value and value.id!r}"

    return sum_up


def _root(query: Record, name: str, record: str, shape: Any, index: int, chance: random.Random) -> None:
    endpoint = api.get(f"/root{index}/{record}")
    if chance.random() < 0.5:
        query.annotations[name] = shape
        query.members[name] = via(endpoint)
        return

    async def resolve() -> Any:
        return await endpoint()

    async def read() -> Any:
        return (await endpoint()).data

    chosen = chance.choice([resolve, read])
    chosen.__annotations__ = {"return": shape}
    query.members[name] = strawberry.field(resolver=chosen)
