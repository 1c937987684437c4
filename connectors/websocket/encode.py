"""Encode: the messages of one call as JSON text. Used by `connector`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Call
from connectors.errors import UpstreamRejected
from connectors.messages.json_text import encode_json
from connectors.messages.templates import Template
from connectors.websocket.operations import Path, Request, Send, Subscribe


def encode_subscription(operation: Subscribe, arguments: Mapping[str, Any]) -> tuple[bytes, bytes | None]:
    """The messages that start and end a subscription; None where nothing ends it."""
    subscribe = encode_json(operation, operation.subscribe.fill(arguments))
    if operation.unsubscribe is None:
        return subscribe, None
    return subscribe, encode_json(operation, operation.unsubscribe.fill(arguments))


def encode_with_id(operation: Request, template: Template, arguments: Mapping[str, Any], correlation_id: str) -> bytes:
    """The message of a template, holding the correlation id where the protocol has it."""
    message = template.fill(arguments)
    inside = message
    for step in operation.id[:-1]:
        inside = inside.setdefault(step, {})
    inside[operation.id[-1]] = correlation_id
    return encode_json(operation, message)


def encode_message(operation: Send, arguments: Mapping[str, Any]) -> bytes:
    """The message that is published: what the endpoint is expect with, or its template filled."""
    message = operation.message
    return encode_json(operation, arguments["message"] if message is None else message.fill(arguments))


def find_topic(call: Call, operation: Subscribe) -> Mapping[Path, Any]:
    """The value that the messages of this topic hold, by its path. Raises UpstreamRejected for the topic null."""
    if not operation.topic:
        return {}
    value = call.arguments.get(operation.parameter)
    if value is None:
        raise UpstreamRejected(
            operation, f'no subscription was sent: the topic "{operation.parameter}" is null or not given'
        )
    return {operation.topic: value}
