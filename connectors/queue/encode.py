"""Arguments of a call to a message for the broker. Used by the connector."""

from __future__ import annotations

from connectors.contract import Call
from connectors.messages.json_text import encode_json
from connectors.queue.brokers import Message
from connectors.queue.operations import Publish, RequestReply
from connectors.queue.operations_topic import fill_topic


def encode_request(call: Call, operation: RequestReply) -> Message:
    """Encode the message that asks for an answer: the template filled, or all arguments that are not in the topic.

    Raises UpstreamRejected for an argument that cannot be in a topic, DefinitionError for data that is no JSON.
    """
    arguments = call.arguments
    if operation.message is not None:
        data = operation.message.fill(arguments)
    else:
        data = {name: value for name, value in arguments.items() if name not in operation.topic.parameters}
    return Message(topic=fill_topic(call, operation.topic), body=encode_json(operation, data), headers=call.headers)


def encode_publication(call: Call, operation: Publish) -> Message:
    """Encode a message to publish: bytes as they are, other data as JSON. Raises as `encode_request`."""
    arguments = call.arguments
    data = arguments["message"]
    is_raw = isinstance(data, bytes)
    headers = arguments.get("headers") or {}
    return Message(
        topic=fill_topic(call, operation.topic),
        body=data if is_raw else encode_json(operation, data),
        content_type="application/octet-stream" if is_raw else "application/json",
        key=arguments.get("key"),
        headers={**call.headers, **{name.lower(): value for name, value in headers.items()}},
    )
