"""`bff demo`: it starts fast, and its printed queries work."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

import httpx

from tests.abuse.promises import cpu_seconds
from tests.e2e.command import Running, patient_config, running
from tests.waiting import GENEROUS

MAX_START_CPU = 6.0
"""CPU seconds until the first answer, of the upstreams and the gateway together."""


def _curls(output: str) -> list[str]:
    return [line.strip() for line in output.splitlines() if line.strip().startswith("curl ")]


def run_curl(command: Running, line: str) -> dict:
    """What the printed command does, without curl."""
    words = shlex.split(line)
    values = {flag: [words[i + 1] for i, word in enumerate(words) if word == flag] for flag in ("-H", "-d")}
    url = next(word for word in words if word.startswith("http"))
    assert url.startswith(command.url)
    headers = dict(header.split(": ", 1) for header in values["-H"])
    return httpx.post(url, content=values["-d"][0], headers=headers, timeout=GENEROUS).json()


def test_the_demo(tmp_path: Path) -> None:
    """It starts fast, its printed queries work as they stand, and Ctrl-C ends it cleanly."""
    with running("demo", "--free-ports", "--config", str(patient_config(tmp_path))) as command:
        command.ask_when_up("{ __typename }", "/graphql/web")
        took = cpu_seconds(*command.pids)
        print(f"bff demo: first answer after {took:.2f} s of CPU")
        assert took < MAX_START_CPU
        command.wait_for("/graphql/partner -H")
        curls = _curls(command.output)
        assert len(curls) == 3
        for line in curls:
            answer = run_curl(command, line)
            assert "errors" not in answer, answer
            assert "null" not in str(answer["data"]).lower()
        assert command.stop(signal.SIGINT) == 0
        assert "Traceback" not in command.output
