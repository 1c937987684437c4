"""Topics: tokens joined by dots, as `orders.eu.placed`. Checked when they are defined and when they are filled.

A value that contains a dot or a wildcard would name topics that the author did not mean, and a space or a line break
would change the broker's protocol, so such values are refused.
"""

from __future__ import annotations

import re

from connectors.contract import Call
from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError, UpstreamRejected
from connectors.messages.templates import Template, text_of

_TOKEN = re.compile(r"[^\s.*>\x00-\x1f\x7f]+")
_GROUP = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLACE = re.compile(r"\{[^{}]*\}")


def parse_topic(topic: str, *, wildcards: bool = False) -> Template:
    """Parse a topic as a template. `wildcards` allows `*` and a last `>`. Raises DefinitionError for a wrong topic."""
    template = Template(topic)
    for name, is_required in template.parameters.items():
        if not is_required:
            raise DefinitionError(f"{place_of_author()}: {{{name}?}} of a topic cannot be left out; write {{{name}}}")
    tokens = _PLACE.sub("x", topic).split(".")
    for index, token in enumerate(tokens):
        is_wildcard = wildcards and (token == "*" or (token == ">" and index == len(tokens) - 1))  # noqa: S105
        if not is_wildcard and not _TOKEN.fullmatch(token):
            allowed = "a token, * or a last >" if wildcards else "a token"
            raise DefinitionError(f'{place_of_author()}: "{token}" in the topic "{topic}" is not {allowed}')
    return template


def check_group(group: str | None) -> str | None:
    """Check the name of a group. Raises DefinitionError for a name that not every broker accepts."""
    if group is not None and not _GROUP.fullmatch(group):
        raise DefinitionError(f'{place_of_author()}: the group "{group}" is not made of letters, digits, "-" and "_"')
    return group


def fill_topic(call: Call, template: Template) -> str:
    """Fill the topic of a call. Raises UpstreamRejected for an argument that cannot be one token of a topic."""
    for name in template.parameters:
        value = call.arguments.get(name)  # absent where it was not given
        if value is None or not _TOKEN.fullmatch(text_of(value)):
            raise UpstreamRejected(call.operation, f'nothing was sent, the argument "{name}" cannot be in a topic')
    return str(template.fill(call.arguments))
