"""A client that asks every 20 ms and prints when it asked, how long it waited, how long the gateway worked meanwhile,
and for how much of the wait neither worked nor queued for a core.

Run as a process of its own, by tests.abuse.live.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

PAUSE = 0.02
BODY = b'{"query":"{ __typename }"}'
ASK = (
    b"POST /graphql/web HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    % len(BODY)
) + BODY


def queueing(gateway: list[int]) -> float:
    """Seconds that the gateway's threads and this process have waited for a core, where the system tells."""
    return sum(_delay(file) for pid in (*gateway, "self") for file in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def working(gateway: list[int]) -> float:
    """CPU seconds of the gateway's processes (clock_getcpuclockid)."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in gateway)


def _delay(file: Path) -> float:
    try:
        return int(file.read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def main(port: int, gateway: list[int]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            began, worked, queued = time.monotonic(), working(gateway), queueing(gateway)
            connection.sendall(ASK)
            answer = b""
            while b'"data"' not in answer:
                part = connection.recv(65536)
                if not part:
                    raise SystemExit(f"cut off after {answer!r}")
                answer += part
            waited = time.monotonic() - began
            work = working(gateway) - worked
            lost = max(0.0, waited - work - (queueing(gateway) - queued))
            sys.stdout.write(f"{began} {waited} {work} {lost}\n")
            sys.stdout.flush()
            time.sleep(max(0.0, PAUSE - waited))


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(pid) for pid in sys.argv[2:]])
