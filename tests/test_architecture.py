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
    "bff.embedding",
    "bff.app",
    "bff.checks",
    "bff.config",
    "bff.http",
    "bff.gateway",
    "bff.policies.inbound",
    "bff.operation",
    "bff.frontends",
    "bff.documents",
    "bff.identity",
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
    "bff.http": {"bff.contract", "bff.observability"},
    "bff.validation": {"bff.contract"},
    "bff.policies.outbound": {"bff.observability"},
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

HTTP_ARROWS = {
    "door": {"transports", "graphiql", "guards", "responses", "response_room", "server", "options", "asgi"},
    "transports": {"guards", "requests", "responses", "security_headers", "options", "asgi", "extensions"},
    "graphiql": {"responses", "security_headers", "asgi"},
    "server": {"options", "asgi", "extensions", "guards"},  # guards: the syntax of hosts
    "guards": {"asgi"},
    "requests": {"options", "asgi"},
    "responses": {"options", "asgi"},
    "asgi": {"extensions", "response_room", "security_headers"},
    "response_room": set[str](),
    "security_headers": set[str](),
    "options": set[str](),
    "extensions": set[str](),
}
"""What each room and file of bff.http imports of the others: from the door down, and never back."""

GATEWAY_SEEN_BY = {"bff.http.door", "bff.http.graphiql.page", "bff.http.guards.cors", "bff.http.responses.health"} | {
    f"bff.http.transports.{each}" for each in ("transport", "websocket")
}
"""The modules of bff.http that may name the gateway's Protocol: a transport reaches it through what these hand out."""

CONNECTOR_ROLES = {
    "endpoints": "what authors write: the kind's function and its methods, checked, as Endpoints",
    "operations": "what the connector must know of one endpoint: the subclasses of Operation and their parts",
    "options": "what bff.yaml says of one upstream",
    "connector": "the class that keeps the contract: start, check, send, stream, publish, close; and `connect`",
    "session": "what holds a connection, channel, socket or client open, and opens it again",
    "schema": "what the upstream says of itself: SDL, descriptors, WSDL, OpenAPI; how it is fetched and read",
    "encode": "from the arguments of a call to what is sent",
    "decode": "from what arrives to plain Python, as a Reply or Event",
    "typed_decode": "from what arrives to the records of a form (connectors.forms)",
    "errors": "from failures of the protocol and its library to UpstreamErrors",
}
"""The roles of a connector's modules. A role is a file, files whose names start with it, or a room of its name."""

_EVERY_KIND = {"endpoints", "operations", "options", "connector"}
CONNECTOR_KINDS = {
    "rest": {*_EVERY_KIND, "paging", "replies", "schema", "encode", "decode", "typed_decode", "errors"},
    "grpc": {*_EVERY_KIND, "paging", "session", "schema", "encode", "decode", "typed_decode", "errors"},
    "soap": {*_EVERY_KIND, "schema", "encode", "decode", "typed_decode", "errors"},
    "graphql": {*_EVERY_KIND, "session", "schema", "encode", "decode", "typed_decode", "errors"},
    "websocket": {*_EVERY_KIND, "session", "encode", "errors"},
    "queue": {*_EVERY_KIND, "session", "brokers", "encode", "decode", "errors"},
}
"""Which kinds have which roles. Websocket decodes with connectors.messages, queue speaks through brokers, REST lists come in pages, and its
replies in formats."""

ENGINE_ROOMS = {
    "prepare": set[str](),
    "compile": set[str](),
    "execute": {"compile"},
    "incremental": {"compile", "execute"},
    "adapters": {"compile", "execute", "incremental"},
}
"""The rooms of the engine, and which of the others each may import: no two of them know each other.

`prepare` is handed what compiles a document, `execute` what defers and streams.
"""


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


def test_only_observability_knows_how_logs_are_written() -> None:
    """All else logs through `bff.observability.logger`, which hides secrets also in another application's log."""
    wrong = [
        name
        for name, file in _files().items()
        if _within(name, "bff") and not _within(name, "bff.observability") and "structlog" in file.read_text()
    ]
    assert wrong == []


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


def _engine_room(module: str) -> str | None:
    rest = module.removeprefix("bff.engine.").split(".")
    return rest[0] if module.startswith("bff.engine.") and (len(rest) > 1 or rest[0] in ENGINE_ROOMS) else None


def test_every_room_of_the_engine_has_its_arrows() -> None:
    """A new one must be given its place here."""
    assert {room for name in _files() if (room := _engine_room(name))} == set(ENGINE_ROOMS)


def test_rooms_of_the_engine_import_in_one_direction() -> None:
    """What a room calls and may not import is handed to it."""
    wrong = []
    for module, target, place in _imports():
        here, there = _engine_room(module), _engine_room(target)
        if here and there and here != there and there not in ENGINE_ROOMS[here]:
            wrong.append(f"{place} {here} imports {there}")
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


def _http_room(module: str) -> str:
    return module.split(".")[2]


def test_rooms_of_http_import_downwards() -> None:
    """The door, the transports, then what these are made of; an arrow that is not used any more leaves the data."""
    arrows: dict[str, set[str]] = {room: set() for room in HTTP_ARROWS}
    for module, target, _ in _imports():
        if _within(module, "bff.http") and _within(target, "bff.http"):
            here, there = _http_room(module), _http_room(target)
            if here != there:
                arrows.setdefault(here, set()).add(there)
    assert arrows == HTTP_ARROWS


def test_transports_reach_the_gateway_only_through_the_guards() -> None:
    """A transport that could call the gateway by itself could forget a guard."""
    named = {
        module
        for module, file in _files().items()
        if _within(module, "bff.http") and "AnswersRequests" in file.read_text()
    }
    assert named == GATEWAY_SEEN_BY


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
    """A reader who knows one connector finds everything in the others."""
    expected = {f"connectors.{kind}.{role}" for role in _EVERY_KIND}
    assert expected <= set(_files())


@pytest.mark.parametrize("kind", CONNECTOR_KINDS)
def test_modules_of_connectors_are_named_by_role(kind: str) -> None:
    """The name of a module says which role it has, and the table lists all roles of the kind."""
    prefix = f"connectors.{kind}."
    names = {name.removeprefix(prefix).partition(".")[0] for name in _files() if name.startswith(prefix)}
    roles = {name: _role(name) for name in names}
    assert sorted(name for name, role in roles.items() if role is None) == []
    assert set(roles.values()) == CONNECTOR_KINDS[kind]


def _role(name: str) -> str | None:
    known = (*CONNECTOR_ROLES, "brokers", "paging", "replies")
    return next((role for role in known if name == role or name.startswith(f"{role}_")), None)


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
