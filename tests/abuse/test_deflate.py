"""Deflated websocket messages against a live gateway: a kilobyte on the wire is a megabyte in memory (RFC 7692)."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest

from tests.abuse.live import BOUND, Live, live, send_all
from tests.abuse.promises import promised
from tests.abuse.test_websockets import HANDSHAKE, TEXT, frame, message

OFFER = HANDSHAKE[:-2] + b"sec-websocket-extensions: permessage-deflate; client_no_context_takeover\r\n\r\n"
DEFLATED = 0x40
LARGE = 990_000
HELD = 3.0
"""Seconds for which connections are held that the gateway does not read from."""
QUIET_LOOKS = 8
"""So many times in a row nothing was there, each 50 ms after the last."""
SUBSCRIPTION = "subscription($sku: ID!) { priceChanges(sku: $sku) { amount } }"


def deflated(payload: bytes, *, is_last: bool = True) -> bytes:
    """One frame, deflated (RFC 7692, section 7.2.1)."""
    deflate = zlib.compressobj(9, wbits=-12)
    data = deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return frame(data[:-4] if is_last else data, TEXT | DEFLATED, is_last=is_last)


def padded(**fields: object) -> bytes:
    """A message of LARGE bytes, nearly all of them spaces."""
    text = json.dumps(fields).encode()
    return text[:-1] + b" " * (LARGE - len(text)) + b"}"


def subscriptions(variables: dict[str, object], count: int = 100) -> bytes:
    """Deflated messages that differ in their id, which stands last: what is before it is deflated once."""
    fields = {"type": "subscribe", "payload": {"query": SUBSCRIPTION, "variables": variables}}
    common = zlib.compressobj(9, wbits=-12)
    head, frames = common.compress(json.dumps(fields).encode()[:-1]), []
    for number in range(count):
        deflate = common.copy()
        data = head + deflate.compress(b', "id": "%d"}' % number) + deflate.flush(zlib.Z_SYNC_FLUSH)
        frames.append(frame(data[:-4], TEXT | DEFLATED))
    return b"".join(frames)


def noise(size: int) -> str:
    """Text that deflates to a fiftieth or so, which is below the ratio that closes a websocket."""
    return "".join(f"{random.getrandbits(24):06x}{' ' * 600}" for _ in range(size // 606))


def lists(count: int) -> list[object]:
    """Values that take twenty times their text in memory."""
    return [random.getrandbits(20) if number % 30 == 0 else [] for number in range(count)]


def opened(live: Live, *, is_deflated: bool = True) -> socket.socket:
    connection = live.connect()
    connection.sendall(OFFER if is_deflated else HANDSHAKE)
    assert connection.recv(65536).startswith(b"HTTP/1.1 101")
    connection.settimeout(1)
    return connection


def flood(live: Live, connections: int, payload: bytes) -> int:
    """Send the same over several connections, and hold them open; how many bytes were sent.

    Ends when the gateway has read all or closed the connections and nothing more comes from it, at most after HELD.
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(opened(live)) for _ in range(connections)]
        senders = [threading.Thread(target=send_all, args=(each, payload), daemon=True) for each in sockets]
        for sender in senders:
            sender.start()
        end, quiet = time.monotonic() + HELD, 0
        while time.monotonic() < end and quiet < QUIET_LOOKS:
            came = [_read_some(each) for each in sockets]
            quiet = 0 if any(came) or any(each.is_alive() for each in senders) else quiet + 1
            time.sleep(0.05)
    for sender in senders:
        sender.join(5)
    return connections * len(payload)


def _read_some(connection: socket.socket) -> bool:
    """Whether bytes were there; sending goes on meanwhile."""
    with suppress(OSError):
        return bool(connection.recv(65536, socket.MSG_DONTWAIT))
    return False


INIT = message(type="connection_init")
ATTACKS: dict[str, tuple[int, Callable[[], bytes]]] = {
    "2,000 deflated messages of 1 MB": (3, lambda: INIT + deflated(padded(type="ping")) * 2_000),
    "200 messages of 1 MB, deflated as JSON is": (
        3,
        lambda: INIT + deflated(json.dumps({"type": "complete", "id": noise(LARGE)}).encode()) * 200,
    ),
    "unfinished messages of 1 MB, deflated as JSON is": (
        100,
        lambda: INIT + deflated(noise(LARGE).encode(), is_last=False),
    ),
    "unfinished deflated messages of 1 MB": (150, lambda: INIT + deflated(b" " * LARGE, is_last=False)),
    "unfinished deflated messages of 1 MB before the init": (150, lambda: deflated(b" " * LARGE, is_last=False)),
    "unfinished frames of 1 MB": (150, lambda: INIT + frame(b" " * LARGE)[:-1]),
    "100 subscriptions of 1 MB": (3, lambda: INIT + subscriptions({"sku": noise(LARGE)})),
    "100 subscriptions of 240,000 lists": (3, lambda: INIT + subscriptions({"sku": "x", "more": lists(240_000)})),
}
"""For each attack: how many connections, and what makes its bytes when it runs."""


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_inflated_is_bounded(name: str) -> None:
    """The gateway holds little more than at rest, and gives it back."""
    connections, write = ATTACKS[name]
    payload = write()
    attack = f"{name}, {connections} x {len(payload) / 1000:.0f} kB"
    with live() as attacked, promised(attacked, attack, most_work=2 * BOUND):  # 110 ms beside other tests on two cores
        flood(attacked, connections, payload)
