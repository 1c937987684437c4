"""What product developers write about a GraphQL upstream: `graphql("reviews")`, then its fields as endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Unpack, cast

from graphql import GraphQLError, parse_type

from connectors.batching import Batching, check_at_least_one
from connectors.endpoint import Batch, Endpoint, StreamEndpoint, place_of_author, split_path
from connectors.errors import DefinitionError
from connectors.failure_rules import FailureOptions, GraphqlFailureOptions
from connectors.failures import read_failure_options
from connectors.graphql.encode.selection import normalize_selection
from connectors.graphql.operations import BatchForm, GraphqlOperation, Kind
from connectors.graphql.operations_field import FieldPath, parse_field
from connectors.messages.keys import KeyCase
from connectors.messages.paths import PathOption

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_RESERVED = re.compile(r"[ck]\d+(_.*)?")
"""Names that requests use: `c0_id` in merged requests, `k0` for keys sent as aliases."""


def graphql(name: str) -> GraphqlUpstream:
    """The upstream of this name in bff.yaml."""
    return GraphqlUpstream(name)


class GraphqlUpstream:
    """Creates endpoints of an upstream's fields. Requests select only what the frontend selects of each record.

    A field is written in GraphQL's syntax, and each `$name` in it is a parameter: `reviews(productIds: $product_id)`.
    `$name?` is optional, and so is a parameter whose type, given by `types`, is nullable. In a path of single fields,
    `product(id: $id) { reviews }`, the innermost is the answer; with a list on the way, as in
    `products { edges { node } }`, the answer is the list of the innermost.

    `fields` is the selection of calls without one (shell, script): `"id author { name }"`.
    `error` finds failures in good replies, as in `error="userErrors[].message"`, and its path is selected too; `expose`
    and `error_fields` let frontends read parts of errors (connectors.failure_rules, where the latter is `fields`).
    `types` gives types of variables, `{"product_id": "[ID!]!"}`. Without it they come from the upstream's schema: the
    SDL file that bff.yaml names, or introspection.
    Every method raises DefinitionError, which names the author's line, for options that cannot work.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def query(
        self,
        field: str,
        *,
        key: PathOption | None = None,
        key_case: KeyCase = "exact",
        many: BatchForm | None = None,
        batch: str | None = None,
        group: bool = False,
        limit: int = 100,
        fields: str = "",
        types: Mapping[str, str] | None = None,
        each: int | None = None,
        **failures: Unpack[GraphqlFailureOptions],
    ) -> Endpoint:
        """A field of Query: `reviews.query("reviews(productIds: $product_id)", key="productId", group=True)`.

        `key` or `many` makes a batch: one request for many values. `key` is the path in each record to the requested
        value, and is selected too; with `group`, each value has a list of records. `many="list"` sends all values as
        one list argument (without `key`, the answer is a list in their order), `many="alias"` one aliased field for
        each; without `many`, the argument's type decides. `batch` names the parameter where there are several; `limit`
        is the largest number of values of one request. `each` allows unbatched calls for every item of a list, at most
        that many at once.
        """
        place = _find_place(field)
        batching = Batching(key=key, key_case=key_case, group=group, batch=batch, limit=limit)
        is_batch = key is not None or many is not None
        batching.check(place, is_batch=is_batch, form="key= or many=", holds_lists=True)
        check_at_least_one(place, each=each)
        if not is_batch:
            operation = self._create_operation("query", field, fields, types, failures=failures)
            return Endpoint(operation, _list_parameters(operation), each=each, selects=True)
        if many not in (None, "list", "alias"):
            raise _definition_error(field, f'many={many!r} is neither "list" nor "alias"')
        path = split_path(key, "key", lists=False)
        if not all(_NAME.fullmatch(step) for step in path):
            raise _definition_error(field, f"key={key!r} is not a path of field names, such as productId or product.id")
        collected = _find_batched(field, _parse_path(field), batch)
        operation = self._create_operation(
            "query", field, fields, types, key=path, batched=collected, form=many, failures=failures
        )
        return Endpoint(
            operation,
            {**_list_parameters(operation), collected: True},
            batch=replace(batching, key=None if many == "alias" else key).create_batch(collected),
            has_single_form=False,
            each=each,
            selects=True,
        )

    def entities(self, type_name: str, *, key: str, fields: str = "", limit: int = 100) -> Endpoint:
        """Records of a federated type by their key field, many in one request: `entities("Product", key="upc")`.

        Requests `_entities(representations:)` (Apollo Federation subgraph specification), which answers in the order of
        the keys, with null for an unknown one. The parameter is named like the key.
        """
        for what, name in (("type", type_name), ("key field", key)):
            if not _NAME.fullmatch(name):
                raise _definition_error(
                    f"entities {type_name}",
                    f"{name!r} is not a valid name of a {what}; write one name, such as Product or upc",
                )
        operation = GraphqlOperation(
            upstream=self.name,
            name=f"entities {type_name}",
            kind="query",
            field=parse_field("_entities(representations: $representations)"),
            fields=_check_selection(f"entities {type_name}", fields),
            batched="representations",
            form="list",
            types=(("representations", "[_Any!]!"),),
            entity=type_name,
            entity_key=key,
        )
        check_at_least_one(_find_place(f"entities {type_name}"), limit=limit)
        batch = Batch(parameter=key, limit=limit)
        return Endpoint(operation, {key: True}, batch=batch, has_single_form=False, selects=True)

    def mutation(
        self,
        field: str,
        *,
        fields: str = "",
        types: Mapping[str, str] | None = None,
        idempotent: bool = False,
        **failures: Unpack[GraphqlFailureOptions],
    ) -> Endpoint:
        """A field of Mutation: `orders.mutation("placeOrder(input: $input)")`.

        Never shared or cached. `idempotent=True`: two requests have the effect of one, so that it may be retried.
        """
        operation = self._create_operation(
            "mutation", field, fields, types, is_idempotent=idempotent, failures=failures
        )
        return Endpoint(operation, _list_parameters(operation), selects=True)

    def subscription(self, field: str, *, fields: str = "", types: Mapping[str, str] | None = None) -> StreamEndpoint:
        """A field of Subscription, over graphql-transport-ws: `reviews.subscription("added(productId: $product_id)")`.

        An event that failed upstream has an UpstreamError as its data; the subscription goes on.
        """
        operation = self._create_operation("subscription", field, fields, types)
        return StreamEndpoint(operation, _list_parameters(operation), selects=True)

    def _create_operation(
        self,
        kind: Kind,
        field: str,
        fields: str,
        types: Mapping[str, str] | None,
        *,
        is_idempotent: bool = True,
        key: tuple[str, ...] = (),
        batched: str = "",
        form: BatchForm | None = None,
        failures: GraphqlFailureOptions | None = None,
    ) -> GraphqlOperation:
        path = _parse_path(field)
        return GraphqlOperation(
            upstream=self.name,
            name=f"{kind} {'.'.join(path.names)}",
            is_safe=kind != "mutation",
            is_idempotent=is_idempotent,
            kind=kind,
            field=path,
            fields=_check_selection(field, fields),
            key=key,
            batched=batched,
            form=form,
            types=_check_types(field, path, types or {}),
            **_read_failures(failures or {}),
        )

    def __repr__(self) -> str:
        return f"<graphql upstream {self.name}>"


