"""What product developers write about a GraphQL upstream: `graphql("reviews")`, then its fields as endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from graphql import GraphQLError, parse_type

from connectors.endpoint import Batch, Endpoint, StreamEndpoint, place_of_author
from connectors.errors import DefinitionError
from connectors.graphql.encode.selection import default_text
from connectors.graphql.operations import Form, GraphqlOperation, Kind
from connectors.graphql.operations_field import FieldPath, parse_field

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_RESERVED = re.compile(r"[ck]\d+(_.*)?")
"""Names of our own on the wire: `c0_id` in merged requests, `k0` for keys sent as aliases."""


def graphql(name: str) -> GraphqlUpstream:
    """The upstream of this name in bff.yaml, where its address is."""
    return GraphqlUpstream(name)


class GraphqlUpstream:
    """Makes endpoints of an upstream's fields. Of each record, only what the frontend selects is asked for.

    A field is written in GraphQL's syntax, and each `$name` in it is a parameter: `reviews(productIds: $product_id)`.
    `$name?` may be left out, and so may a parameter whose type, told by `types`, may be null. A path of single fields,
    `product(id: $id) { reviews }`, makes the innermost one the answer; where a list is on the way, as in
    `products { edges { node } }`, the answer is the list of the innermost.

    `fields` is asked for where nothing is selected (shell, script): `"id author { name }"`.
    `types` gives types of variables, `{"product_id": "[ID!]!"}`. Without it they come from the upstream's schema: the
    SDL file that bff.yaml names, or introspection.
    Every method raises DefinitionError, naming the author's line, for what cannot work.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def query(
        self,
        field: str,
        *,
        key: str | None = None,
        many: Form | None = None,
        batch: str | None = None,
        group: bool = False,
        limit: int = 100,
        fields: str = "",
        types: Mapping[str, str] | None = None,
        each: int | None = None,
    ) -> Endpoint:
        """A field of Query: `reviews.query("reviews(productIds: $product_id)", key="productId", group=True)`.

        `key` or `many` makes one request of many values. `key` is the path in each record to the value that was asked
        for, and is asked for too; with `group` each value has a list of records. `many="list"` sends all values
        as one list argument (without `key`, the answer is a list in their order), `many="alias"` one aliased field for
        each; left out, the argument's type decides. `batch` names the parameter where there are several; `limit` is the
        most values of one request. `each` allows unbatched calls for every item of a list, at most that many at once.
        """
        if key is None and many is None:
            _refuse_without_many(field, batch=batch, group=group)
            operation = self._operation("query", field, fields, types)
            return Endpoint(operation, _parameters(operation), each=each, selects=True)
        if many not in (None, "list", "alias"):
            raise _mistake(field, f'many={many!r} is neither "list" nor "alias"')
        if limit < 1:
            raise _mistake(field, f"limit={limit} lets no value into a request; leave it out")
        path = tuple(key.split(".")) if key else ()
        if not all(_NAME.fullmatch(step) for step in path):
            raise _mistake(field, f"key={key!r} is not a path of field names, such as productId or product.id")
        collected = _collected(field, _parsed(field), batch)
        operation = self._operation("query", field, fields, types, key=path, batched=collected, form=many)
        return Endpoint(
            operation,
            {**_parameters(operation), collected: True},
            batch=Batch(parameter=collected, key=() if many == "alias" else path, group=group, limit=limit),
            has_single_form=False,
            each=each,
            selects=True,
        )

    def entities(self, type_name: str, *, key: str, fields: str = "", limit: int = 100) -> Endpoint:
        """Records of a federated type by their key field, many in one request: `entities("Product", key="upc")`.

        Asks `_entities(representations:)` (Apollo Federation subgraph specification), which answers in the order asked;
        what it does not know is null. The parameter is named like the key.
        """
        for what, name in (("type", type_name), ("key field", key)):
            if not _NAME.fullmatch(name):
                raise _mistake(f"entities {type_name}", f"{name!r} is not the name of one {what}")
        operation = GraphqlOperation(
            upstream=self.name,
            name=f"entities {type_name}",
            kind="query",
            field=parse_field("_entities(representations: $representations)"),
            fields=_default(f"entities {type_name}", fields),
            batched="representations",
            form="list",
            types=(("representations", "[_Any!]!"),),
            entity=type_name,
            entity_key=key,
        )
        batch = Batch(parameter=key, limit=limit)
        return Endpoint(operation, {key: True}, batch=batch, has_single_form=False, selects=True)

    def mutation(
        self, field: str, *, fields: str = "", types: Mapping[str, str] | None = None, idempotent: bool = False
    ) -> Endpoint:
        """A field of Mutation: `orders.mutation("placeOrder(input: $input)")`.

        Never shared or cached; `idempotent=True` says that doing it twice is doing it once, so that it may be retried.
        """
        operation = self._operation("mutation", field, fields, types, is_idempotent=idempotent)
        return Endpoint(operation, _parameters(operation), selects=True)

    def subscription(self, field: str, *, fields: str = "", types: Mapping[str, str] | None = None) -> StreamEndpoint:
        """A field of Subscription, over graphql-transport-ws: `reviews.subscription("added(productId: $product_id)")`.

        An event that the upstream could not make holds an UpstreamError as its data; the subscription goes on.
        """
        operation = self._operation("subscription", field, fields, types)
        return StreamEndpoint(operation, _parameters(operation), selects=True)

    def _operation(
        self,
        kind: Kind,
        field: str,
        fields: str,
        types: Mapping[str, str] | None,
        *,
        is_idempotent: bool = True,
        key: tuple[str, ...] = (),
        batched: str = "",
        form: Form | None = None,
    ) -> GraphqlOperation:
        path = _parsed(field)
        return GraphqlOperation(
            upstream=self.name,
            name=f"{kind} {'.'.join(path.names)}",
            is_safe=kind != "mutation",
            is_idempotent=is_idempotent,
            kind=kind,
            field=path,
            fields=_default(field, fields),
            key=key,
            batched=batched,
            form=form,
            types=_checked_types(field, path, types or {}),
        )

    def __repr__(self) -> str:
        return f"<graphql upstream {self.name}>"


