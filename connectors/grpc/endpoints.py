"""The authoring API of gRPC upstreams: `pricing = grpc("pricing")`, then its methods as endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Unpack

from connectors.batching import Batching, KeyOption, check_at_least_one
from connectors.endpoint import Endpoint, StreamEndpoint, place_of_author
from connectors.errors import DefinitionError
from connectors.failure_rules import FailureOptions
from connectors.failures import check_missing, read_failure_options
from connectors.grpc.operations import RpcOperation
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
            **read_failure_options(failures, at=at, many_at=many_at),
        )
        batching = Batching(key=key, key_case=key_case, group=group, batch=batch, limit=limit, many_at=many_at)
        batching.check(place, is_batch=many is not None)
        check_at_least_one(place, each=each)
        if many is None:
            return Endpoint(operation, single.parameters, at=at, each=each)
        collected = batching.choose_parameters(Template(many).parameters)
        template, created = Template(many, many=collected), batching.create_batch(collected)
        if request is not None and single.parameters.keys() != template.parameters.keys():
            raise DefinitionError(
                f"{place}: `request` and `many` must have the same parameters; they have "
                f"{', '.join(single.parameters) or 'none'} and {', '.join(template.parameters)}"
            )
        return Endpoint(
            RpcOperation(
                upstream=operation.upstream,
                name=operation.name,
                request=single,
                many=template,
                is_safe=operation.is_safe,
                is_idempotent=operation.is_idempotent,
                missing_is_null=operation.missing_is_null,
                failure=operation.failure,
                exposure=operation.exposure,
            ),
            {**template.parameters, **dict.fromkeys(created.names, True)},
            at=at,
            many_at=many_at,
            batch=created,
            has_single_form=request is not None,
            each=each,
        )

    def stream(self, method: str, request: Message | None = None, *, at: PathOption | None = None) -> StreamEndpoint:
        """A method that answers with a stream; every message is an event, of which `at` is the interesting part."""
        template = Template(request or {})
        operation = RpcOperation(upstream=self.name, name=_check_method(method), request=template, is_stream=True)
        return StreamEndpoint(operation, template.parameters, at=at)

    def __repr__(self) -> str:
        return f"<grpc upstream {self.name}>"


def _check_method(method: str) -> str:
    if not _METHOD.fullmatch(method):
        raise DefinitionError(
            f"{place_of_author()}: {method!r} does not name a method; write package.Service/Method, "
            "such as shop.Pricing/GetPrices"
        )
    return method
