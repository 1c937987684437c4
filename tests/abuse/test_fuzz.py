"""Drawn requests against the HTTP door of a live gateway: never a 500, a hang or a logged traceback."""

from __future__ import annotations

import http.client
import json
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.abuse.live import INSIDE, Live

METHODS = st.sampled_from(["POST"] * 6 + ["GET"] * 3 + ["HEAD", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE"])
PATHS = st.sampled_from(["/graphql", "/graphql/web", "/graphql/mobile", "/graphql/", "/graphql/%ff"] * 3) | st.text(
    st.characters(codec="ascii", exclude_categories=["C", "Z"]), max_size=30
).map(lambda text: "/" + text.replace("#", ""))
TOKENS = st.sampled_from(
    [
        "{",
        "}",
        "(",
        ")",
        "...",
        "on",
        "query",
        "mutation",
        "fragment",
        "__typename",
        "departments",
        "name",
        "@include",
        "@skip",
        "(if:",
        "$v",
        ":",
        "ID!",
        "=",
        '"',
        "1",
        "-9e9",
        "[",
        "]",
        "#",
        "\n",
        "\ufeff",
        "product(id:1){",
        "id",
    ]
)
QUERIES = st.lists(TOKENS, max_size=20).map(" ".join) | st.text(max_size=30) | st.just("{ __typename }")
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)
OBJECTS = st.fixed_dictionaries(
    {"query": QUERIES | VALUES},
    optional={"variables": VALUES, "operationName": VALUES, "extensions": VALUES, "id": VALUES},
)
BODIES = st.binary(max_size=200) | (OBJECTS | st.lists(OBJECTS, max_size=2) | VALUES).map(
    lambda value: json.dumps(value).encode()
)
MEDIA = st.sampled_from(
    [
        "application/json",
        "application/graphql-response+json",
        "text/event-stream",
        "multipart/mixed",
        "*/*",
        "text/html",
        "application/json; charset=utf-16",
        "application/json;q=0",
        "q",
        ";",
        ",",
        "a/b;q=1.5",
        "multipart/form-data; boundary=x",
    ]
)
WORDS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)
NAMES = ["x-client", "x-request-id", "x-api-key", "origin", "cookie", "if-none-match", "accept-encoding", "traceparent"]
HEADERS = st.fixed_dictionaries(
    {"content-type": st.just("application/json") | MEDIA | WORDS},
    optional={"accept": MEDIA | WORDS, **dict.fromkeys([*NAMES, "accept-charset", "x-forwarded-for"], WORDS)},
)
CODE = re.compile(r"[A-Z][A-Z0-9_]+")


def test_no_request_is_a_server_error(attacked: Live) -> None:
    """Whatever is sent; and what says it is JSON is JSON, with a code for each error."""

    @settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(method=METHODS, path=PATHS, headers=HEADERS, body=BODIES, query=st.none() | QUERIES)
    def run(method: str, path: str, headers: dict[str, str], body: bytes, query: str | None) -> None:
        if query is not None:
            path += "?query=" + "".join(f"%{byte:02x}" for byte in query.encode("utf-8", "replace"))
        connection = http.client.HTTPConnection("127.0.0.1", attacked.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value.encode("latin-1"))
            connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        assert response.status < 500
        assert not INSIDE.search(answer)
        if "json" in response.headers.get("content-type", "") and answer:
            decoded = json.loads(answer)
            for error in decoded.get("errors", ()):
                assert CODE.fullmatch(error["extensions"]["code"])
            assert "data" in decoded or decoded["errors"] or response.status == 200

    attacked.under("fuzzing", run)
    assert '"level":"error"' not in attacked.gateway.output
