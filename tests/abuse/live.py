"""A gateway under attack in a process of its own, an innocent client in another, and what is promised of both."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.command import COMMAND, ROOT, Running, environment, running

BOUND = 0.1
"""How long the gateway may work while the innocent waits, in seconds of CPU.

A machine with other work to do makes everyone wait, and says nothing of the gateway; what the gateway works on instead
of an answer does. That it also waits for nothing is what LONGEST holds it to.
"""
LONGEST = 3.0
"""How long the innocent may wait while nobody works on its answer or queues for a core to do so, in seconds."""
TRIES = 5
"""What happens by chance, such as a collection of garbage, does not happen each time."""
ATTACKERS = 3
ANSWER_SECONDS = 120.0
NOWHERE = {
    "CATALOG_URL": "http://127.0.0.1:9",
    "PRICING_ADDRESS": "127.0.0.1:9",
    "WAREHOUSE_URL": "http://127.0.0.1:9/",
    "REVIEWS_URL": "http://127.0.0.1:9/graphql",
    "TICKER_URL": "ws://127.0.0.1:9",
}
CODE = re.compile(rb'"code":"[A-Z][A-Z0-9_]+"')
INSIDE = re.compile(rb"Traceback|site-packages|\.py\b|0x[0-9a-f]{6,}| object at ")


@dataclass
class Innocent:
    """When it asked, how long it waited for each answer, how long the gateway worked meanwhile, and how long nobody did."""

    process: subprocess.Popen[str]
    waits: list[tuple[float, float, float, float]] = field(default_factory=list)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            began, waited, worked, lost = map(float, line.split())
            self.waits.append((began, waited, worked, lost))

    def worst(self, since: float, until: float) -> tuple[float, float]:
        """The longest wait for nothing that touches this time, and the most work during one; comes when an answer to a question asked after it is here."""
        end = time.monotonic() + ANSWER_SECONDS
        while not self.waits or self.waits[-1][0] < until:
            assert self.process.poll() is None, "the innocent client was cut off"
            assert time.monotonic() < end, "the innocent client waits still"
            time.sleep(0.005)
        touching = [each for each in self.waits if each[0] + each[1] >= since and each[0] <= until]
        return max((each[3] for each in touching), default=0.0), max((each[2] for each in touching), default=0.0)


@dataclass
class Live:
    """The gateway and the innocent."""

    gateway: Running
    innocent: Innocent

    @property
    def port(self) -> int:
        return int(self.gateway.url.rpartition(":")[2])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_SECONDS)

    def resident(self) -> float:
        """Memory of the gateway in MB, with that of its workers."""
        status = [Path(f"/proc/{pid}/status").read_text() for pid in self.gateway.pids]
        return sum(int(each.split("VmRSS:")[1].split()[0]) for each in status) / 1024

    def under(self, name: str, attack: Callable[[], object]) -> None:
        """Attack, and hold the gateway to its promises: it lives, logs no traceback, and the innocent hardly waits."""
        worst = ANSWER_SECONDS
        for _ in range(TRIES):
            began = time.monotonic()
            attack()
            longest, work = self.innocent.worst(began, time.monotonic())
            assert longest < LONGEST, f"the innocent waited {longest:.1f} s for nothing while {name}"
            worst = min(worst, work)
            if worst < BOUND:
                break
        print(f"{worst * 1000:7.1f} ms of work ({longest * 1000:.0f} ms for nothing) the innocent waited for: {name}")
        assert self.gateway.process.poll() is None, self.gateway.output[-2000:]
        assert "Traceback" not in self.gateway.output, self.gateway.output[-4000:]
        assert worst < BOUND, f"the innocent waited for {worst * 1000:.0f} ms of work while {name}"

    def flood(self, name: str, requests: list[bytes]) -> list[bytes]:
        """Send requests over a few connections at once; their answers. Each is a 4xx, or has data or a code."""
        answers = self.flood_or_cut(name, requests)
        for answer in answers:
            is_good(answer)
        return answers

    def flood_or_cut(self, name: str, requests: list[bytes]) -> list[bytes]:
        """The same for requests which may also be cut off without an answer."""
        answers: list[bytes] = []

        def attack() -> None:
            answers.clear()
            with ThreadPoolExecutor(ATTACKERS) as pool:
                answers.extend(pool.map(self.ask, requests))

        self.under(name, attack)
        return answers

    def ask(self, request: bytes) -> bytes:
        """The answer to one request, which must end the connection; what came before it was cut off."""
        with self.connect() as connection:
            sender = threading.Thread(target=send_all, args=(connection, request), daemon=True)
            sender.start()
            answer = receive(connection)
        sender.join(ANSWER_SECONDS)
        return answer


def is_good(answer: bytes) -> None:
    """A 4xx, or 200 with data or a coded error; nothing of the inside."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1.1 (200|4\d\d) ", head), answer[:500]
    assert not INSIDE.search(body), answer[:2000]
    assert len(body) < 500_000, len(body)
    if b"json" in head:
        assert CODE.search(body) or body.startswith(b'{"data"'), body[:500]


def send_all(connection: socket.socket, data: bytes) -> None:
    """Send as far as the other side reads."""
    with suppress(OSError):
        connection.sendall(data)


def receive(connection: socket.socket) -> bytes:
    """All that comes until the other side closes or breaks the connection."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def post(body: bytes, *headers: bytes, path: bytes = b"/graphql/web") -> bytes:
    """One request as bytes, after which the connection is closed."""
    lines = [
        b"POST %b HTTP/1.1" % path,
        b"host: localhost",
        b"connection: close",
        b"content-type: application/json",
        *headers,
    ]
    return b"\r\n".join([*lines, b"content-length: %d" % len(body), b"", body])


@contextmanager
def live(*, is_hasty: bool = False, command: tuple[str, ...] | None = None) -> Iterator[Live]:
    """The gateway of the shop, whose upstreams are away, and the innocent. A hasty one soon gives up on clients.

    `command` starts another gateway, which has the frontend `web` too.
    """
    usual = (sys.executable, "-m", "tests.abuse.hasty") if is_hasty else (*COMMAND, "serve")
    with running(command=command or usual, **NOWHERE) as gateway:
        gateway.ask_when_up("{ __typename }", "/graphql/web")
        with accompanied(gateway) as made:
            yield made


@contextmanager
def live_project(folder: Path) -> Iterator[Live]:
    """The gateway of the bff.yaml in a folder, which has the frontend `web`, and the innocent."""
    with running("serve", "--config", str(folder / "bff.yaml")) as gateway:
        gateway.ask_when_up("{ __typename }", "/graphql/web")
        with accompanied(gateway) as made:
            yield made


@contextmanager
def accompanied(gateway: Running) -> Iterator[Live]:
    """A gateway that answers already, with an innocent client."""
    port = gateway.url.rpartition(":")[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.abuse.innocent", port, *map(str, gateway.pids)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    innocent = Innocent(process)
    reader = threading.Thread(target=innocent.read, daemon=True)
    reader.start()
    try:
        yield Live(gateway, innocent)
    finally:
        process.kill()
        process.wait()
        reader.join(5)
        assert process.stdout is not None
        process.stdout.close()
