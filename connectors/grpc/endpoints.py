"""The authoring API of gRPC upstreams: `pricing = grpc("pricing")`, then its methods as endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, Unpack

from connectors.batching import Batching, KeyOption, check_at_least_one
from connectors.endpoint import Endpoint, StreamEndpoint, place_of_author, split_path
from connectors.errors import DefinitionError
from connectors.failure_rules import FailureOptions
from connectors.failures import check_missing, read_failure_options
from connectors.grpc.encode_metadata import BadMetadata, encode_metadata
from connectors.grpc.operations import RpcOperation
from connectors.grpc.paging import TokenPages, check_pages
from connectors.messages.keys import KeyCase
from connectors.messages.paths import PathOption
from connectors.messages.templates import Template

_METHOD = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*/[A-Za-z_]\w*")

Message = Mapping[str, Any]
"""A request message: proto field names to values, templates (`"{sku}"`, `"{page?}"`), and dicts and lists of these."""


def grpc(name: str) -> GrpcUpstream:
    """The upstream of this name in bff.yaml, where its address and the source of its types are."""
    return GrpcUpstream(name)


class GrpcUpstream:
    """Makes endpoints of an upstream's methods. Methods are named `package.Service/Method`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def unary(
        self,
        method: str,
        request: Message | None = None,
        *,
        many: Message | None = None,
        key: KeyOption | None = None,
        key_case: KeyCase = "exact",
        batch: str | tuple[str, ...] | None = None,
        group: bool = False,
        at: PathOption | None = None,
        many_at: PathOption | None = None,
        limit: int = 100,
        each: int | None = None,
        safe: bool = True,
        idempotent: bool | None = None,
        missing: Literal["error", "null"] = "error",
        metadata: Mapping[str, str] | None = None,
        pages: TokenPages | None = None,
        **failures: Unpack[FailureOptions],
    ) -> Endpoint:
        """A method with one reply.

        `request` is the message of a single call, `many` that of a batch; with `many` alone one value is a batch of
        one. `key` is the path in each record of a batch's reply to the value asked for (without it the reply is a map
        by key, or a list in key order); `group` gives each key a list of records; `batch` names the collected parameter
        where `many` has several; `limit` is the most keys of one call.
        `at` is the path to the interesting part of a reply, `many_at` that in a batch's reply where it differs.
        `each` allows unbatched calls for every item of a list, at most so many at once.
        `safe=False` marks a mutation; it is `idempotent` only when you say so.
        With `missing="null"`, NOT_FOUND is the reply null.
        `metadata` is sent beside that of bff.yaml, `{"x-tenant": "{tenant}"}`; a null parameter leaves it out.
        `pages` fetches the pages that follow, `by_token()`, as one list at the path `at`.
        `error` finds failures in good replies, `expose` and `fields` let frontends read parts of errors
        (connectors.failure_rules).
        Raises DefinitionError when these do not fit together.
        """
        place = f"{place_of_author()}: {method}"
        single = Template(request or {})
        operation = RpcOperation(
            upstream=self.name,
            name=_check_method(method),
            request=single,
            is_safe=safe,
            is_idempotent=safe if idempotent is None else idempotent,
            missing_is_null=check_missing(place, missing),
            metadata=_check_metadata(place, metadata),
            pages=check_pages(place, pages, at),
            items=split_path(at, "at"),
            many_items=split_path(many_at or at, "many_at"),
            **read_failure_options(failures, at=at, many_at=many_at),
        )
        batching = Batching(key=key, key_case=key_case, group=group, batch=batch, limit=limit, many_at=many_at)
        batching.check(place, is_batch=many is not None)
        check_at_least_one(place, each=each)
        if many is None:
            parameters = {**(operation.metadata.parameters if operation.metadata else {}), **single.parameters}
            return Endpoint(operation, parameters, at=at, each=each)
        collected = batching.choose_parameters(Template(many).parameters)
        template, created = Template(many, many=collected), batching.create_batch(collected)
        if request is not None and single.parameters.keys() != template.parameters.keys():
            raise DefinitionError(
                f"{place}: `request` and `many` must have the same parameters; they have "
                f"{', '.join(single.parameters) or 'none'} and {', '.join(template.parameters)}"
            )
        return Endpoint(
            replace(operation, many=template),
            {
                **(operation.metadata.parameters if operation.metadata else {}),
                **template.parameters,
                **dict.fromkeys(created.names, True),
            },
            at=at,
            many_at=many_at,
            batch=created,
            has_single_form=request is not None,
            each=each,
        )

    def stream(
        self,
        method: str,
        request: Message | None = None,
        *,
        at: PathOption | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> StreamEndpoint:
        """A method that answers with a stream; every message is an event, of which `at` is the interesting part.

        `metadata` is as in `unary`.
        """
        template = Template(request or {})
        own = _check_metadata(f"{place_of_author()}: {method}", metadata)
        operation = RpcOperation(
            upstream=self.name, name=_check_method(method), request=template, is_stream=True, metadata=own
        )
        return StreamEndpoint(operation, {**(own.parameters if own else {}), **template.parameters}, at=at)

    def __repr__(self) -> str:
        return f"<grpc upstream {self.name}>"


def _check_metadata(place: str, metadata: Mapping[str, str] | None) -> Template | None:
    """The metadata as a template. Raises DefinitionError for names and values that cannot be metadata."""
    if not metadata:
        return None
    for name, value in metadata.items():
        if not isinstance(value, str):
            raise DefinitionError(f"{place}: metadata {name!r} is no text; write a text such as {{tenant}}")
        try:
            encode_metadata({name: ""})
        except BadMetadata as error:
            raise DefinitionError(f"{place}: {error}") from error
    return Template(metadata)


def _check_method(method: str) -> str:
    if not _METHOD.fullmatch(method):
        raise DefinitionError(
            f"{place_of_author()}: {method!r} does not name a method; write package.Service/Method, "
            "such as shop.Pricing/GetPrices"
        )
    return method
