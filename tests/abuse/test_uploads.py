"""Bodies and files of several requests at once: the process holds `uploads.max_bytes` of them, and refuses the rest.

Before there was a bound, 200 clients that sent most of 1 MB each and then nothing held 200 MB for 15 seconds.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.abuse.live import Live, accompanied, post, receive
from tests.abuse.promises import promised
from tests.e2e.command import running

MAX_BYTES = 5_000_000
SIZE = 900_000
SCHEMA = """
import strawberry

from bff.authoring import Upload, frontend


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def keep(self, file: Upload) -> int:
        return file.size


schema = frontend(query=Query, mutation=Mutation)
"""
CONFIG = f"""
frontends:
  web: {{schema: uploads_schema, default: true, upload: {{max_file_size: 1MB}}}}
server: {{uploads: {{max_bytes: {MAX_BYTES}}}}}
log: {{level: error}}
"""


@pytest.fixture(scope="module")
def uploading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A gateway that holds 5 MB of bodies."""
    folder: Path = tmp_path_factory.mktemp("uploads")
    (folder / "uploads_schema.py").write_text(SCHEMA)
    (folder / "bff.yaml").write_text(CONFIG)
    with running("serve", "--config", str(folder / "bff.yaml")) as gateway:
        gateway.ask_when_up("{ hello }", "/graphql/web")
        with accompanied(gateway) as made:
            yield made


def json_request() -> bytes:
    """A query in a large body."""
    return post(b'{"query":"{ hello }"' + b" " * SIZE + b"}")


def file_request() -> bytes:
    """An upload as the GraphQL multipart request specification has it."""
    parts = {
        "operations": json.dumps({"query": "mutation($f: Upload!) { keep(file: $f) }", "variables": {"f": None}}),
        "map": '{"0": ["variables.f"]}',
    }
    fields = "".join(f'--b\r\ncontent-disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts.items())
    file = '--b\r\ncontent-disposition: form-data; name="0"; filename="a"\r\n\r\n' + "x" * SIZE + "\r\n--b--\r\n"
    request = post((fields + file).encode(), b"apollo-require-preflight: true")
    return request.replace(b"content-type: application/json", b"content-type: multipart/form-data; boundary=b")


def begin(live: Live, stack: ExitStack, request: bytes) -> socket.socket:
    """Send all but the end of a request."""
    connection = stack.enter_context(live.connect())
    connection.sendall(request[:-100])
    return connection


def is_refused(connection: socket.socket) -> bool:
    """Whether there is an answer though the request is not complete."""
    connection.settimeout(0.5)
    try:
        answer = connection.recv(65536)
    except TimeoutError:
        return False
    finally:
        connection.settimeout(60)
    assert answer.startswith(b"HTTP/1.1 503 "), answer[:300]
    assert b"SERVER_OVERLOADED" in answer
    assert b"\r\nretry-after: 1\r\n" in answer
    return True


@pytest.mark.parametrize("make", [json_request, file_request])
def test_several_bodies_at_once(uploading: Live, make: type) -> None:
    """Five fit; the others are refused before they are complete. When those have ended, there is room again."""
    request: bytes = make()
    for does_end in (True, False):
        with promised(uploading, "bodies that do not end"), ExitStack() as stack:
            connections = [begin(uploading, stack, request) for _ in range(30)]
            held = [each for each in connections if not is_refused(each)]
            assert len(held) == MAX_BYTES // SIZE
            assert b'"data"' in uploading.ask(post(b'{"query":"{ hello }"}'))
            if does_end:
                for each in held:
                    each.sendall(request[-100:])
                    assert b'"data"' in receive(each)
    assert b'"data"' in uploading.ask(request)
