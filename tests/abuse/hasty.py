"""The gateway of the shop, which waits for clients a short time only: `python -m tests.abuse.hasty --port 8000`."""

from __future__ import annotations

import sys

from bff.app import Service, load_project
from bff.cli.running import run_until_stopped
from bff.http.options import Timeouts
from bff.http.server import run as server
from tests.e2e.command import ROOT

TIMEOUTS = Timeouts(head=2.0, body=2.0)


def main(port: int) -> None:
    project = load_project(ROOT / "bff.yaml")
    options = project.settings.server.model_copy(update={"port": port})
    service = Service(project, timeouts=TIMEOUTS)
    run_until_stopped(server.serve(service.asgi, options, timeouts=TIMEOUTS))


if __name__ == "__main__":
    main(int(sys.argv[-1]))
