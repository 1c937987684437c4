"""From what an author wrote to an Endpoint: checks, forms, parameters and the batching rule. Used by `endpoints`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors.endpoint import Batch, Endpoint, place_of_author
from connectors.errors import DefinitionError
from connectors.messages.templates import Template, batched_parameter
from connectors.rest.encode.body import body_of
from connectors.rest.encode.url import UrlTemplate
from connectors.rest.operations import Form, RestOperation
from connectors.rest.operations_paging import Pages

_BODIES = ("json", "form", "text", "file", "multipart")
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))  # RFC 9110 section 9.2.1
_IDEMPOTENT = _SAFE | {"PUT", "DELETE"}  # section 9.2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the author wrote for one endpoint; the same for all methods."""

    method: str
    path: str | None
    many: str | None = None
    key: str | None = None
    group: bool = False
    batch: str | None = None
    limit: int = 100
    at: str | None = None
    many_at: str | None = None
    each: int | None = None
    headers: Mapping[str, str] | None = None
    missing: Literal["error", "null"] = "error"
    pages: Pages | None = None
    json: Any = None
    form: Mapping[str, Any] | None = None
    text: str | None = None
    file: str | None = None
    multipart: Mapping[str, Any] | None = None
    idempotency_key: str | None = None
    safe: bool = False
    idempotent: bool = False


def endpoint_of(upstream: str, written: Written) -> Endpoint:
    """The endpoint. Raises DefinitionError, naming the author's line, for what cannot work."""
    _check(written)
    one = None if written.path is None else _form(written, written.path, None)
    many = _many_form(written)
    batch = _batch(written, one, many)
    return Endpoint(
        _operation(upstream, written, one, many),
        _parameters(one, many, batch),
        at=written.at,
        many_at=written.many_at,
        batch=batch,
        has_single_form=one is not None,
        each=written.each,
    )


def _operation(upstream: str, written: Written, one: Form | None, many: Form | None) -> RestOperation:
    shown = one or many
    assert shown is not None
    is_repeatable = written.safe or written.idempotent or written.idempotency_key is not None
    at = _path(written.at)
    return RestOperation(
        upstream=upstream,
        name=f"{written.method} {shown.url.path}",
        is_safe=written.method in _SAFE or written.safe,
        is_idempotent=written.method in _IDEMPOTENT or is_repeatable,
        method=written.method,
        one=one,
        many=many,
        missing_is_null=written.missing == "null",
        pages=written.pages,
        items=at,
        many_items=_path(written.many_at) or at,
    )


def _parameters(one: Form | None, many: Form | None, batch: Batch | None) -> dict[str, bool]:
    merged: dict[str, bool] = {}
    for form in (one, many):
        for name, is_required in form.parameters.items() if form else ():
            merged[name] = merged.get(name, False) or is_required
    if batch is not None:
        merged[batch.parameter] = True
    return merged


def _form(written: Written, url: str, parameter: str | None) -> Form:
    headers = dict(written.headers or {})
    if written.idempotency_key is not None:
        headers["idempotency-key"] = written.idempotency_key
    return Form(
        url=UrlTemplate(url),
        headers=Template({name.lower(): value for name, value in headers.items()}),
        body=body_of({kind: getattr(written, kind) for kind in _BODIES}, parameter),
        parameter=parameter,
        has_headers=bool(headers),
    )


def _many_form(written: Written) -> Form | None:
    if written.many is None:
        return None
    names = _form(written, written.many, None).parameters
    own_key = written.key if written.key in names else None
    return _form(written, written.many, batched_parameter(names, written.batch or own_key))


def _batch(written: Written, one: Form | None, many: Form | None) -> Batch | None:
    if many is None or many.parameter is None:
        return None
    if one is not None and many.parameter not in one.parameters:
        name = f"{{{many.parameter}}}"
        raise _mistake(f"many= collects {name}, but {written.path} has no such parameter; use one name in both")
    return Batch(parameter=many.parameter, key=_path(written.key), group=written.group, limit=written.limit)


def _path(dotted: str | None) -> tuple[str, ...]:
    return tuple(dotted.split(".")) if dotted else ()


def _check(written: Written) -> None:
    """Raise DefinitionError for options that contradict each other."""
    if written.path is None and written.many is None:
        raise _mistake("a path is missing: give one, or many=... where only lists can be asked for")
    if written.many is None:
        for name, is_given in (
            ("key", written.key),
            ("group", written.group),
            ("batch", written.batch),
            ("many_at", written.many_at),
        ):
            if is_given:
                raise _mistake(
                    f"{name}= says how a batch is dealt back, but there is no many=; add it or leave {name}= out"
                )
    if written.limit < 1 or (written.each is not None and written.each < 1):
        raise _mistake("limit= and each= are numbers of calls or values; write 1 or more")
    if written.missing not in ("error", "null"):
        raise _mistake(f'missing={written.missing!r} is not known; write "error" or "null"')


def _mistake(what: str) -> DefinitionError:
    return DefinitionError(f"{place_of_author()}: {what}")
