"""One client that reserves event streams without end: others still get theirs."""

from __future__ import annotations

import socket

from tests.abuse.live import Live
from tests.abuse.promises import promised

RESERVE = b"PUT /graphql/web HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n"


def reserve(live: Live, address: str, count: int) -> list[bytes]:
    """The status lines of so many reservations over one connection from this address."""
    lines = []
    with socket.create_connection(("127.0.0.1", live.port), timeout=30, source_address=(address, 0)) as connection:
        answers = connection.makefile("rb")
        for _ in range(count):
            connection.sendall(RESERVE)
            lines.append(answers.readline().split()[1])
            size = 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
            answers.read(size)
    return lines


def test_one_address_takes_no_more_than_its_share(attacked: Live) -> None:
    """It took all 1,000 streams of the process before, and everybody else was refused."""
    with promised(attacked, "1,500 reservations of event streams"):
        taken = reserve(attacked, "127.0.0.1", 1_500)
        assert taken.count(b"201") == 100
        assert taken.count(b"503") == 1_400
        assert reserve(attacked, "127.0.0.2", 1) == [b"201"]
