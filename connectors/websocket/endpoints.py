"""What product developers write about a websocket upstream: `ticker = websocket("ticker")`, then its messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Unpack

from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint, place_of_author, split_path
from connectors.errors import DefinitionError
from connectors.failure_rules import FailureOptions
from connectors.failures import check_missing, read_failure_options
from connectors.messages.keys import KeyCase
from connectors.messages.paths import PathOption, format_path
from connectors.messages.templates import Template
from connectors.streams.items_option import check_topic_case, read_items
from connectors.websocket.operations import Path, Request, Send, Subscribe

Message = Mapping[str, Any]
"""A message to send: names to values, templates (`"{sku}"`), and dicts and lists of these."""


def websocket(name: str) -> WebsocketUpstream:
    """The upstream of this name in bff.yaml."""
    return WebsocketUpstream(name)


class WebsocketUpstream:
    """Creates endpoints of the messages that an upstream understands. One socket serves all callers.

    So a message that signs in (`{"op": "login", "token": "{token}"}`) signs in all of them.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def subscribe(
        self,
        message: Message,
        *,
        topic: PathOption | None = None,
        unsubscribe: Message | None = None,
        matches: str | None = None,
        when: Mapping[Any, Any] | None = None,
        error: Mapping[Any, Any] | None = None,
        at: PathOption | None = None,
        items: bool | PathOption | None = None,
        topic_case: KeyCase = "exact",
        last: bool = False,
        socket: Literal["shared", "own"] = "shared",
    ) -> StreamEndpoint:
        """A stream: `message` starts it, and `unsubscribe` ends it when the last subscriber of that message has left.

        `topic` is the path in every message to the value that names its topic. It is compared with the parameter
        `matches`, or with the only parameter. Without `topic`, the message has no parameters and the stream is all
        messages. The topic is the only parameter, because messages for subscribers that differ in another one, such as
        a token, could not be routed. With `socket="own"`, each different message has a socket of its own, so that it
        may have any parameters and needs no topic; only subscribers with equal messages share it.

        `when` has constant fields of the stream's messages, such as `{"type": "tick"}`; `error` has those of the
        message, also of this topic, with which the stream ends with UpstreamFailed. With `last`, later subscribers get
        the newest message at once.

        `items` says where the events of a message are: True for a message that is an array of events, a path (`"data"`)
        for an array in it, False for an array that is one event. Without it, an array is many events where `topic`,
        `when`, `error` or `at` lead into objects, and one event otherwise. Fields that such an event lacks are those of
        the message.

        `topic_case` says how texts of the topic and of constant fields are compared: "exact", "insensitive" (`btc` is
        `BTC`) or "uuid". Raises DefinitionError when these do not fit together.
        """
        template = Template(message)
        topic_path = split_path(topic, "topic", lists=False)
        constants = {split_path(name, "when", lists=False): value for name, value in (when or {}).items()}
        failing = {split_path(name, "error", lists=False): value for name, value in error.items()} if error else None
        operation = Subscribe(
            upstream=self.name,
            name=f"subscribe {topic or _first_text(message)}",
            subscribe=template,
            unsubscribe=_create_template(template, "unsubscribe", unsubscribe),
            topic=topic_path,
            parameter=_find_topic_parameter(template, topic, matches, is_shared=socket == "shared"),
            when=constants,
            error=failing,
            items=read_items(items, topic_path, *constants, *(failing or ()), split_path(at, "at")),
            topic_case=check_topic_case(topic_case),
            last=last,
            has_own_socket=_check_socket(socket) == "own",
        )
        return StreamEndpoint(operation, template.parameters, at=at)

    def request(
        self,
        message: Message,
        *,
        id: PathOption = "id",  # noqa: A002 - the protocols' name for it
        cancel: Message | None = None,
        at: PathOption | None = None,
        each: int | None = None,
        safe: bool = True,
        missing: Literal["error", "null"] = "error",
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """A request and its answer, which has the same id at the path `id`; the connector creates the ids.

        `cancel` is sent, with the id, when the call ends before the answer comes. `each` allows the request for every
        item of a list, at most that many at once. `safe` says that the request has no effect, so that it may be
        repeated and shared. `error` finds failures in answers, `expose` and `fields` let frontends read parts of errors
        (connectors.failure_rules); with `missing="null"`, a failure with the code 404 or NOT_FOUND is the reply null.
        Raises DefinitionError when these do not fit together.
        """
        template = Template(message)
        for each_message in (message, cancel or {}):
            _check_room_for_id(each_message, split_path(id, "id", lists=False))
        operation = Request(
            upstream=self.name,
            name=f"request {_first_text(message)}".strip(),
            is_safe=safe,
            is_idempotent=safe,
            request=template,
            id=split_path(id, "id", lists=False),
            cancel=_create_template(template, "cancel", cancel),
            missing_is_null=check_missing(place_of_author(), missing),
            **read_failure_options(failures, at=at),
        )
        return Endpoint(operation, template.parameters, at=at, each=each)

    def send(self, message: Message | None = None) -> PublishEndpoint:
        """A message without an answer: what the endpoint is awaited with, or a template with `{message}`."""
        template = Template(message) if message is not None else None
        parameters = dict(template.parameters) if template is not None else {}
        parameters.pop("message", None)  # every PublishEndpoint is expect with it
        name = f"send {_first_text(message or {})}".strip()
        operation = Send(upstream=self.name, name=name, is_safe=False, is_idempotent=False, message=template)
        return PublishEndpoint(operation, parameters)


def _check_socket(socket: str) -> str:
    if socket not in ("shared", "own"):
        raise DefinitionError(f'{place_of_author()}: socket={socket!r} is not known; write "shared" or "own"')
    return socket


def _find_topic_parameter(template: Template, topic: PathOption | None, matches: str | None, *, is_shared: bool) -> str:
    """The parameter whose value is the topic; empty without a topic."""
    names = ", ".join(template.parameters) or "none"
    if topic is None:
        if (template.parameters and is_shared) or matches:
            raise DefinitionError(
                f"{place_of_author()}: the message has parameters ({names}) and no topic; "
                "write topic= with the path at which the upstream's messages repeat one, "
                'or socket="own" for a socket per different message'
            )
        return ""
    chosen = matches or (next(iter(template.parameters)) if len(template.parameters) == 1 else "")
    if chosen not in template.parameters:
        raise DefinitionError(
            f"{place_of_author()}: the topic is not one of the parameters ({names}); write matches= with one of them"
        )
    if not template.parameters[chosen]:
        raise DefinitionError(
            f"{place_of_author()}: the topic {{{chosen}?}} is optional, and a topic must be given; write {{{chosen}}}"
        )
    if is_shared and (others := [name for name in template.parameters if name != chosen]):
        raise DefinitionError(
            f"{place_of_author()}: subscribers whose messages differ in {{{others[0]}}} would receive each other's "
            f'stream, because messages are routed by {{{chosen}}} alone; write socket="own" for a socket per different '
            "message, or take the parameter out"
        )
    return chosen


def _create_template(template: Template, word: str, message: Message | None) -> Template | None:
    """The template of a later message, which has no other parameters than the first one."""
    if message is None:
        return None
    created = Template(message)
    if unknown := [name for name in created.parameters if name not in template.parameters]:
        raise DefinitionError(
            f"{place_of_author()}: {word}= has the parameter {{{unknown[0]}}}, which the message does not have; "
            "use the parameters of the message"
        )
    return created


def _check_room_for_id(message: Message, path: Path) -> None:
    inside: Any = message
    for step in path[:-1]:
        inside = inside.get(step, {})
        if not isinstance(inside, Mapping):
            raise DefinitionError(
                f'{place_of_author()}: id="{format_path(path)}" leads through "{step}", which is not an object; '
                "write a path through objects of the message"
            )


def _first_text(message: Message) -> str:
    """The name of a message in logs: its first text, as in `{"op": "buy"}`."""
    return next((value for value in message.values() if isinstance(value, str)), "")
