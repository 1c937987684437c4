"""What product developers write about a queue: `orders = queue("orders")`, then its topics as endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint
from connectors.messages.templates import Template
from connectors.queue.operations import Ask, Publish, Subscribe
from connectors.queue.operations_topic import group_name, topic_template


def queue(name: str) -> QueueUpstream:
    """The upstream of this name in bff.yaml, where its broker is."""
    return QueueUpstream(name)


class QueueUpstream:
    """Makes endpoints of a broker's topics.

    Topics are tokens joined by dots and may hold parameters, one token each: `orders.{region}.updates`. All methods
    raise DefinitionError for topics, templates and groups that cannot work.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def publish(self, topic: str) -> PublishEndpoint:
        """Messages out: `await placed({"id": "o-1"}, key="o-1")`. Data is sent as JSON, bytes as they are."""
        template = topic_template(topic)
        operation = Publish(
            upstream=self.name, name=f"publish {topic}", is_safe=False, is_idempotent=False, topic=template
        )
        return PublishEndpoint(operation, template.parameters)

    def subscribe(
        self, topic: str, *, where: Mapping[str, Any] | None = None, group: str | None = None, at: str | None = None
    ) -> StreamEndpoint:
        """Messages in, those whose fields equal `where`: `where={"id": "{id}"}`, with dotted paths as names.

        `*` in the topic stands for one token, a last `>` for all that follow. Every viewer gets every message; all of
        this process share one subscription at the broker. With `group`, each message goes to one member of the group,
        of all processes. Asking for the next message acknowledges the last; one that was not acknowledged, because the
        member left, goes to another. What a member's `where` leaves out is acknowledged, too.
        """
        address, wanted = topic_template(topic, wildcards=True), Template(dict(where or {}))
        operation = Subscribe(
            upstream=self.name, name=f"subscribe {topic}", topic=address, where=wanted, group=group_name(group)
        )
        return StreamEndpoint(operation, {**address.parameters, **wanted.parameters}, at=at)

    def request(
        self,
        topic: str,
        message: Mapping[str, Any] | None = None,
        *,
        at: str | None = None,
        each: int | None = None,
        safe: bool = True,
    ) -> Endpoint:
        """A question and its answer. Without `message`, all arguments that are not in the topic are the message.

        `each` allows it for every item of a list, at most that many at once. `safe` says that asking has no effect.
        """
        address = topic_template(topic)
        template = Template(message) if message is not None else None
        operation = Ask(
            upstream=self.name,
            name=f"request {topic}",
            is_safe=safe,
            is_idempotent=safe,
            topic=address,
            message=template,
        )
        parameters = {**address.parameters, **template.parameters} if template is not None else None
        return Endpoint(operation, parameters, at=at, each=each)
