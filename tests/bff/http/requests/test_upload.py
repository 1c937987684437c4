"""Files in a request: from a client over the gateway to a REST upstream, and every way of doing it wrong."""

from __future__ import annotations

import asyncio
import json
import os
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import strawberry

from bff.authoring import Upload, frontend
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options as FrontendOptions
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options
from bff.http.requests import upload
from bff.policies.outbound.options import Options as Policies
from bff.upstreams import Upstreams
from connectors.contract import Connector
from connectors.rest.connector import connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options as RestOptions
from tests.bff.fakes import AllReady
from tests.bff.http.world import codes
from tests.connectors.http_world import HttpWorld, json_response, listening
from tests.serving import serving
from tests.waiting import GENEROUS, time_limit

ALBUM = rest("album")
KEEP = ALBUM.post("/photos", file="{photo}", at="id")
KEEP_ALL = ALBUM.post("/albums", multipart={"title": "{title}", "photo": "{photos}"}, at="id")
PREFLIGHT = {"apollo-require-preflight": "true"}
SIZE = 1_000_000


@strawberry.type
class Query:
    hello: str = "world"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def keep(self, photo: Upload) -> str:
        return (await KEEP(photo=photo)).data

    @strawberry.mutation
    async def keep_all(self, title: str, photos: list[Upload]) -> str:
        return (await KEEP_ALL(title=title, photos=photos)).data

    @strawberry.mutation
    async def about(self, photo: Upload) -> str:
        return f"{photo.name} {photo.content_type} {photo.size} {(await photo.read())[:3].hex()}"


@dataclass
class Studio:
    """A gateway that takes files, its upstream, and a client."""

    url: str
    client: httpx.AsyncClient
    upstream: HttpWorld
    headers: dict[str, str] = field(default_factory=lambda: dict(PREFLIGHT))

    async def send(
        self, query: str, variables: dict, files: dict[str, Any], paths: dict[str, list[str]]
    ) -> httpx.Response:
        """As clients do: operations, map, files."""
        texts = {"operations": json.dumps({"query": query, "variables": variables}), "map": json.dumps(paths)}
        return await self.client.post(self.url, data=texts, files=files, headers=self.headers)

    async def raw(self, *parts: tuple[str, bytes], end: bytes = b"--x--\r\n") -> httpx.Response:
        """Parts as a test wants them."""
        body = b"".join(
            b'--x\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), content)
            for name, content in parts
        )
        headers = {**self.headers, "content-type": "multipart/form-data; boundary=x"}
        return await self.client.post(self.url, content=body + end, headers=headers)


def _upstreams(album: Connector) -> Upstreams:
    return Upstreams.with_connectors({"album": album}, Policies(timeout=60.0))


