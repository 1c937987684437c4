"""`error=`: good replies that report failures, whole and record by record, from an endpoint's definition to its error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectors import graphql, grpc, queue, rest, soap, websocket
from connectors.batching import deal
from connectors.contract import Call, Reply
from connectors.direct import Direct
from connectors.endpoint import Endpoint
from connectors.error_details import AnswerFailure
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamError, UpstreamFailed, UpstreamNotFound
from connectors.failures import check_failures, check_message, find_code
from connectors.rest.connector import connect
from connectors.rest.options import Options
from tests.connectors.http_world import HttpWorld, json_response

api = rest("api")
KINDS: dict[str, Any] = {
    "rest": lambda **options: api.get("/a/{id}", **options),
    "grpc": lambda **options: grpc("api").unary("p.S/M", {"id": "{id}"}, **options),
    "soap": lambda **options: soap("api").call("Get", Id="{id}", **options),
    "graphql": lambda **options: graphql("api").query("a(id: $id)", **options),
    "websocket": lambda **options: websocket("api").request({"op": "get", "of": "{id}"}, **options),
    "queue": lambda **options: queue("api").request("get", {"id": "{id}"}, **options),
}


async def _check(endpoint: Endpoint, data: Any, *keys: Any) -> Reply:
    return await check_failures(Call(operation=endpoint.operation, keys=keys), Reply(data, status=200))


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_takes_the_option(kind: str) -> None:
    """With the same meaning."""
    failing = {"error": {"code": "NOT_FOUND", "message": "no item of s3cret"}}
    with pytest.raises(UpstreamNotFound) as caught:
        await _check(KINDS[kind](error="error"), failing)
    error = caught.value
    assert (error.upstream_code, error.body) == ("NOT_FOUND", failing)
    assert error.details == (AnswerFailure(("error",), failing["error"]),)
    assert "s3cret" not in str(error)
    assert "at error" in str(error)
    good = {"error": None, "id": 7}
    assert (await _check(KINDS[kind](error="error"), good)).data == good
    assert KINDS[kind]().operation.failure is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{"error": ""}, {"error": {}}, {"error": "a..b"}, {"expose": True}])
def test_every_kind_refuses_what_cannot_work(kind: str, options: dict[str, Any]) -> None:
    """With the author's line."""
    with pytest.raises(DefinitionError, match=r"test_failures\.py:"):
        KINDS[kind](**options)


async def test_a_record_of_a_batch_fails_alone() -> None:
    """Its key is known, so the others have their records, and a key without a record has null."""
    endpoint = api.get("/a/{id}", many="/a?id={id}", key="id", error="error")
    records = [{"id": 1, "name": "a"}, {"id": 2, "error": {"code": 404}}]
    reply = await _check(endpoint, records, 1, 2, 3)
    assert endpoint.operation.failure is not None

    first, second, third = deal(endpoint, reply, (1, 2, 3))
    assert isinstance(first, Reply)
    assert first.data == records[0]
    assert isinstance(second, UpstreamNotFound)
    assert isinstance(third, Reply)
    assert third.data is None


async def test_records_in_other_places() -> None:
    """In key order, by key, below `many_at`, and in a list that is one reply."""
    bad: dict[str, Any] = {"error": "no"}
    in_order = api.get(many="/a?id={id}", error="error", at="items")
    reply = await _check(in_order, {"items": [{"n": 1}, bad], "more": 1}, 1, 2)
    assert isinstance(reply.data["items"][1], UpstreamFailed)
    assert (reply.data["items"][0], reply.data["more"]) == ({"n": 1}, 1)
    assert reply.headers["cache-control"] == "no-store"
    by_key = await _check(api.get(many="/a?id={id}", error="error"), {"1": {"n": 1}, "2": bad}, 1, 2)
    assert isinstance(by_key.data["2"], UpstreamFailed)
    whole = await _check(api.get("/a", error="error"), [{"n": 1}, bad, None, 7])
    assert isinstance(whole.data[1], UpstreamFailed)
    assert [whole.data[place] for place in (0, 2, 3)] == [{"n": 1}, None, 7]
    with pytest.raises(UpstreamFailed):
        await _check(api.get("/a", error="error", at="result"), {"result": bad})
    mapping = {"x": bad}
    assert (await _check(api.get("/a", error="error"), mapping)).data is mapping


async def test_json_without_the_name_is_not_decoded() -> None:
    """So that records are still filled from the bytes."""
    decoded: list[bytes] = []

    def decode(payload: bytes) -> Any:
        decoded.append(payload)
        return json.loads(payload)

    async def check(payload: bytes) -> Reply:
        call = Call(operation=api.get("/a", error="error").operation)
        return await check_failures(call, Reply(payload, decode=decode))

    await check(b'{"id": 7}')
    assert decoded == []
    await check(b'{"id": 7, "error": null}')
    with pytest.raises(UpstreamFailed):
        await check(b'{"\\u0065rror": "no"}')
    assert len(decoded) == 2


