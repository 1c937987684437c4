"""The layers of the house as data: who may import whom, and that nobody imports in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
WINGS = ("bff", "connectors", "schemas", "demo")

LAYERS = (
    "bff.cli",
    "bff.testing",
    "bff.app",
    "bff.config",
    "bff.http",
    "bff.gateway",
    "bff.frontends",
    "bff.documents",
    "bff.policies.inbound",
    "bff.engine",
    "bff.authoring",
    "bff.loading",
    "bff.upstreams",
    "bff.policies.outbound",
    "bff.observability",
    "bff.validation",
    "bff.contract",
)
"""Imports go down only."""

ONLY = {
    "bff.http": {"bff.contract"},
    "bff.validation": {"bff.contract"},
    "bff.policies.outbound": set[str](),
    "bff.observability": set[str](),
    "bff.contract": set[str](),
}
"""Rooms that must not know even all that lies below them: the borders that matter most."""

WINGS_SEEN = {
    "bff": {"bff", "connectors"},
    "connectors": {"connectors"},
    "schemas": {"schemas", "bff.authoring", "connectors"},
    "demo": {"demo", "connectors.queue"},
}
"""What each wing may import of ours. The gateway loads schemas and the demo by name."""

CONNECTOR_KINDS = ("rest", "grpc", "soap", "graphql", "websocket", "queue")


class Import(NamedTuple):
    """One import statement of one of our modules."""

    module: str
    target: str
    place: str


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _files() -> dict[str, Path]:
    return {_name(file): file for wing in WINGS for file in sorted((ROOT / wing).rglob("*.py"))}


@cache
def _imports() -> tuple[Import, ...]:
    return tuple(each for name, file in _files().items() for each in _imports_of(name, file))


def _imports_of(name: str, file: Path) -> Iterator[Import]:
    for node in ast.walk(ast.parse(file.read_text())):
        place = f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{place} imports relatively; write the whole name"
            base = node.module or ""
            targets = [f"{base}.{each.name}" if f"{base}.{each.name}" in _files() else base for each in node.names]
        else:
            continue
        for target in targets:
            if target.partition(".")[0] in WINGS:
                yield Import(name, target, place)


def _within(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


def _room(module: str) -> int | None:
    return next((index for index, room in enumerate(LAYERS) if _within(module, room)), None)


def test_every_module_of_the_gateway_is_in_a_layer() -> None:
    """A new room must be given its place here."""
    homeless = [name for name in _files() if _within(name, "bff") and _room(name) is None]
    assert sorted(homeless) == ["bff", "bff.policies"]


def test_imports_go_down_only() -> None:
    """No room knows the rooms above it."""
    wrong = []
    for module, target, place in _imports():
        here, there = _room(module), _room(target)
        if here is not None and there is not None and there < here:
            wrong.append(f"{place} {LAYERS[here]} imports {target}, which lies above it")
    assert wrong == []


@pytest.mark.parametrize("room", ONLY)
def test_rooms_that_know_little(room: str) -> None:
    """HTTP knows GraphQL answers and no engine; policies know calls and no gateway."""
    allowed = {room, *ONLY[room]}
    wrong = [
        f"{place} {room} imports {target}"
        for module, target, place in _imports()
        if _within(module, room) and _within(target, "bff") and not any(_within(target, each) for each in allowed)
    ]
    assert wrong == []


@pytest.mark.parametrize("wing", WINGS)
def test_wings_see_only_what_they_may(wing: str) -> None:
    """Connectors know no gateway, the gateway no product, schemas only the authoring surface."""
    wrong = [
        f"{place} {wing} imports {target}"
        for module, target, place in _imports()
        if _within(module, wing) and not any(_within(target, seen) for seen in WINGS_SEEN[wing])
    ]
    assert wrong == []


def test_connectors_do_not_know_each_other() -> None:
    """What two of them need lies beside them, in none of them."""
    wrong = []
    for module, target, place in _imports():
        ours, theirs = (
            next((k for k in CONNECTOR_KINDS if _within(x, f"connectors.{k}")), None) for x in (module, target)
        )
        if ours and theirs and ours != theirs:
            wrong.append(f"{place} {ours} imports {target}")
    assert wrong == []


@pytest.mark.parametrize("kind", CONNECTOR_KINDS)
def test_connectors_have_the_same_files(kind: str) -> None:
    """Who knows one finds everything in the others."""
    assert {f"connectors.{kind}.{file}" for file in ("endpoints", "operations", "options", "connector")} <= set(
        _files()
    )


def test_no_module_imports_itself_through_others() -> None:
    """Circles make the order of imports matter."""
    known = _files()
    graph: dict[str, set[str]] = {}
    for module, target, _ in _imports():
        # `from package import name` reads the package's __init__, whose own imports count as the package's.
        if target in known and target != module:
            graph.setdefault(module, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("imports go in a circle: " + " <- ".join(error.args[1]))
