"""Paths of `take` with arguments for fields of a GraphQL upstream: `author.avatar(size: $size).url`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec
from graphql import FieldNode, GraphQLError, OperationDefinitionNode, parse, print_ast

from connectors.contract import FieldCall, FieldValue
from connectors.messages.paths import EACH

_TOKEN = re.compile(r'"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|\{\s*([_A-Za-z]\w*)\s*\??\s*\}|\$([_A-Za-z]\w*)\??|[\s\S]')
"""Strings, which stay as they are, `{name}`, `$name`, and any other character."""


@dataclass(frozen=True, slots=True)
class CallTemplate:
    """A field with arguments, some of which may be variables."""

    name: str
    parts: tuple[str, ...]
    """The arguments in GraphQL's syntax; every second part is the name of a variable."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of variables, each once."""
        return tuple(dict.fromkeys(self.parts[1::2]))

    def fill(self, values: Mapping[str, Any], types: Mapping[str, str]) -> tuple[str, FieldCall]:
        """The key of the value in the record, and the call. A variable without a value is left out.

        `values` are plain data; `types` the types of variables where the frontend has them.
        """
        filled = tuple(
            (name, FieldValue(values[name], _encode_identity(values[name]), types.get(name, "")))
            for name in self.variables
            if name in values
        )
        parts = [self.name, self.parts, [(name, value.identity) for name, value in filled]]
        digest = blake2b(msgspec.json.encode(parts), digest_size=6).hexdigest()
        return f"{self.name}_{digest}", FieldCall(self.name, self.parts, filled)


Step = str | CallTemplate


def has_arguments(path: str) -> bool:
    """Whether a path is one with arguments."""
    return "(" in path


def parse_steps(path: str) -> tuple[Step, ...]:
    """The steps of a path, which dots separate. Raises ValueError, written for the author."""
    steps: list[Step] = []
    for text in _split_steps(path):
        name = text.rstrip()
        lists = 0
        while name.endswith("[]"):
            name, lists = name[:-2].rstrip(), lists + 1
        steps += [_parse_step(path, name), *[EACH] * lists]
    return tuple(steps)


def _split_steps(path: str) -> Iterator[str]:
    """Split at the dots that are outside of arguments."""
    step, depth = "", 0
    for match in _TOKEN.finditer(path):
        text = match[0]
        depth += (text in "([{") - (text in ")]}") if len(text) == 1 else 0
        if text == "." and not depth:
            yield step.strip()
            step = ""
        else:
            name = match[1] or match[2]
            step += f"${name}" if name else text
    yield step.strip()


def _parse_step(path: str, text: str) -> Step:
    try:
        (operation,) = parse("{" + text + "}").definitions
    except (GraphQLError, ValueError) as error:
        reason = error.message if isinstance(error, GraphQLError) else str(error)
        raise ValueError(f"{text!r} in {path!r} is not a field in GraphQL's syntax: {reason}") from error
    assert isinstance(operation, OperationDefinitionNode)
    node = operation.selection_set.selections[0]
    is_single = len(operation.selection_set.selections) == 1
    if not is_single or not isinstance(node, FieldNode) or node.alias or node.directives or node.selection_set:
        raise ValueError(
            f"{text!r} in {path!r} must be one field, such as posts(first: $first), without alias, directive and "
            "selection; a dot leads to a field of its value"
        )
    if not node.arguments:
        return node.name.value
    return CallTemplate(node.name.value, _split_variables(", ".join(map(print_ast, node.arguments))))


def _encode_identity(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted", enc_hook=repr).decode()


def _split_variables(text: str) -> tuple[str, ...]:
    parts = [""]
    for match in _TOKEN.finditer(text):
        if match[2]:
            parts += [match[2], ""]
        else:
            parts[-1] += match[0]
    return tuple(parts)
