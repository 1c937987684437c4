"""Websocket clients that make the gateway send, and never read."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack

from tests.abuse.live import Live, live, send_all
from tests.abuse.promises import promised
from tests.abuse.test_websockets import HANDSHAKE, frame, message

CLIENTS = 150
PING = frame(json.dumps({"type": "ping", "payload": {"x": "y" * 950_000}}).encode())


def opened(live: Live) -> socket.socket:
    """A websocket whose client has little room for what it does not read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", live.port))
    connection.sendall(HANDSHAKE)
    assert connection.recv(2048).startswith(b"HTTP/1.1 101")
    return connection


def test_pongs_that_nobody_reads() -> None:
    """150 clients that do not read pongs of a megabyte: 543 MB without limits; beyond 64 MB over all, the slowest are cut."""
    with live() as attacked, promised(attacked, f"{CLIENTS} websockets that do not read"), ExitStack() as stack:
        sockets = [stack.enter_context(opened(attacked)) for _ in range(CLIENTS)]
        payload = message(type="connection_init") + PING * 8
        senders = [threading.Thread(target=send_all, args=(each, payload), daemon=True) for each in sockets]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(3)
