"""Manifests of trusted documents, as the tools of Apollo and of Relay write them. Read at start by documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bff.authoring import SchemaError

APOLLO = "apollo-persisted-query-manifest"


@dataclass(frozen=True, slots=True)
class TrustedDocument:
    """One document of a manifest."""

    id: str
    text: str
    name: str | None = None
    """The operation that is meant; None when the manifest does not say."""


def read_manifest(path: Path) -> Sequence[TrustedDocument]:
    """The documents of a file, of either shape. Raises SchemaError with all its mistakes."""
    data = _read_json(path)
    if isinstance(data, dict) and ("format" in data or "operations" in data):
        return _parse_apollo(data, path)
    if isinstance(data, dict):
        return _parse_relay(data, path)
    raise SchemaError([f"{path}: a manifest is a JSON object, in the format of Apollo ({APOLLO}) or of Relay"])


def _read_json(path: Path) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes())
    except FileNotFoundError as error:
        raise SchemaError(
            [f"there is no file {path}; `documents.manifest` is relative to the folder of bff.yaml"]
        ) from error
    except OSError as error:
        raise SchemaError([f"{path}: the file cannot be read: {error.strerror}"]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SchemaError([f"{path}: the file is not valid JSON: {error}"]) from error


def _parse_apollo(data: dict[str, Any], path: Path) -> Sequence[TrustedDocument]:
    """`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{id, name, type, body}]}`."""
    if data.get("format") != APOLLO or data.get("version") != 1 or not isinstance(data.get("operations"), list):
        raise SchemaError([f'{path}: expected "format": "{APOLLO}", "version": 1 and a list of "operations"'])
    found: dict[str, TrustedDocument] = {}
    problems: list[str] = []
    for index, each in enumerate(data["operations"]):
        match each:
            case {"id": str(key), "name": str(name), "body": str(body)}:
                if found.setdefault(key, TrustedDocument(key, body, name)).text != body:
                    problems.append(f'{path}: operation "{name}": another one has its id {key}')
            case _:
                problems.append(f'{path}: operation {index}: expected "id", "name" and "body", each a string')
    if problems:
        raise SchemaError(problems)
    return list(found.values())


def _parse_relay(data: dict[str, Any], path: Path) -> Sequence[TrustedDocument]:
    """`{"<id>": "<text>"}`."""
    not_text = [key for key, each in data.items() if not isinstance(each, str)]
    problems = [f'{path}: document "{key}": expected its text, a string' for key in not_text]
    if problems:
        raise SchemaError(problems)
    return [TrustedDocument(key, text) for key, text in data.items()]
