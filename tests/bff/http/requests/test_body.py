"""Bodies within limits of size and time."""

from __future__ import annotations

from bff.http.options import Timeouts
from tests.bff.http.world import World, connected, open_world, reply


async def test_a_body_in_many_pieces() -> None:
    """Is put together, up to the limit exactly."""
    async with open_world(max_body_size=1000) as world:

        async def pieces(total: int):
            text = b'{"query": "{ hello }", "x": "' + b"a" * (total - 31) + b'"}'
            assert len(text) == total
            for start in range(0, total, 100):
                yield text[start : start + 100]

        headers = {"content-type": "application/json"}
        for total, status in ((1000, 200), (1001, 413)):
            response = await world.client.post(f"{world.url}/graphql", content=pieces(total), headers=headers)
            assert response.status_code == status


async def test_a_length_beyond_the_limit_is_refused_unread(world: World) -> None:
    """Also one that no number type holds."""
    for length in (b"1000001", b"9" * 18):
        with connected(world) as client:
            client.sendall(
                b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: "
                + length
                + b"\r\n\r\n"
            )
            head = await reply(client)
        assert head.startswith(b"HTTP/1.1 413"), length


async def test_a_body_that_does_not_come() -> None:
    """Is not waited for for ever."""
    async with open_world(Timeouts(body=0.1)) as world:
        with connected(world) as client:
            client.sendall(
                b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
            )
            head = await reply(client)
        assert head.startswith(b"HTTP/1.1 408")
        assert b"REQUEST_TIMEOUT" in head
