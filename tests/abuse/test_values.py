"""Hostile values against a live gateway: long texts and lists, and texts that make patterns take exponential time.

CPU seconds that one request took on two cores, before constraints and maxima of single values, and with them:

    a text of 25 characters, `re.search("^(a+)+$", text)` in a resolver     1.2 s      0.00 s    `pattern`, linear time
    the same with 30 characters (each further one doubles it)               40 s       0.00 s    the same
    a text of 250,000 characters                                            accepted   0.00 s    max_string_length
    a list of 4,000 texts                                                   accepted   0.00 s    max_list_size
    one variable in 49 arguments, 10,000 characters each                   accepted   0.00 s    checked once
    a list of a million items, a text of 8 MB                               refused    0.00 s    max_body_size
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.abuse.live import Live, live_project, post
from tests.abuse.promises import cpu_seconds, promised

SLACK = 0.5
"""CPU seconds that the innocent client and the machine's other work may add to one request."""
SCHEMA = '''
"""A schema with constraints."""

from typing import Annotated

import strawberry

from bff.authoring import constraint, frontend

Slow = Annotated[str, constraint(pattern="^(a+)+$")]


@strawberry.input
class Item:
    text: Slow = "a"
    email: Annotated[str, constraint(format="email")] = "a@b.de"
    inner: list["Item"] | None = None


@strawberry.type
class Query:
    @strawberry.field
    def slow(self, text: Slow) -> int:
        return len(text)

    @strawberry.field
    def free(self, text: str = "", items: list[str] | None = None) -> int:
        return len(text)

    @strawberry.field
    def item(self, item: Item) -> int:
        return 1


schema = frontend(query=Query)
'''
CONFIG = """
frontends:
  web: {schema: constrained_schema, default: true}
log: {level: error}
"""
SLOW = "query ($t: String!) { slow(text: $t) }"
FREE = "query ($t: String, $i: [String!]) { free(text: $t, items: $i) }"
MANY = f"query ($t: String!) {{ {' '.join(f'a{n}: slow(text: $t)' for n in range(49))} }}"
ITEM = "query ($i: Item!) { item(item: $i) }"

ATTACKS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a text for an exponential pattern": (SLOW, {"t": "a" * 30 + "!"}, "BAD_USER_INPUT"),
    "a long one": (SLOW, {"t": "a" * 9_999 + "!"}, "BAD_USER_INPUT"),
    "one that is too long to be matched": (SLOW, {"t": "a" * 90_000}, "BAD_USER_INPUT"),
    "the same text in many arguments": (MANY, {"t": "a" * 9_999 + "!"}, "BAD_USER_INPUT"),
    "a text of 250,000 characters": (FREE, {"t": "x" * 250_000}, "BAD_USER_INPUT"),
    "a list of 4,000 texts": (FREE, {"i": ["x"] * 4_000}, "BAD_USER_INPUT"),
    "a list of a million items": (FREE, {"i": [0] * 1_000_000}, "BODY_TOO_LARGE"),
    "a text of 8 MB": (FREE, {"t": "x" * 8_000_000}, "BODY_TOO_LARGE"),
    "a thousand bad items": (ITEM, {"i": {"inner": [{"text": "b", "email": "x"}] * 1_000}}, "BAD_USER_INPUT"),
    "bad text in the document": (f'{{ slow(text: "{"a" * 9_999}!") }}', {}, "BAD_USER_INPUT"),
}


@pytest.fixture(scope="module")
def constrained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A gateway with constraints and the limits that it has by default, and the innocent."""
    folder: Path = tmp_path_factory.mktemp("constrained")
    (folder / "constrained_schema.py").write_text(SCHEMA)
    (folder / "bff.yaml").write_text(CONFIG)
    with live_project(folder) as made:
        yield made


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_values_are_refused_cheaply(constrained: Live, name: str) -> None:
    """With their code, before anything runs; the innocent hardly waits."""
    query, variables, code = ATTACKS[name]
    request = post(json.dumps({"query": query, "variables": variables}).encode())
    with promised(constrained, name):
        began = cpu_seconds(constrained.gateway.process.pid)
        answers = [constrained.ask(request) for _ in range(5)]
        took = (cpu_seconds(constrained.gateway.process.pid) - began) / len(answers)
        print(f"{name}: {len(request)} bytes, {took:.3f} s of CPU for each")
    for answer in answers:
        assert code.encode() in answer, answer[:500]
        assert len(answer) < 10_000
    assert took < SLACK
