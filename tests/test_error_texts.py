"""What errors and hints recommend exists: names of the package, flags of the commands, options of bff.yaml."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from bff.cli.main import COMMANDS, app
from bff.config import json_schema

ROOT = Path(__file__).parent.parent
_NO_NAMES = {"yaml", "schema", "sarif"}
"""`bff.yaml` and other files."""
_FOREIGN_FLAGS = {"include_imports", "descriptor_set_out", "proto_path", "no-audit", "no-fund"}
"""Flags of protoc and npm."""


def _texts() -> Iterator[tuple[str, str]]:
    """The string literals of the gateway and the connectors, without docstrings, and their places."""
    for wing in ("bff", "connectors"):
        for file in sorted((ROOT / wing).rglob("*.py")):
            tree = ast.parse(file.read_text())
            spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", node.value


TEXTS = [(place, text) for place, text in _texts() if " " in text]


def test_names_of_the_package_exist() -> None:
    """`bff.connect("bff.yaml")`."""
    wrong = []
    for place, text in TEXTS:
        for module, name in re.findall(r"\b(bff(?:\.[a-z_]+)*?)\.([a-z_]+)(?=\()", text):
            try:
                found = hasattr(import_module(module), name)
            except ImportError:
                found = False
            if not found:
                wrong.append(f"{place} {module}.{name}")
    assert wrong == []


def test_flags_exist() -> None:
    """Of any command."""
    known = set()
    for name in COMMANDS:
        arguments = app[name].assemble_argument_collection()
        known |= {flag for argument in arguments for flag in argument.names}
    wrong = [
        f"{place} {flag}"
        for place, text in TEXTS
        for flag in re.findall(r"(?<![\w-])--[a-z][a-z_-]+", text)
        if flag not in known and flag.removeprefix("--") not in _FOREIGN_FLAGS and "esbuild" not in text
    ]
    assert wrong == []


def test_commands_exist() -> None:
    """`bff check`."""
    wrong = [
        f"{place} {name}"
        for place, text in TEXTS
        for name in re.findall(r"`bff ([a-z-]+)", text)
        if name not in COMMANDS
    ]
    assert wrong == []


@pytest.mark.parametrize("section", ["server", "log"])
def test_options_of_bff_yaml_exist(section: str) -> None:
    """`server.max_connections`, at any depth."""
    schema = json_schema()
    wrong = [
        f"{place} {section}.{path}"
        for place, text in TEXTS
        for path in re.findall(rf"(?<![\w.]){section}\.([a-z_]+(?:\.[a-z_]+)*)", text)
        if not _has_option(schema, schema["properties"][section], path.split("."))
    ]
    assert wrong == []


def _has_option(schema: dict, part: dict, steps: list[str]) -> bool:
    while "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    if not steps:
        return True
    choices = [part, *part.get("anyOf", ()), *part.get("allOf", ()), *part.get("oneOf", ())]
    inside = [each["properties"][steps[0]] for each in choices if steps[0] in each.get("properties", {})]
    others = [each for each in choices if each is not part]
    return any(_has_option(schema, each, steps[1:]) for each in inside) or any(
        _has_option(schema, each, steps) for each in others
    )