async def test_a_function_that_raises_is_a_bad_reply() -> None:
    """Its author did not think of this reply."""
    with pytest.raises(UpstreamBadReply, match="the function given as error= raised AttributeError"):
        await _check(api.get("/a", error=lambda data: data.get("error")), 42)


def test_messages_without_a_reply() -> None:
    """Events are checked too."""
    operation = api.get("/a", error={"t": "error"}).operation
    check_message(operation, {"t": "tick"})
    with pytest.raises(UpstreamFailed):
        check_message(operation, {"t": "error"})


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ("NO_STOCK", "NO_STOCK"),
        (-32601, "-32601"),
        ({"code": "E7"}, "E7"),
        ({"errorCode": 7, "code": None}, "7"),
        ([{"code": "E7"}, {"code": "E8"}], "E7"),
        ({"code": 0, "type": "auth.expired"}, "auth.expired"),
        ("no such item", ""),
        (True, ""),
        ({"code": {"a": 1}}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_codes(failure: Any, code: str) -> None:
    """Short words only: free text may hold anything."""
    assert find_code(failure) == code


async def test_over_a_socket() -> None:
    """As an endpoint that is awaited; the error is one of the upstream, with status, headers and body."""
    async with HttpWorld(answer=lambda _: json_response({"success": False, "code": 409}, x_trace="t7")) as http:
        connector = connect("api", Options(address=f"http://127.0.0.1:{http.port}"))
        async with Direct({"api": connector}):
            with pytest.raises(UpstreamError) as caught:
                await api.post("/orders", json={}, error={"success": False})()
    error = caught.value
    assert (error.code, error.status, error.headers["x-trace"]) == ("UPSTREAM_CONFLICT", 200, "t7")
    assert error.body == {"success": False, "code": 409}


DEFINITIONS: list[Callable[..., Any]] = [
    lambda **options: rest("api").get("/a", **options),
    lambda **options: grpc("api").unary("a.B/C", {}, **options),
    lambda **options: websocket("api").request({"id": "{id}"}, **options),
    lambda **options: queue("api").request("a.b", **options),
    lambda **options: graphql("api").query("a", **options),
    lambda **options: rest("api").post("/a", json={}, **options),
]


@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
def test_every_method_of_rest_takes_the_options(method: str) -> None:
    """None is lost on the way to the operation."""
    operation = getattr(api, method)("/a", error="error", expose="detail").operation
    assert operation.failure is not None
    assert operation.exposure is not None


@pytest.mark.parametrize("kind", ["rest", "grpc", "websocket", "queue"])
def test_what_is_missing_can_be_null(kind: str) -> None:
    """Where the protocol says that there is no such thing."""
    assert KINDS[kind](missing="null").operation.missing_is_null
    assert not KINDS[kind]().operation.missing_is_null
    with pytest.raises(DefinitionError, match='write "error" or "null"'):
        KINDS[kind](missing="none")


@pytest.mark.parametrize("define", DEFINITIONS, ids=["rest", "grpc", "websocket", "queue", "graphql", "body"])
def test_an_option_that_does_not_exist_is_refused(define: Callable[..., Any]) -> None:
    """With the nearest name; otherwise a misspelt option would have no effect, without a word."""
    with pytest.raises(DefinitionError, match=r"test_failures\.py:\d+: there is no option eech=; did you mean each=\?"):
        define(eech=8)
    with pytest.raises(DefinitionError, match=r"there is no option zzz=; there are .*each, error, .*expose"):
        define(zzz=8)


@pytest.mark.parametrize(
    ("function", "answer", "expected"),
    [
        (lambda reply: reply["code"] != 0, {"code": 0, "data": {"v": 1}}, {"v": 1}),
        (lambda reply: reply["code"] != 0, {"code": 0, "data": [{"v": 1}]}, [{"v": 1}]),
        (lambda reply: reply["code"] != 0, {"code": 7, "data": [{"v": 1}]}, UpstreamFailed),
        (lambda record: record["ok"] is False, {"data": [{"ok": True}, {"ok": False}]}, [{"ok": True}, UpstreamFailed]),
        (lambda record: record["ok"] is False, {"data": {"ok": False}}, UpstreamFailed),
        (lambda record: record["ok"] is False, {"data": [{"v": 1}]}, UpstreamBadReply),
        (lambda reply: reply["code"] != 0, {"data": None}, UpstreamBadReply),
        (lambda reply: 1 / 0, {"data": [{"v": 1}]}, UpstreamBadReply),
    ],
)
async def test_a_function_is_made_for_the_reply_or_for_its_records(
    function: Callable[[Any], Any], answer: Any, expected: Any
) -> None:
    """Where it can read one of them, the other is not its business; where it can read neither, that is an error."""
    operation = api.get("/a", at="data", error=function).operation
    call = Call(operation=operation)
    if isinstance(expected, type):
        with pytest.raises(expected):
            await check_failures(call, Reply(answer))
        return
    data = (await check_failures(call, Reply(answer))).data["data"]
    found = [type(each) if isinstance(each, Exception) else each for each in data] if isinstance(data, list) else data
    assert found == expected
