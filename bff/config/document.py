"""Parse the text of bff.yaml into plain Python values, and remember the line and column of each.

YAML 1.2's core schema is used: `no` and `12:30` are text and `010` is ten. Duplicate keys, unknown
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
MAX_SIZE, MAX_VALUES = 1_000_000, 100_000

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
    """The values of a file, and the place of each."""

    file: str
    data: Any = None
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Line and column of each value, or of its key if it has one. They count from 1."""
    from_environment: set[Path] = field(default_factory=set)
    """Values that contain a variable. They may be secrets, so no message shows them."""
    unset: dict[Path, list[str]] = field(default_factory=dict)
    """Values with a variable that is not set, and the variables."""
    has_placeholders: bool = False
    """Whether these have placeholders, instead of being mistakes."""
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: Path, message: str) -> Problem:
        """A mistake at a path, or at the nearest place above it."""
        near = path
        while near and near not in self.places:
            near = near[:-1]
        line, column = self.places.get(near, (1, 1))
        return Problem(self.file, line, column, ".".join(map(str, path)), message)


def parse_document(text: str, file: str, environment: Mapping[str, str], *, has_placeholders: bool = False) -> Document:
    """Parse the text and expand variables. Raises ConfigError when it is not YAML; other mistakes are in `problems`.

    With `has_placeholders`, variables that are not set are no mistakes.
    """
    if len(text) > MAX_SIZE:
        raise ConfigError([Problem(file, 1, 1, "", f"the file has more than {MAX_SIZE} characters")])
    document = Document(file, has_placeholders=has_placeholders)
    root = _compose(text, file)
    if root is not None:
        document.data = _Builder(document, environment).build(root, ())
    return document


def _compose(text: str, file: str) -> yaml.Node | None:
    try:
        return _CoreLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"this is not YAML: {error.problem or error.context}"
        if "alias" in message:  # the problem names it, and it may be a password that begins with *
            message = "this is not YAML: found an undefined alias; put text that begins with * in quotes"
        if mark and text[mark.index - 1 : mark.index + 1] == "${":
            message = 'inside {...} and [...] a variable must be quoted: "${NAME}"'
    except ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, error.position - before.rfind("\n"))
        message = f"this is not YAML: the character U+{ord(text[error.position]):04X} is not allowed"
    except RecursionError:
        place, message = (1, 1), "values are nested too deeply"
    raise ConfigError([Problem(file, *place, "", message)])


class _Builder:
    """Builds values from nodes. Counts them, because a few aliases can expand to billions."""

    def __init__(self, document: Document, environment: Mapping[str, str]) -> None:
        self._document = document
        self._environment = environment
        self._values = 0
        self._inside: set[int] = set()

    def build(self, node: yaml.Node, path: Path) -> Any:
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        self._document.places.setdefault(path, place)
        self._values += 1
        if self._values > MAX_VALUES:
            raise ConfigError([Problem(self._document.file, *place, "", "aliases expand to too many values")])
        if isinstance(node, yaml.ScalarNode):
            return self._build_scalar(node, path)
        if id(node) in self._inside:
            raise ConfigError([Problem(self._document.file, *place, "", "this value contains itself by an alias")])
        self._inside.add(id(node))
        try:
            if node.tag not in (_CORE + "map", _CORE + "seq"):
                return self._refuse_tag(node, path)
            if isinstance(node, yaml.MappingNode):
                return self._build_mapping(node, path)
            return [self.build(each, (*path, index)) for index, each in enumerate(node.value)]
        finally:
            self._inside.remove(id(node))

    def _build_mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<":
                message = "a key is plain text; merge keys (<<) and complex keys are not supported"
                self._document.problems.append(Problem(self._document.file, *place, ".".join(map(str, path)), message))
                continue
            inner = (*path, key_node.value)
            if key_node.value in found:
                message = f"this key is repeated; it is first in line {self._document.places[inner][0]}; remove one"
                self._document.problems.append(Problem(self._document.file, *place, ".".join(map(str, inner)), message))
                continue
            self._document.places[inner] = place
            found[key_node.value] = self.build(value_node, inner)
        return found

    def _build_scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        kind, text = node.tag.removeprefix(_CORE), node.value
        try:
            match kind:
                case "str":
                    return self._expand_variables(text, path)
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
                self._document.problem(path, f"this value does not have its declared type {kind}")
            )
            return None
        return self._refuse_tag(node, path)

    def _refuse_tag(self, node: yaml.Node, path: Path) -> None:
        tag = node.tag.replace(_CORE, "!!")
        message = f"the tag {tag} is not supported; remove it"
        if not tag.startswith("!!"):  # a tag of no standard may be a password that begins with !
            message = "tags are not supported; put text that begins with ! in quotes"
        self._document.problems.append(self._document.problem(path, message))

    def _expand_variables(self, text: str, path: Path) -> str:
        """Replace ${NAME} and ${NAME:-default}; `$${` is a literal `${`. After parsing, so no value can inject YAML."""

        def replacement(match: re.Match[str]) -> str:
            name, default = match[1], match[2]
            if match[0] == "$${":
                return "${"
            if name is None:
                message = "write a variable as ${NAME} or ${NAME:-default}, and a literal ${ as $${"
                self._document.problems.append(self._document.problem(path, message))
                return ""
            self._document.from_environment.add(path)
            if value := self._environment.get(name):
                return value
            if default is not None:
                return str(default)
            self._document.unset.setdefault(path, []).append(name)
            if self._document.has_placeholders:
                return f"placeholder-{name.lower().replace('_', '-')}"
            message = f"the environment variable {name} is not set or empty; set it, or write ${{{name}:-default}}"
            self._document.problems.append(self._document.problem(path, message))
            return ""

        return _VARIABLE.sub(replacement, text)
