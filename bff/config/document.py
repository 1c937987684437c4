"""From the text of bff.yaml to plain Python that remembers where each value stood.

YAML 1.2's core schema is used: `no` and `12:30` are text and `010` is ten, as people expect. Duplicate keys, unknown
${VARIABLES}, tags of programs and aliases that expand without end are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from bff.config.problems import ConfigError, Problem

Path = tuple[str | int, ...]
MOST_BYTES, MOST_VALUES = 1_000_000, 100_000

_CORE = "tag:yaml.org,2002:"
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{")


class _CoreLoader(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML without its constructors, and with the implicit tags of YAML 1.2 (section 10.3.2) instead of 1.1."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)


for _tag, _pattern, _first in (
    ("null", r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]{1,1000}|0o[0-7]{1,1000}|0x[0-9a-fA-F]{1,1000}", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _CoreLoader.add_implicit_resolver(_CORE + _tag, re.compile(f"(?:{_pattern})$"), _first)


@dataclass(slots=True)
class Document:
    """The values of a file and the place of each."""

    file: str
    data: Any = None
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Line and column of each value, those of its key where it has one. They count from 1."""
    from_environment: set[Path] = field(default_factory=set)
    """Values with a variable in them: they may be secrets, so no message shows them."""
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: Path, message: str) -> Problem:
        """A mistake at a path, or at the nearest place above it."""
        near = path
        while near and near not in self.places:
            near = near[:-1]
        line, column = self.places.get(near, (1, 1))
        return Problem(self.file, line, column, ".".join(map(str, path)), message)


def read(text: str, file: str, environment: Mapping[str, str]) -> Document:
    """Parse, place and expand. Raises ConfigError for what is no YAML; other mistakes are in `problems`."""
    if len(text) > MOST_BYTES:
        raise ConfigError([Problem(file, 1, 1, "", f"the file has more than {MOST_BYTES} characters")])
    document = Document(file)
    root = _composed(text, file)
    if root is not None:
        document.data = _Build(document, environment).value(root, ())
    return document


def _composed(text: str, file: str) -> yaml.Node | None:
    try:
        return _CoreLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"this is not YAML: {error.problem or error.context}"
        if mark and text[mark.index - 1 : mark.index + 1] == "${":
            message = 'inside of {...} and [...] a variable must stand in quotes: "${NAME}"'
    except ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, error.position - before.rfind("\n"))
        message = f"this is not YAML: the character U+{ord(text[error.position]):04X} is not allowed"
    except RecursionError:
        place, message = (1, 1), "values are nested too deeply"
    raise ConfigError([Problem(file, *place, "", message)])


class _Build:
    """Turns nodes into values. Counts them, because a few aliases can stand for billions."""

    def __init__(self, document: Document, environment: Mapping[str, str]) -> None:
        self._document = document
        self._environment = environment
        self._values = 0
        self._inside: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        self._document.places.setdefault(path, place)
        self._values += 1
        if self._values > MOST_VALUES:
            raise ConfigError([Problem(self._document.file, *place, "", "aliases make this file too large")])
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._inside:
            raise ConfigError([Problem(self._document.file, *place, "", "this value contains itself by an alias")])
        self._inside.add(id(node))
        try:
            if node.tag not in (_CORE + "map", _CORE + "seq"):
                return self._refused_tag(node, path)
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            return [self.value(each, (*path, index)) for index, each in enumerate(node.value)]
        finally:
            self._inside.remove(id(node))

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<":
                message = "a key is one word here; merge keys (<<) and keys with parts are not understood"
                self._document.problems.append(Problem(self._document.file, *place, ".".join(map(str, path)), message))
                continue
            inner = (*path, key_node.value)
            if key_node.value in found:
                message = f"this key stands here twice, first in line {self._document.places[inner][0]}; remove one"
                self._document.problems.append(Problem(self._document.file, *place, ".".join(map(str, inner)), message))
                continue
            self._document.places[inner] = place
            found[key_node.value] = self.value(value_node, inner)
        return found

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        kind, text = node.tag.removeprefix(_CORE), node.value
        try:
            match kind:
                case "str":
                    return self._expanded(text, path)
                case "null":
                    return None
                case "bool":
                    return {"true": True, "false": False}[text.lower()]
                case "int":
                    return int(text, 0 if text[:2] in ("0o", "0x") else 10)
                case "float":
                    return float(text)
        except (KeyError, ValueError):
            self._document.problems.append(
                self._document.problem(path, f"this is not of the type {kind} that it claims")
            )
            return None
        return self._refused_tag(node, path)

    def _refused_tag(self, node: yaml.Node, path: Path) -> None:
        message = f"the tag {node.tag.replace(_CORE, '!!')} is not understood here; remove it"
        self._document.problems.append(self._document.problem(path, message))

    def _expanded(self, text: str, path: Path) -> str:
        """Replace ${NAME} and ${NAME:-default}; `$${` is a literal `${`. After parsing, so no value can inject YAML."""

        def replacement(match: re.Match[str]) -> str:
            name, default = match[1], match[2]
            if match[0] == "$${":
                return "${"
            if name is None:
                message = "a variable is written ${NAME} or ${NAME:-default}; for a plain ${ write $${"
                self._document.problems.append(self._document.problem(path, message))
                return ""
            self._document.from_environment.add(path)
            if value := self._environment.get(name):
                return value
            if default is not None:
                return str(default)
            message = f"the environment has no {name}, or an empty one; set it, or write ${{{name}:-default}}"
            self._document.problems.append(self._document.problem(path, message))
            return ""

        return _VARIABLE.sub(replacement, text)
