"""The file of an OpenAPI or Swagger description: read from JSON or YAML, within bounds, and its local references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import yaml

from connectors.errors import DefinitionError

_MAX_BYTES = 64_000_000
_MAX_DEPTH = 200
_MAX_MERGED = 1_000_000
"""Entries that the merge keys (`<<`) of one file may copy."""
_MAX_REFERENCES = 20
"""References in a row, each to the next."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document:
    """One description. What is read of it is looked up when needed, because schemas may contain themselves."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """`data` has the key `openapi` or `swagger`, and `paths`."""
        self.data = data
        self.is_swagger = "swagger" in data
        """Whether it is of version 2.0, whose bodies are parameters."""

    def resolve(self, node: Any) -> Any:
        """What a node is after its references. None where nothing is known of it, as of references to other files."""
        for _ in range(_MAX_REFERENCES):
            if not isinstance(node, Mapping) or not isinstance(node.get("$ref"), str):
                return node
            node = self._find(node["$ref"])
        return None

    def _find(self, reference: str) -> Any:
        if reference == "#":
            return self.data
        if not reference.startswith("#/"):
            return None
        node: Any = self.data
        for step in unquote(reference[2:]).split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, Mapping):
                node = node.get(name)
            elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
                node = node[int(name)]
            else:
                return None
        return node


def get_mapping(node: Any, name: str) -> Mapping[str, Any]:
    """A mapping in a node, empty where there is none."""
    value = node.get(name) if isinstance(node, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def get_list(node: Any, name: str) -> list[Any]:
    """A list in a node, empty where there is none."""
    value = node.get(name) if isinstance(node, Mapping) else None
    return value if isinstance(value, list) else []


def is_true(value: Any) -> bool:
    """Whether a value is true; YAML is read without types."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def read_document(upstream: str, path: Path) -> Document:
    """Read the file. Raises DefinitionError for one that is no description, OSError for one that cannot be read."""
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise _file_error(upstream, path, f"has more than {_MAX_BYTES // 1_000_000} MB")
    try:
        data = _parse(content.decode("utf-8-sig"))
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise _file_error(upstream, path, f"is neither JSON nor YAML that can be read: {reason}") from None
    version = str(data.get("openapi") or data.get("swagger") or "") if isinstance(data, Mapping) else ""
    if not version.startswith(("3.", "2.0")):
        found = f"its version is {version[:20]}" if version else "it has neither openapi: nor swagger:"
        raise _file_error(upstream, path, f"is no description of OpenAPI 3 or Swagger 2.0: {found}")
    if not isinstance(data.get("paths"), Mapping):
        raise _file_error(upstream, path, "has no paths: with endpoints to compare with")
    return Document(data)


def _file_error(upstream: str, path: Path, problem: str) -> DefinitionError:
    return DefinitionError(f"{upstream}: {path} {problem}; openapi: names a file of OpenAPI 3.0, 3.1 or Swagger 2.0")


def _parse(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return _read_yaml(text)
    data = msgspec.json.decode(text.encode())
    _check_depth(data)
    return data


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(_MAX_DEPTH):
        level = [inner for each in level for inner in _list_inside(each)]
        if not level:
            return
    raise ValueError(f"it is nested in more than {_MAX_DEPTH} levels")


def _list_inside(value: Any) -> Iterator[Any]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (each for each in inside if isinstance(each, dict | list))


def _read_yaml(text: str) -> Any:
    """The first document of a text; every scalar is a text, because `on:` and `200:` are names here.

    Made of events, since the composers of PyYAML overflow the stack for deep nesting.
    """
    builder = _Builder()
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.DocumentEndEvent):
            return builder.root
        builder.take(event)
    return None


class _Builder:
    """Builds data of YAML's events. Aliases share what they name, so that they cost nothing."""

    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[dict[str, Any] | list[Any]] = []
        self._keys: list[str | None] = []
        """Of each open mapping the name that waits for its value."""
        self._anchors: dict[str, Any] = {}
        self._merged = 0

    def take(self, event: yaml.Event) -> None:
        """Raises ValueError for what a description cannot hold."""
        if isinstance(event, yaml.ScalarEvent):
            self._add(event.value, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise ValueError(f"there is no anchor {event.anchor}")
            self._add(self._anchors[event.anchor], None)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(self._open) >= _MAX_DEPTH:
                raise ValueError(f"it is nested in more than {_MAX_DEPTH} levels")
            value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._add(value, event.anchor)
            self._open.append(value)
            self._keys.append(None)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._merge(self._open.pop())
            self._keys.pop()

    def _add(self, value: Any, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = value
        if not self._open:
            self.root = value
            return
        container, key = self._open[-1], self._keys[-1]
        if isinstance(container, list):
            container.append(value)
        elif key is None:
            if not isinstance(value, str):
                raise ValueError("a name is a list or mapping")  # noqa: TRY004 - of the file, not of our types
            self._keys[-1] = value
        else:
            self._keys[-1] = None
            container[key] = value

    def _merge(self, container: Any) -> None:
        """Copy what a merge key names, where the mapping has no entry of its own."""
        merged = container.pop("<<", None) if isinstance(container, dict) else None
        for each in merged if isinstance(merged, list) else [merged]:
            if not isinstance(each, dict) or each is container:
                continue
            self._merged += len(each)
            if self._merged > _MAX_MERGED:
                raise ValueError(f"its merge keys copy more than {_MAX_MERGED} entries")
            for name, value in each.items():
                container.setdefault(name, value)
