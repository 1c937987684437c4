"""Values of fields as JSON text, right ones and such as no upstream should send. Used by tests.bff.engine.rest_schema."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON


@strawberry.enum
class Color(Enum):
    """Its names are not its values."""

    RED = "red"
    DARK_GREEN = 7
    BLUE = "BLUE"


WRONG = [
    "null", "null", "null", '"text"', '"12"', '""', '" "', "0", "1", "-0", "3.0", "3.5", "2147483647", "2147483648",
    "-2147483649", "9007199254740993", "12345678901234567890123", "1e400", "-1e400", "1E5", "1e-7", "true", "false",
    '"true"', "[]", "{}", "[1, 2]", "[null]", '{"a": 1}', '[{"id": 1}]', '"\\u00e9\\ud83d\\ude00\\u2028\\u0000\\/"',
    '"2026-02-30"', '"RED"', '"red"', "7", '"NaN"', '"3.0"', '"9007199254740993"', "[[1], null]", '{"__typename": "E"}',
]  # fmt: skip
STRINGS = [
    '"text"',
    '""',
    '"é😀 \\"quoted\\" \\\\ \\n"',
    '"\\u00e9\\ud83d\\ude00"',
    '"a longer text, of more than sixteen"',
]
LEAVES: dict[Any, list[str]] = {
    str: STRINGS,
    int: ["0", "1", "2", "3", "-7", "2147483647", "-2147483648"],
    float: ["1.5", "2", "-0.0", "1e3", "0.1", "123456789.125"],
    bool: ["true", "false"],
    strawberry.ID: ['"a"', '"7"', "7", '"é"'],
    Color: ['"red"', "7", '"BLUE"', '"RED"', '"DARK_GREEN"'],
    datetime: ['"2026-11-21T10:00:00"', '"2026-11-21T10:00:00.5+02:00"', '"2026-11-21T10:00:00Z"'],
    date: ['"2026-11-21"'],
    Decimal: ['"1.10"', "1.5", "3"],
    UUID: ['"00000000-0000-0000-0000-00000000000a"'],
    JSON: ['{"any": [1, 2.5, null]}', "1", '"text"', "[[]]"],
}
DEFAULTS: dict[Any, Any] = {
    str: "default",
    int: 5,
    float: 2.5,
    bool: True,
    strawberry.ID: "d",
    Color: Color.BLUE,
    UUID: UUID(int=3),
}


@dataclass(frozen=True)
class Spec:
    """A type, and how its values are written."""

    type: Any
    good: Callable[[random.Random, int], str]

    def write(self, chance: random.Random, trouble: int) -> str:
        """JSON text of a value, or of a wrong one."""
        return chance.choice(WRONG) if chance.randrange(1000) < trouble else self.good(chance, trouble)


def leaf(type_: Any) -> Spec:
    return Spec(type_, lambda chance, trouble: chance.choice(LEAVES[type_]))


def maybe(spec: Spec) -> Spec:
    return Spec(
        spec.type | None, lambda chance, trouble: "null" if chance.random() < 0.1 else spec.good(chance, trouble)
    )


def listed(spec: Spec) -> Spec:
    def good(chance: random.Random, trouble: int) -> str:
        return "[" + ", ".join(spec.write(chance, trouble) for _ in range(chance.randrange(4))) + "]"

    return Spec(list[spec.type], good)  # type: ignore[name-defined]


def wrapped(spec: Spec, chance: random.Random) -> Spec:
    """The type, or lists of it, null allowed here and there."""
    ways: list[Callable[[Spec], Spec]] = [
        lambda each: each,
        lambda each: each,
        maybe,
        maybe,
        listed,
        lambda each: maybe(listed(maybe(each))),
        lambda each: listed(maybe(listed(each))),
    ]
    return chance.choice(ways)(spec)
