"""An HTTP upstream in a thread of the test process, whose replies a function makes; for gateways in other processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = tuple[int, str, bytes]
"""Status, content type and body."""


@contextmanager
def http_upstream(reply: Callable[[str, bytes], Reply]) -> Iterator[int]:
    """The port of an upstream that answers every request by its path and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            request = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, kind, body = reply(self.path, request)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