def _read_failures(options: GraphqlFailureOptions) -> dict[str, Any]:
    named = {"fields" if name == "error_fields" else name: value for name, value in options.items()}
    return read_failure_options(cast("FailureOptions", named))


def _parse_path(field: str) -> FieldPath:
    try:
        path = parse_field(field)
    except ValueError as error:
        raise DefinitionError(f"{place_of_author()}: {error}") from error
    for variable in path.variables:
        if _RESERVED.fullmatch(variable.name):
            raise _definition_error(field, f"${variable.name} is a name that requests use; choose another name")
    return path


def _check_selection(field: str, fields: str) -> str:
    try:
        return normalize_selection(fields)
    except ValueError as error:
        raise _definition_error(field, str(error)) from error


def _check_types(field: str, path: FieldPath, types: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    names = [variable.name for variable in path.variables]
    for name, type_ in types.items():
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"it has {', '.join(names) or 'none'}"
            raise _definition_error(field, f'types= has "{name}", which is not a variable of the field; {hint}')
        try:
            parse_type(type_)
        except GraphQLError as error:
            raise _definition_error(
                field, f"types= gives ${name} the type {type_!r}, which is not valid; write it like [ID!]!"
            ) from error
    return tuple((name, type_.replace(" ", "")) for name, type_ in types.items())


def _list_parameters(operation: GraphqlOperation) -> dict[str, bool]:
    """Whether each parameter is required: not `$name?` and not one of a nullable type."""
    types = dict(operation.types)
    return {
        variable.name: variable.is_required and types.get(variable.name, "!").endswith("!")
        for variable in operation.field.variables
    }


def _find_batched(field: str, path: FieldPath, batch: str | None) -> str:
    """The variable that takes the values of a batch."""
    names = [variable.name for variable in path.variables]
    listed = ", ".join(f"${name}" for name in names) or "no variable"
    if batch is not None and batch not in names:
        raise _definition_error(field, f'batch="{batch}" is not a variable of the field; it has {listed}')
    if batch is None and len(names) != 1:
        raise _definition_error(field, f"it has {listed}; write batch= with the one that takes many values")
    return batch or names[0]


def _definition_error(field: str, what: str) -> DefinitionError:
    return DefinitionError(f"{_find_place(field)}: {what}")


def _find_place(field: str) -> str:
    return f"{place_of_author()}: {field!r}"
