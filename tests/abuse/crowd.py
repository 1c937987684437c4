"""The gateway of the shop with small limits and a field that hangs: `python -m tests.abuse.crowd MAX_CONNECTIONS --port 8000`."""

from __future__ import annotations

import asyncio
import sys

from bff.cli.running import run_until_stopped
from bff.contract import Answer, Answers, Request
from bff.http.door import http_app
from bff.http.options import Options, Timeouts
from bff.http.server import run as server
from bff.observability.metrics import expose_metrics
from tests.bff.http.world import FakeGateway

IDLE_CONNECTION = 4.0
WAIT = 1.5
BIG = "x" * 10_000_000


class Crowded(FakeGateway):
    """Hangs at `{ hang }`, waits at `{ wait }` as long as a deadline lets it, and gives 10 MB at `{ big }`."""

    async def answer(self, request: Request) -> Answer | Answers:
        if request.query == "{ hang }":
            await asyncio.sleep(600)
        if request.query == "{ wait }":
            await asyncio.sleep(WAIT)
        if request.query == "{ big }":
            return Answer(data={"big": BIG})
        return Answer(data={"__typename": "Query"})


def main(max_connections: int, port: int) -> None:
    gateway = Crowded()
    options = Options(port=port, max_connections=max_connections, write_timeout=3.0, compression=None)
    server.settle()
    app = http_app(lambda: gateway, options, metrics=expose_metrics)
    run_until_stopped(server.serve(app, options, timeouts=Timeouts(idle_connection=IDLE_CONNECTION)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[-1]))
