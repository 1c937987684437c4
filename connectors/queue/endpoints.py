"""The authoring API of queues: `orders = queue("orders")`, then its topics as endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Unpack

from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint, place_of_author, split_path
from connectors.failure_rules import FailureOptions
from connectors.failures import check_missing, read_failure_options
from connectors.messages.paths import PathOption
from connectors.messages.templates import Template
from connectors.queue.operations import Publish, RequestReply, Subscribe
from connectors.queue.operations_topic import check_group, parse_topic
from connectors.streams.items_option import read_items


def queue(name: str) -> QueueUpstream:
    """Return the upstream of this name in bff.yaml, which names its broker."""
    return QueueUpstream(name)


class QueueUpstream:
    """Makes endpoints of a broker's topics.

    Topics are tokens joined by dots and may hold parameters, one token each: `orders.{region}.updates`. All methods
    raise DefinitionError for topics, templates and groups that cannot work.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def publish(self, topic: str) -> PublishEndpoint:
        """Publish messages: `await placed({"id": "o-1"}, key="o-1")`. Data is sent as JSON, bytes as they are."""
        template = parse_topic(topic)
        operation = Publish(
            upstream=self.name, name=f"publish {topic}", is_safe=False, is_idempotent=False, topic=template
        )
        return PublishEndpoint(operation, template.parameters)

    def subscribe(
        self,
        topic: str,
        *,
        where: Mapping[Any, Any] | None = None,
        group: str | None = None,
        at: PathOption | None = None,
        items: bool | PathOption | None = None,
    ) -> StreamEndpoint:
        """Receive the messages whose fields equal `where`: `where={"id": "{id}"}`, with paths as names.

        `*` in the topic stands for one token, a last `>` for all that follow. Every subscriber gets every message; the
        subscribers of this process share one subscription at the broker. With `group`, each message goes to one member
        of the group, over all processes. Reading the next message acknowledges the last one; a message that was not
        acknowledged, because its member left, goes to another. Messages that `where` leaves out are acknowledged, too.

        `items` says where the events of a message are: True for a message that is an array of events, a path (`"data"`)
        for an array in it, False for an array that is one event. Without it, an array is many events where `where` or
        `at` lead into objects, and one event otherwise.
        """
        address, fields = (
            parse_topic(topic, wildcards=True),
            {split_path(name, "where", lists=False): value for name, value in (where or {}).items()},
        )
        wanted = Template(fields)
        operation = Subscribe(
            upstream=self.name,
            name=f"subscribe {topic}",
            topic=address,
            where=wanted,
            group=check_group(group),
            items=read_items(items, *fields, split_path(at, "at")),
        )
        return StreamEndpoint(operation, {**address.parameters, **wanted.parameters}, at=at)

    def request(
        self,
        topic: str,
        message: Mapping[str, Any] | None = None,
        *,
        at: PathOption | None = None,
        each: int | None = None,
        safe: bool = True,
        missing: Literal["error", "null"] = "error",
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """Send a request and wait for its answer. Without `message`, all arguments that are not in the topic are sent.

        `each` allows it for every item of a list, at most so many at once. `safe`: the request has no side effect.
        With `missing="null"`, a failure with the code 404 or NOT_FOUND is the reply null.
        `error` finds failures in answers, `expose` and `fields` let frontends read parts of errors
        (connectors.failure_rules).
        """
        address = parse_topic(topic)
        template = Template(message) if message is not None else None
        operation = RequestReply(
            upstream=self.name,
            name=f"request {topic}",
            is_safe=safe,
            is_idempotent=safe,
            topic=address,
            message=template,
            missing_is_null=check_missing(f"{place_of_author()}: {topic}", missing),
            **read_failure_options(failures, at=at),
        )
        parameters = {**address.parameters, **template.parameters} if template is not None else None
        return Endpoint(operation, parameters, at=at, each=each)
