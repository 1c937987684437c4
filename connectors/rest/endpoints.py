"""What developers write: `catalog = rest("catalog")`, then `catalog.get("/products/{id}")` and its siblings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Unpack

from connectors.batching import Batching, KeyOption
from connectors.endpoint import Endpoint
from connectors.failure_rules import FailureOptions
from connectors.messages.keys import KeyCase
from connectors.messages.paths import PathOption
from connectors.rest.endpoints_definition import Definition, create_endpoint
from connectors.rest.paging import Pages
from connectors.rest.replies import ReplyOption


def rest(name: str) -> Rest:
    """The REST upstream that bff.yaml calls `name`."""
    return Rest(name)


class Rest:
    """Creates the endpoints of one REST upstream. The options that methods share are described here.

    `path` and `many` are URL templates (connectors.rest.encode.url). `many` requests a list of values at once; `batch`
    names its parameter where there are several. `key` is the path in each record to the requested value; without it,
    the reply is a mapping by value, or a list in the order requested. Several parameters are one key together with
    `key=("ward", "bed")`. `key_case` compares keys without case or as UUIDs (connectors.messages.keys). With
    `group=True`, each value has a list. `limit` is the largest number of values of one call. Without `path`, one value
    is requested through `many` too.
    `at` is the path (connectors.messages.paths) to the part of the reply that is returned, `many_at` the same in the
    reply to a batch.
    `each` allows unbatched calls for every item of a list, at most that many at once.
    `headers` are sent with every call and may hold `{parameters}`; credentials belong in bff.yaml, never here.
    `missing="null"` makes 404 and 410 a null. `pages` fetches the pages that follow: `by_page()`,
    `by_offset()`, `by_cursor()`, `by_url()` and `by_link()` of connectors.rest.paging.
    `reply` is the format of replies: "json", "text", "xml", "csv" or "ndjson", or one with options
    (connectors.rest.replies); without it, the content type says which it is.
    A method with a body takes `json`, `form` or `text`, with `{parameters}` in their texts (messages.templates).
    A file that a frontend sent is the whole body with `file="{photo}"`, and a part of it with
    `multipart={"photo": "{photo}", "title": "{title}"}`; both are read while they are sent.

    Every method takes the options of connectors.failure_rules: `error` finds failures in good replies, `expose` and
    `fields` let frontends read parts of errors.

    Every method raises DefinitionError, which names the author's line, for options that cannot work.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream

    def get(
        self,
        path: str | None = None,
        *,
        many: str | None = None,
        key: KeyOption | None = None,
        key_case: KeyCase = "exact",
        group: bool = False,
        batch: str | tuple[str, ...] | None = None,
        limit: int = 100,
        at: PathOption | None = None,
        many_at: PathOption | None = None,
        each: int | None = None,
        headers: Mapping[str, str] | None = None,
        reply: ReplyOption | None = None,
        missing: Literal["error", "null"] = "error",
        pages: Pages | None = None,
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """Read: `catalog.get("/products/{id}", many="/products?id={id}", key="id")`."""
        return create_endpoint(
            self.upstream,
            Definition(
                method="GET",
                path=path,
                many=many,
                batching=Batching(key=key, key_case=key_case, group=group, batch=batch, limit=limit, many_at=many_at),
                at=at,
                each=each,
                headers=headers,
                reply=reply,
                missing=missing,
                pages=pages,
                failures=failures,
            ),
        )

    def head(
        self,
        path: str,
        *,
        each: int | None = None,
        headers: Mapping[str, str] | None = None,
        missing: Literal["error", "null"] = "error",
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """Request status and headers only: `reply.status`, `reply.headers`; the data is None."""
        return create_endpoint(
            self.upstream,
            Definition(method="HEAD", path=path, each=each, headers=headers, missing=missing, failures=failures),
        )

    def options(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        reply: ReplyOption | None = None,
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """Request what a resource allows."""
        return create_endpoint(
            self.upstream, Definition(method="OPTIONS", path=path, headers=headers, reply=reply, failures=failures)
        )

    def post(
        self,
        path: str | None = None,
        *,
        many: str | None = None,
        key: KeyOption | None = None,
        key_case: KeyCase = "exact",
        group: bool = False,
        batch: str | tuple[str, ...] | None = None,
        limit: int = 100,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        text: str | None = None,
        file: str | None = None,
        multipart: Mapping[str, Any] | None = None,
        at: PathOption | None = None,
        many_at: PathOption | None = None,
        each: int | None = None,
        headers: Mapping[str, str] | None = None,
        reply: ReplyOption | None = None,
        missing: Literal["error", "null"] = "error",
        pages: Pages | None = None,
        idempotency_key: str | None = None,
        idempotent: bool = False,
        safe: bool = False,
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """Create, or read with a body: `catalog.post(many="/search", json={"ids": "{id}"}, key="id", safe=True)`.

        `safe=True`: the request only reads, so that replies may be shared and cached. `idempotent=True`: two requests
        have the effect of one, so that it may be retried. `idempotency_key="{key}"` sends the header Idempotency-Key,
        which makes the request idempotent.
        """
        return create_endpoint(
            self.upstream,
            Definition(
                method="POST",
                path=path,
                many=many,
                batching=Batching(key=key, key_case=key_case, group=group, batch=batch, limit=limit, many_at=many_at),
                json=json,
                form=form,
                text=text,
                file=file,
                multipart=multipart,
                at=at,
                each=each,
                headers=headers,
                reply=reply,
                missing=missing,
                pages=pages,
                idempotency_key=idempotency_key,
                idempotent=idempotent,
                safe=safe,
                failures=failures,
            ),
        )

    def put(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        text: str | None = None,
        file: str | None = None,
        multipart: Mapping[str, Any] | None = None,
        at: PathOption | None = None,
        each: int | None = None,
        headers: Mapping[str, str] | None = None,
        reply: ReplyOption | None = None,
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """Replace. Always idempotent."""
        return create_endpoint(
            self.upstream,
            Definition(
                method="PUT",
                path=path,
                json=json,
                form=form,
                text=text,
                file=file,
                multipart=multipart,
                at=at,
                each=each,
                headers=headers,
                reply=reply,
                failures=failures,
            ),
        )

    def patch(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        text: str | None = None,
        file: str | None = None,
        multipart: Mapping[str, Any] | None = None,
        at: PathOption | None = None,
        each: int | None = None,
        headers: Mapping[str, str] | None = None,
        reply: ReplyOption | None = None,
        idempotency_key: str | None = None,
        idempotent: bool = False,
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """Change a part. `idempotent` and `idempotency_key` as for post."""
        return create_endpoint(
            self.upstream,
            Definition(
                method="PATCH",
                path=path,
                json=json,
                form=form,
                text=text,
                file=file,
                multipart=multipart,
                at=at,
                each=each,
                headers=headers,
                reply=reply,
                idempotency_key=idempotency_key,
                idempotent=idempotent,
                failures=failures,
            ),
        )

    def delete(
        self,
        path: str,
        *,
        json: Any = None,
        at: PathOption | None = None,
        each: int | None = None,
        headers: Mapping[str, str] | None = None,
        reply: ReplyOption | None = None,
        missing: Literal["error", "null"] = "error",
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """Remove. Always idempotent; with `missing="null"`, removing a missing resource succeeds."""
        return create_endpoint(
            self.upstream,
            Definition(
                method="DELETE",
                path=path,
                json=json,
                at=at,
                each=each,
                headers=headers,
                reply=reply,
                missing=missing,
                failures=failures,
            ),
        )
