"""docs/security.md says what the code does: its tests and options exist, and its defaults are those of the options."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "bff.schema.json").read_text())
NOT_IN_YAML = {"constraint(...)", "constraint(max_length=...)", 'subscribe(..., socket="own")'}
"""Options that stand in schemas, not in bff.yaml."""
CLAIMS = {
    "frontends.*.limits.max_depth": (15, "`max_depth: 15`"),
    "frontends.*.limits.max_cost": (10_000, "`max_cost: 10000`"),
    "frontends.*.limits.max_cpu": (1.0, "`max_cpu: 1s`"),
    "frontends.*.limits.max_string_length": (100_000, "100,000 characters"),
    "frontends.*.limits.max_list_size": (1_000, "1,000 items"),
    "frontends.*.connection_init.headers": (["authorization"], "only `authorization`"),
    "server.max_prepare_queue": (256, "256 wait"),
    "server.max_header_size": (65_536, "heads of 64 KiB"),
    "server.write_timeout": ("30s", "aborted after 30 s"),
    "server.max_unsent": (64_000_000, "64 MB unsent"),
    "server.max_requests": (1_000, "1,000 requests"),
    "server.max_connections": (10_000, "10,000 connections"),
    "server.uploads.max_bytes": (256_000_000, "256 MB held"),
    "server.websocket.max_message_size": (1_000_000, "1 MB each"),
    "server.websocket.max_init_size": (65_536, "64 KiB before `connection_init`"),
    "server.websocket.max_ratio": (100, "at most 100 times what arrived; 16 MB"),
    "server.websocket.max_buffered": (16_000_000, "16 MB over all websockets"),
    "server.websocket.max_per_address": (1_000, "1,000 websockets an address"),
    "server.subscriptions.max_streams_per_address": (100, "100 streams an address"),
    "server.grace_period": ("15s", "finished within 15 s"),
    "upstreams.*.max_depth": (100, "100 levels"),
    "upstreams.*.max_values": (1_000_000, "1,000,000 values"),
}
"""By option: its default, and the words of the table that say so."""


def _read_rows() -> list[list[str]]:
    text = (ROOT / "docs/security.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| threat |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


ROWS = _read_rows()


def _resolve(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a part of the JSON schema may be, behind its references and alternatives."""
    if "$ref" in schema:
        yield from _resolve(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")])
        return
    yield schema
    for kind in ("oneOf", "anyOf", "allOf"):
        for each in schema.get(kind, ()):
            yield from _resolve(each)


def _find(path: str) -> list[Mapping[str, Any]]:
    """The schemas of an option, of all kinds of upstreams that have it."""
    found: list[Mapping[str, Any]] = [SCHEMA]
    for step in path.split("."):
        parts = [part for each in found for part in _resolve(each)]
        if step == "*":
            found = [
                part["additionalProperties"] for part in parts if isinstance(part.get("additionalProperties"), dict)
            ]
        else:
            found = [part["properties"][step] for part in parts if step in part.get("properties", {})]
    return found


def _list_options(cell: str) -> Iterator[str]:
    """The paths of options that a cell names; one without a section is in that of the one before."""
    section = ""
    for name in re.findall(r"`([^`]+)`", cell):
        if name in NOT_IN_YAML:
            continue
        path = name.replace("<name>", "*")
        if path.split(".")[0] in SCHEMA["properties"]:
            section = path.rpartition(".")[0]
            yield path
        else:
            yield f"{section}.{path}"


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_the_options_of_a_threat_exist(row: list[str]) -> None:
    """By the names that bff.yaml has."""
    assert [path for path in _list_options(row[2]) if not _find(path)] == []


@pytest.mark.parametrize("path", CLAIMS)
def test_a_default_is_what_the_table_says(path: str) -> None:
    """The option's default, and the words in a row that names the option or its section."""
    value, words = CLAIMS[path]
    assert {json.dumps(each.get("default")) for each in _find(path)} == {json.dumps(value)}
    section = path.rpartition(".")[0]
    texts = [row[1] for row in ROWS if {path, section} & set(_list_options(row[2]))]
    assert any(words in text for text in texts), texts


def test_an_option_that_is_missing_is_found() -> None:
    """A name that no section has is no option."""
    assert not _find("server.max_unsend")
    assert not _find("upstreams.*.max_value")
    assert list(_list_options("`server.max_requests`, `max_unsent`")) == ["server.max_requests", "server.max_unsent"]