def _parsed(field: str) -> FieldPath:
    try:
        path = parse_field(field)
    except ValueError as error:
        raise DefinitionError(f"{place_of_author()}: {error}") from error
    for variable in path.variables:
        if _RESERVED.fullmatch(variable.name):
            raise _mistake(field, f"${variable.name} is a name that requests use themselves; choose another one")
    return path


def _default(field: str, fields: str) -> str:
    try:
        return default_text(fields)
    except ValueError as error:
        raise _mistake(field, str(error)) from error


def _checked_types(field: str, path: FieldPath, types: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    names = [variable.name for variable in path.variables]
    for name, type_ in types.items():
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"it has {', '.join(names) or 'none'}"
            raise _mistake(field, f'types= names "{name}", which is no variable of the field; {hint}')
        try:
            parse_type(type_)
        except GraphQLError as error:
            raise _mistake(field, f"types= gives ${name} {type_!r}, which is no type; write it like [ID!]!") from error
    return tuple((name, type_.replace(" ", "")) for name, type_ in types.items())


def _parameters(operation: GraphqlOperation) -> dict[str, bool]:
    """Whether each must be given: not when it is written `$name?` or has a type that may be null."""
    types = dict(operation.types)
    return {
        variable.name: variable.is_required and types.get(variable.name, "!").endswith("!")
        for variable in operation.field.variables
    }


def _collected(field: str, path: FieldPath, batch: str | None) -> str:
    """The variable whose values are collected."""
    names = [variable.name for variable in path.variables]
    listed = ", ".join(f"${name}" for name in names) or "no variable"
    if batch is not None and batch not in names:
        raise _mistake(field, f'batch="{batch}" is not in it; it has {listed}')
    if batch is None and len(names) != 1:
        raise _mistake(field, f"it has {listed}; say which one takes many values: batch=...")
    return batch or names[0]


def _refuse_without_many(field: str, *, batch: str | None, group: bool) -> None:
    for name, value in (("batch", batch), ("group", group)):
        if value:
            raise _mistake(field, f"{name}= describes a batch; make it one with key= or many=")


def _mistake(field: str, what: str) -> DefinitionError:
    return DefinitionError(f"{place_of_author()}: {field!r}: {what}")
