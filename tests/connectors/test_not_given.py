"""What is not given is left out of what every kind of connector sends; null is sent as the protocol writes it."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from connectors.contract import Call
from connectors.endpoint import Endpoint
from connectors.errors import UpstreamRejected
from connectors.graphql.encode.document import PieceCache
from connectors.graphql.encode.request import encode_request as encode_graphql
from connectors.graphql.endpoints import graphql
from connectors.graphql.operations import GraphqlOperation
from connectors.graphql.schema_facts import facts_from_author
from connectors.grpc.endpoints import grpc
from connectors.grpc.operations import RpcOperation
from connectors.plain import NOT_GIVEN
from connectors.queue.encode import encode_request as encode_queue
from connectors.queue.endpoints import queue
from connectors.queue.operations import RequestReply
from connectors.rest.endpoints import rest
from connectors.rest.operations import Request, RestOperation
from connectors.soap.endpoints import soap
from connectors.soap.operations import SoapOperation
from connectors.websocket.encode import encode_subscription
from connectors.websocket.endpoints import websocket
from connectors.websocket.operations import Subscribe

shop = rest("shop")
NESTED = {"page": "{page}", "filter": {"brand": "{brand}", "tags": ["a", "{tag}"], "text": "x {brand}"}}
GIVEN = {"page": 1, "brand": NOT_GIVEN, "tag": NOT_GIVEN}
FILLED = {"page": 1, "filter": {"tags": ["a"]}}


def call(endpoint: Endpoint, **arguments: Any) -> Call:
    return Call(operation=endpoint.operation, arguments=endpoint.check_arguments(arguments))


def request(endpoint: Endpoint, **arguments: Any) -> Request:
    made = call(endpoint, **arguments)
    return cast("RestOperation", made.operation).build_request(made)


def test_rest_leaves_out_pairs_headers_and_entries() -> None:
    """Of the query, the header fields, and each kind of body."""
    endpoint = shop.post(
        "/items?page={page}&brand={brand}&mixed=a-{brand}",
        json=NESTED,
        headers={"x-brand": "b {brand}", "x-tag": "{tag}"},
    )
    sent = request(endpoint, **GIVEN)
    assert (sent.url, sent.headers) == ("/items?page=1", {"content-type": "application/json"})
    assert json.loads(cast("bytes", sent.body)) == FILLED
    assert request(shop.post("/f", form={"a": "{a}", "b": "{b}"}), a=1, b=NOT_GIVEN).body == b"a=1"


def test_rest_sends_null_where_a_body_can_hold_it() -> None:
    """A body has null; a query has none, and a path needs a value."""
    sent = request(shop.post("/items?page={page}", json={"page": "{page}"}), page=None)
    assert (sent.url, sent.body) == ("/items", b'{"page":null}')


@pytest.mark.parametrize("value", [NOT_GIVEN, None])
def test_a_path_without_its_value_is_an_error_with_its_place(value: Any) -> None:
    """Nothing is sent."""
    with pytest.raises(UpstreamRejected, match=r"GET /items/\{id\}: nothing was sent: id is empty"):
        request(shop.get("/items/{id}"), id=value)


@pytest.mark.parametrize("kind", ["json", "form", "text"])
def test_a_whole_body_that_is_not_given_is_no_body(kind: Any) -> None:
    """Neither `null` nor a content type."""
    sent = request(shop.post("/items", **{kind: "{change}"}), change=NOT_GIVEN)
    assert (sent.body, dict(sent.headers)) == (None, {})


def test_grpc_and_soap_leave_out_fields() -> None:
    """Of the message, and of a message that is one parameter."""
    rpc = call(grpc("shop").unary("shop.S/Get", NESTED), **GIVEN)
    assert cast("RpcOperation", rpc.operation).fill_message(rpc) == FILLED
    tagged = call(
        grpc("shop").unary("shop.S/Get", metadata={"x-tag": "{tag}", "x-page": "{page}"}), page=1, tag=NOT_GIVEN
    )
    assert cast("RpcOperation", tagged.operation).fill_metadata(tagged) == {"x-page": "1"}
    whole = call(grpc("shop").unary("shop.S/Get", cast("Any", "{request}")), request=NOT_GIVEN)
    assert cast("RpcOperation", whole.operation).fill_message(whole) == {}
    message = call(soap("shop").call("Get", message=NESTED, headers={"Session": "{tag}"}), **GIVEN)
    operation = cast("SoapOperation", message.operation)
    assert operation.fill_message(message) == FILLED
    assert operation.headers.fill(message.arguments) == {}


def test_graphql_leaves_out_variables() -> None:
    """Then the upstream's default holds; null would override it."""
    endpoint = graphql("shop").query(
        "items(page: $page, brand: $brand, filter: $filter)",
        fields="id",
        types={"page": "Int", "brand": "String", "filter": "Filter"},
    )
    made = call(endpoint, page=None, brand=NOT_GIVEN, filter={"tag": NOT_GIVEN, "size": None})
    operation = cast("GraphqlOperation", made.operation)
    piece = PieceCache().get_piece(made, operation, facts_from_author(operation))
    assert json.loads(encode_graphql(operation, [(piece, made)]))["variables"] == {
        "page": None,
        "filter": {"size": None},
    }


def test_messages_leave_out_entries() -> None:
    """Over websockets and of queues, with a template or with all arguments."""
    subscribe = websocket("shop").subscribe(
        {"op": "sub", "sym": "{sym}", "level": "{level}"}, topic="sym", matches="sym", socket="own"
    )
    arguments = subscribe.check_arguments({"sym": "a", "level": NOT_GIVEN})
    assert json.loads(encode_subscription(cast("Subscribe", subscribe.operation), arguments)[0]) == {
        "op": "sub",
        "sym": "a",
    }
    for endpoint in (queue("shop").request("quote"), queue("shop").request("quote", NESTED)):
        made = call(endpoint, **GIVEN)
        body = json.loads(encode_queue(made, cast("RequestReply", made.operation)).body)
        assert body == ({"page": 1} if endpoint.takes_any else FILLED)


def test_a_topic_needs_its_value() -> None:
    """A message must not go to another topic."""
    made = call(queue("shop").request("quote.{region}", {"a": 1}), region=NOT_GIVEN)
    with pytest.raises(UpstreamRejected, match='the argument "region" cannot be in a topic'):
        encode_queue(made, cast("RequestReply", made.operation))


def test_an_element_of_a_batch_that_lacks_a_part_is_left_out() -> None:
    """Rather than a value that no protocol knows."""
    endpoint = shop.post(many="/items", json={"ids": ["{region}-{id}"]}, batch="id", key="id", safe=True)
    made = Call(
        operation=endpoint.operation, arguments=endpoint.check_arguments({"region": NOT_GIVEN, "id": 1}), keys=(1,)
    )
    assert cast("RestOperation", made.operation).build_request(made).body == b'{"ids":[]}'