@asynccontextmanager
async def open_studio(upload: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[Studio]:
    """`upload` of the frontend; 1 MB files when not given."""
    chosen = {"max_files": 2, "max_file_size": "1MB"} if upload is None else upload
    own = FrontendOptions.model_validate({"schema": "s", "upload": chosen or None})
    app = make_frontend("app", own, frontend(query=Query, mutation=Mutation))
    async with HttpWorld(answer=lambda _: json_response({"id": "p-1"})) as upstream:
        connector = connect("album", RestOptions(address=f"http://127.0.0.1:{upstream.port}"))
        gate = Gateway({"app": app}, _upstreams(connector), request_timeout=GENEROUS, readiness=AllReady())
        door = Options.model_validate(options)
        async with serving(http_app(lambda: gate, door), door) as url, httpx.AsyncClient(timeout=GENEROUS) as client:
            yield Studio(f"{url}/graphql/app", client, upstream)
        await connector.close()


ONE = ("mutation($photo: Upload!) { keep(photo: $photo) }", {"photo": None})
PATHS = {"0": ["variables.photo"]}


@pytest.mark.parametrize("size", [0, 1, 100, 128 * 1024, 128 * 1024 + 1, SIZE])
async def test_a_file_reaches_the_upstream(size: int) -> None:
    """Every byte of it, small ones from memory and large ones from disk."""
    content = os.urandom(size)
    async with open_studio() as studio:
        answer = await studio.send(*ONE, {"0": ("cat.png", content, "image/png")}, PATHS)
        assert answer.json() == {"data": {"keep": "p-1"}}
        (request,) = studio.upstream.requests
        assert request.body == content
        assert request.headers["content-type"] == "image/png"


async def test_several_files_in_one_list() -> None:
    """As parts of multipart/form-data, in the order of the list."""
    query = "mutation($title: String!, $photos: [Upload!]!) { keepAll(title: $title, photos: $photos) }"
    async with open_studio() as studio:
        files = {"a": ("a.png", b"first", "image/png"), "b": ("b.png", b"second", "image/png")}
        paths = {"a": ["variables.photos.1"], "b": ["variables.photos.0"]}
        answer = await studio.send(query, {"title": "cats", "photos": [None, None]}, files, paths)
        assert answer.json() == {"data": {"keepAll": "p-1"}}
        body = studio.upstream.requests[0].body
        assert body.index(b"cats") < body.index(b"second") < body.index(b"first")


async def test_a_resolver_may_read_it() -> None:
    """A name has no folders and a type is a type."""
    query = "mutation($photo: Upload!) { about(photo: $photo) }"
    async with open_studio() as studio:
        for name, kind, told in [
            ("../../etc/pass\x01wd", "text/plain; charset=utf-8", "passwd text/plain"),
            ("C:\\photos\\Kätzchen.png", "image/png\x01", "Kätzchen.png application/octet-stream"),
            ("..", "", "file application/octet-stream"),
        ]:
            texts = {"operations": json.dumps({"query": query, "variables": {"photo": None}}), "map": json.dumps(PATHS)}
            head = f'content-disposition: form-data; name="0"; filename="{name}"\r\ncontent-type: {kind}'
            body = b"".join(
                b'--x\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), text.encode())
                for key, text in texts.items()
            )
            body += b"--x\r\n" + head.encode() + b"\r\n\r\nabc\r\n--x--\r\n"
            headers = {**PREFLIGHT, "content-type": 'multipart/form-data; boundary="x"'}
            answer = await studio.client.post(studio.url, content=body, headers=headers)
            assert answer.json() == {"data": {"about": f"{told} 3 616263"}}


async def test_it_is_off_by_default() -> None:
    """And refused as it always was."""
    async with open_studio({}) as studio:
        answer = await studio.send(*ONE, {"0": b"x"}, PATHS)
        assert (answer.status_code, codes(answer)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


async def test_a_form_of_another_site_cannot_send_files() -> None:
    """It has no way of sending the header."""
    async with open_studio() as studio:
        studio.headers.clear()
        answer = await studio.send(*ONE, {"0": b"x"}, PATHS)
        assert (answer.status_code, codes(answer)) == (403, ["PREFLIGHT_REQUIRED"])
        assert "apollo-require-preflight" in answer.text
        assert studio.upstream.requests == []


async def test_a_large_file_is_refused_while_it_comes() -> None:
    """With the limit in words; nothing reaches the upstream."""
    async with open_studio() as studio:
        answer = await studio.send(*ONE, {"0": b"x" * (SIZE + 1)}, PATHS)
        assert (answer.status_code, codes(answer)) == (413, ["FILE_TOO_LARGE"])
        assert "1000000 bytes" in answer.text
        assert studio.upstream.requests == []


async def test_too_many_files() -> None:
    """By what `map` says, before any comes."""
    async with open_studio() as studio:
        paths = {str(number): ["variables.photo"] for number in range(3)}
        answer = await studio.send(*ONE, dict.fromkeys(paths, b"x"), paths)
        assert (answer.status_code, codes(answer)) == (413, ["TOO_MANY_FILES"])
        assert "2 allowed" in answer.text


@pytest.mark.parametrize("announced", [True, False])
async def test_an_endless_body(announced: bool) -> None:
    """Announced or not; padding counts too."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield b"\r\n" * 50_000

    async with open_studio() as studio:
        headers = {**PREFLIGHT, "content-type": "multipart/form-data; boundary=x"}
        content: Any = b"\r\n" * 3_000_000 if announced else pieces()
        answer = await studio.client.post(studio.url, content=content, headers=headers)
        assert (answer.status_code, codes(answer)) == (413, ["BODY_TOO_LARGE"])


async def test_a_large_operation_is_no_file() -> None:
    """`server.max_body_size` bounds it."""
    async with open_studio(max_body_size=1000) as studio:
        answer = await studio.raw(("operations", b" " * 1001))
        assert (answer.status_code, codes(answer)) == (413, ["BODY_TOO_LARGE"])


OPERATIONS = ("operations", json.dumps({"query": ONE[0], "variables": {"photo": None, "list": [None]}}).encode())
MAP = ("map", b'{"0": ["variables.photo"]}')
FILE = ("0", b"x")


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [OPERATIONS],
        [MAP, OPERATIONS, FILE],
        [OPERATIONS, FILE, MAP],
        [OPERATIONS, MAP],
        [OPERATIONS, MAP, FILE, FILE],
        [OPERATIONS, MAP, FILE, ("1", b"y")],
        [OPERATIONS, MAP, ("operations", b"{}"), FILE],
        *[
            [OPERATIONS, ("map", text), FILE]
            for text in (
                b"",
                b"[]",
                b'{"0": "variables.photo"}',
                b'{"0": [1]}',
                b"\xff",
                b'{"0": ["variables"]}',
                b'{"0": ["query"]}',
                b'{"0": ["variables.photo.deeper"]}',
                b'{"0": ["variables.other"]}',
                b'{"0": ["variables.list.1"]}',
                b'{"0": ["variables.list.-1"]}',
                b'{"0": ["variables.list.99999999999999999999"]}',
                b'{"0": ["variables.photo", "variables.photo"]}',
                b"[" * 100_000,
            )
        ],
    ],
)
async def test_what_is_not_by_the_specification(parts: list[tuple[str, bytes]]) -> None:
    """400 with what is wrong; nothing runs."""
    async with open_studio() as studio:
        answer = await studio.raw(*parts)
        assert (answer.status_code, codes(answer)) == (400, ["INVALID_UPLOAD"])
        assert studio.upstream.requests == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=", b""),
        (f"multipart/form-data; boundary={'x' * 1000}", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"nonsense"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a: b\r\n" * 100),
        ("multipart/form-data; boundary=x", b"--x\r\na: " + b"b" * 100_000),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nnameless\r\n--x--\r\n"),
    ],
)
async def test_what_is_no_multipart(content_type: str, body: bytes) -> None:
    """Whatever comes."""
    async with open_studio() as studio:
        headers = {**PREFLIGHT, "content-type": content_type}
        answer = await studio.client.post(studio.url, content=body, headers=headers)
        assert (answer.status_code, codes(answer)) == (400, ["INVALID_UPLOAD"])


async def test_an_operation_that_is_cut_off() -> None:
    """Half a file is no file."""
    async with open_studio() as studio:
        answer = await studio.raw(OPERATIONS, MAP, FILE, end=b"")
        assert codes(answer) == ["INVALID_UPLOAD"]


async def test_a_slow_upload_meets_its_time() -> None:
    """408, and the client is told."""

    async with open_studio({"timeout": "200ms"}) as studio:
        host, _, path = studio.url.removeprefix("http://").partition("/")
        lines = [f"POST /{path} HTTP/1.1", f"host: {host}", "connection: close", "content-length: 100"]
        lines += [f"{name}: {value}" for name, value in PREFLIGHT.items()]
        lines += ["content-type: multipart/form-data; boundary=x", "", "--x", ""]
        reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write("\r\n".join(lines).encode())
        async with time_limit():
            answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"REQUEST_TIMEOUT"' in answer


async def test_memory_holds_no_file() -> None:
    """Thirty megabytes go through; the upstream of this test reads them away."""
    size, got = 30_000_000, 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal got
        await reader.readuntil(b"\r\n\r\n")
        while got < size:
            got += len(await reader.read(65536))
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{"id":"p-1"}')
        await writer.drain()

    head = (
        b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n' + OPERATIONS[1] + b"\r\n"
        b'--x\r\ncontent-disposition: form-data; name="map"\r\n\r\n' + MAP[1] + b"\r\n"
        b'--x\r\ncontent-disposition: form-data; name="0"; filename="a"\r\n\r\n'
    )

    async def pieces() -> AsyncIterator[bytes]:
        yield head
        for _ in range(size // 50_000):
            yield b"x" * 50_000
        yield b"\r\n--x--\r\n"

    async with listening(serve) as port:
        own = FrontendOptions.model_validate({"schema": "s", "upload": {"max_file_size": "30MB"}})
        app = make_frontend("app", own, frontend(query=Query, mutation=Mutation))
        connector = connect("album", RestOptions(address=f"http://127.0.0.1:{port}"))
        gate = Gateway({"app": app}, _upstreams(connector), request_timeout=GENEROUS, readiness=AllReady())
        async with serving(http_app(lambda: gate, Options())) as url, httpx.AsyncClient(timeout=GENEROUS) as client:
            headers = {**PREFLIGHT, "content-type": "multipart/form-data; boundary=x"}
            tracemalloc.start()
            answer = await client.post(f"{url}/graphql/app", content=pieces(), headers=headers)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        await connector.close()
        assert answer.json() == {"data": {"keep": "p-1"}}
        assert got == size
        assert peak < 10_000_000


async def test_files_are_gone_when_the_request_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an answer and after a refusal."""
    made: list[Any] = []

    class Watched(upload.SpooledTemporaryFile):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(upload, "SpooledTemporaryFile", Watched)
    async with open_studio() as studio:
        await studio.raw(OPERATIONS, MAP, ("0", b"x" * 300_000))
        await studio.raw(OPERATIONS, MAP, FILE, FILE)
    assert [each.closed for each in made] == [True, True]
