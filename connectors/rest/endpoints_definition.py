"""Creates an Endpoint from what its author wrote: checks, templates, batching rule. Used by `endpoints`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.batching import Batching, check_at_least_one
from connectors.endpoint import Batch, Endpoint, place_of_author, split_path
from connectors.errors import DefinitionError
from connectors.failure_rules import FailureOptions
from connectors.failures import read_failure_options
from connectors.messages.paths import PathOption
from connectors.messages.templates import Parameters, Template
from connectors.rest.encode.body import create_body_template
from connectors.rest.encode.url import UrlTemplate
from connectors.rest.operations import RequestTemplate, RestOperation
from connectors.rest.paging import Pages
from connectors.rest.replies import ReplyFormat, ReplyOption, parse_reply_format

_BODIES = ("json", "form", "text", "file", "multipart")
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))  # RFC 9110 section 9.2.1
_IDEMPOTENT = _SAFE | {"PUT", "DELETE"}  # section 9.2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What the author wrote for one endpoint, of any method."""

    method: str
    path: str | None
    many: str | None = None
    batching: Batching = field(default_factory=Batching)
    at: PathOption | None = None
    each: int | None = None
    headers: Mapping[str, str] | None = None
    missing: Literal["error", "null"] = "error"
    pages: Pages | None = None
    reply: ReplyOption | None = None
    json: Any = None
    form: Mapping[str, Any] | None = None
    text: str | None = None
    file: str | None = None
    multipart: Mapping[str, Any] | None = None
    idempotency_key: str | None = None
    safe: bool = False
    idempotent: bool = False
    failures: FailureOptions = field(default_factory=FailureOptions)


def create_endpoint(upstream: str, definition: Definition) -> Endpoint:
    """Create the endpoint. Raises DefinitionError, which names the author's line, for options that cannot work."""
    _check_options(definition)
    one = None if definition.path is None else _create_template(definition, definition.path, None)
    many = _create_many_template(definition)
    batch = _create_batch(definition, one, many)
    return Endpoint(
        _create_operation(upstream, definition, one, many),
        _merge_parameters(one, many, batch),
        at=definition.at,
        many_at=definition.batching.many_at,
        batch=batch,
        has_single_form=one is not None,
        each=definition.each,
    )


def _create_operation(
    upstream: str, definition: Definition, one: RequestTemplate | None, many: RequestTemplate | None
) -> RestOperation:
    shown = one or many
    assert shown is not None
    is_repeatable = definition.safe or definition.idempotent or definition.idempotency_key is not None
    at = split_path(definition.at, "at")
    return RestOperation(
        upstream=upstream,
        name=f"{definition.method} {shown.url.path}",
        is_safe=definition.method in _SAFE or definition.safe,
        is_idempotent=definition.method in _IDEMPOTENT or is_repeatable,
        method=definition.method,
        one=one,
        many=many,
        missing_is_null=definition.missing == "null",
        pages=definition.pages,
        reply=_parse_reply(definition),
        items=at,
        **read_failure_options(definition.failures, at=definition.at, many_at=definition.batching.many_at),
        many_items=split_path(definition.batching.many_at, "many_at") or at,
    )


def _parse_reply(definition: Definition) -> ReplyFormat | None:
    try:
        return parse_reply_format(definition.reply)
    except ValueError as error:
        raise _definition_error(str(error)) from None


def _merge_parameters(
    one: RequestTemplate | None, many: RequestTemplate | None, batch: Batch | None
) -> dict[str, bool]:
    merged: dict[str, bool] = {}
    for template in (one, many):
        for name, is_required in template.parameters.items() if template else ():
            merged[name] = merged.get(name, False) or is_required
    if batch is not None:
        merged.update(dict.fromkeys(batch.names, True))
    return merged


def _create_template(definition: Definition, url: str, collected: Parameters | None) -> RequestTemplate:
    headers = dict(definition.headers or {})
    if definition.idempotency_key is not None:
        headers["idempotency-key"] = definition.idempotency_key
    return RequestTemplate(
        url=UrlTemplate(url, together=collected if isinstance(collected, tuple) else ()),
        headers=Template({name.lower(): value for name, value in headers.items()}),
        body=create_body_template({kind: getattr(definition, kind) for kind in _BODIES}, collected),
        collected=collected,
        has_headers=bool(headers),
    )


def _create_many_template(definition: Definition) -> RequestTemplate | None:
    if definition.many is None:
        return None
    names = _create_template(definition, definition.many, None).parameters
    return _create_template(definition, definition.many, definition.batching.choose_parameters(names))


def _create_batch(definition: Definition, one: RequestTemplate | None, many: RequestTemplate | None) -> Batch | None:
    if many is None or many.collected is None:
        return None
    batch = definition.batching.create_batch(many.collected)
    for name in batch.names:
        if one is not None and name not in one.parameters:
            raise _definition_error(
                f"many= collects {{{name}}}, which {definition.path} does not have; use the same name in both"
            )
    return batch


def _check_options(definition: Definition) -> None:
    """Raise DefinitionError for options that contradict each other."""
    if definition.path is None and definition.many is None:
        raise _definition_error("the path is missing; write one, or many=... when the upstream only answers lists")
    place = place_of_author()
    definition.batching.check(place, is_batch=definition.many is not None, holds_lists=True)
    check_at_least_one(place, each=definition.each)
    if definition.missing not in ("error", "null"):
        raise _definition_error(f'missing={definition.missing!r} is not an option; write "error" or "null"')


def _definition_error(what: str) -> DefinitionError:
    return DefinitionError(f"{place_of_author()}: {what}")
