"""What product developers write about a websocket upstream: `ticker = websocket("ticker")`, then its messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint, place_of_author
from connectors.errors import DefinitionError
from connectors.messages.templates import Template
from connectors.websocket.operations import Ask, Path, Tell, Watch

Message = Mapping[str, Any]
"""A message to send: names to values, templates (`"{sku}"`), and dicts and lists of these."""


def websocket(name: str) -> WebsocketUpstream:
    """The upstream of this name in bff.yaml."""
    return WebsocketUpstream(name)


class WebsocketUpstream:
    """Makes endpoints of the messages an upstream understands. One socket serves all viewers."""

    def __init__(self, name: str) -> None:
        self.name = name

    def subscribe(
        self,
        message: Message,
        *,
        topic: str | None = None,
        unsubscribe: Message | None = None,
        matches: str | None = None,
        when: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
        at: str | None = None,
        last: bool = False,
    ) -> StreamEndpoint:
        """A stream that `message` starts and `unsubscribe` ends, when the last viewer of that message has left.

        `topic` is the path in every message to the value that tells whose it is; it is compared with the parameter
        named by `matches`, or the only one there is. Without `topic`, the message has no parameters and all is meant.
        `when` has constant fields of the messages meant, such as `{"type": "tick"}`; `error` has those of the message
        that ends the stream with UpstreamFailed and names the topic too. `last` shows the newest message at once to
        viewers who come later. Raises DefinitionError when these do not fit together.
        """
        template = Template(message)
        operation = Watch(
            upstream=self.name,
            name=f"watch {topic or _first_text(message)}",
            subscribe=template,
            unsubscribe=_optional(template, "unsubscribe", unsubscribe),
            topic=_path(topic),
            parameter=_topic_parameter(template, topic, matches),
            when={_path(name): value for name, value in (when or {}).items()},
            error={_path(name): value for name, value in error.items()} if error else None,
            last=last,
        )
        return StreamEndpoint(operation, template.parameters, at=at)

    def request(
        self,
        message: Message,
        *,
        id: str = "id",  # noqa: A002 - what protocols call it
        cancel: Message | None = None,
        error: str | None = None,
        at: str | None = None,
        each: int | None = None,
        safe: bool = True,
    ) -> Endpoint:
        """A question and its answer, which carries the same id at the path `id`; the connector makes the ids up.

        `cancel` is sent, with the id, when nobody waits any more. `error` is the path to what only failures have.
        `each` allows it for every item of a list, at most that many at once. `safe` says that asking has no effect.
        Raises DefinitionError when these do not fit together.
        """
        template = Template(message)
        for each_message in (message, cancel or {}):
            _check_room_for_id(each_message, _path(id))
        operation = Ask(
            upstream=self.name,
            name=f"ask {_first_text(message)}".strip(),
            is_safe=safe,
            is_idempotent=safe,
            request=template,
            id=_path(id),
            cancel=_optional(template, "cancel", cancel),
            error=_path(error),
        )
        return Endpoint(operation, template.parameters, at=at, each=each)

    def send(self, message: Message | None = None) -> PublishEndpoint:
        """A message that is not answered: what the endpoint is awaited with, or a template with `{message}`."""
        template = Template(message) if message is not None else None
        parameters = dict(template.parameters) if template is not None else {}
        parameters.pop("message", None)  # every PublishEndpoint is awaited with it
        name = f"send {_first_text(message or {})}".strip()
        operation = Tell(upstream=self.name, name=name, is_safe=False, is_idempotent=False, message=template)
        return PublishEndpoint(operation, parameters)


def _topic_parameter(template: Template, topic: str | None, matches: str | None) -> str:
    """The parameter whose value is the topic; none when there is no topic."""
    names = ", ".join(template.parameters) or "none"
    if topic is None:
        if template.parameters or matches:
            raise DefinitionError(
                f"{place_of_author()}: say with topic= where in its messages the upstream repeats a parameter; "
                f"the message has {names}"
            )
        return ""
    chosen = matches or (next(iter(template.parameters)) if len(template.parameters) == 1 else "")
    if chosen not in template.parameters:
        raise DefinitionError(f"{place_of_author()}: say with matches= which parameter is the topic; there is {names}")
    if not template.parameters[chosen]:
        raise DefinitionError(f"{place_of_author()}: the topic {{{chosen}?}} cannot be left out; write {{{chosen}}}")
    return chosen


def _optional(template: Template, word: str, message: Message | None) -> Template | None:
    """The template of a later message, which can only know what the first one was given."""
    if message is None:
        return None
    later = Template(message)
    if unknown := [name for name in later.parameters if name not in template.parameters]:
        raise DefinitionError(f"{place_of_author()}: {word}= has {{{unknown[0]}}}, which the message has not")
    return later


def _check_room_for_id(message: Message, path: Path) -> None:
    inside: Any = message
    for step in path[:-1]:
        inside = inside.get(step, {})
        if not isinstance(inside, Mapping):
            raise DefinitionError(f'{place_of_author()}: "{step}" of id="{".".join(path)}" is no object of the message')


def _path(text: str | None) -> Path:
    return tuple(text.split(".")) if text else ()


def _first_text(message: Message) -> str:
    """What a message is called by people: its first text, as in `{"op": "buy"}`."""
    return next((value for value in message.values() if isinstance(value, str)), "")
