"""Two hundred clients, some thousand answers, many times as many in `make soak`: no error, and memory that stays."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.connectors.conformance import free_port
from tests.e2e.command import patient_config
from tests.e2e.world import ROOT
from tests.seeds import IS_SOAK
from tests.waiting import GENEROUS, time_limit

CLIENTS, ANSWERS, SAMPLES = 200, 10_000 if IS_SOAK else 750, 15
HUNG = 5 * GENEROUS
"""Seconds that none of two hundred requests at once takes on a busy machine."""
QUERY = "{ products(category: TOYS, first: 5) { name onSale price { amount } rating { average } } }"


def resident(pid: int) -> int:
    """Resident memory of a process in MB."""
    return (
        int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout)
        // 1024
    )


@pytest.mark.soak
async def test_two_hundred_clients(tmp_path: Path) -> None:
    """The gateway with its demo upstreams, in a process of its own; only what hangs meets a timeout."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bff.cli",
        "demo",
        "--free-ports",
        "--config",
        str(patient_config(tmp_path)),
        "--port",
        str(port),
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with time_limit():
            while not re.search(rb"listens at", await process.stderr.readline()):
                pass
        drain = asyncio.create_task(process.stderr.read())
        url = f"http://127.0.0.1:{port}/graphql/mobile"
        answered, wrong = 0, []
        memory: list[int] = []

        async def client(http: httpx.AsyncClient) -> None:
            nonlocal answered
            while answered < ANSWERS:
                response = await http.post(url, json={"query": QUERY})
                answer = response.json()
                if response.status_code != 200 or "errors" in answer or len(answer["data"]["products"]) != 5:
                    wrong.append(response.text[:300])
                answered += 1
                if answered % (ANSWERS // SAMPLES) == 0:
                    memory.append(await asyncio.to_thread(resident, process.pid))

        limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
        async with httpx.AsyncClient(timeout=HUNG, limits=limits) as http:
            await asyncio.gather(*(client(http) for _ in range(CLIENTS)))
        print(f"{answered} answers, memory in MB: {memory}")
        assert wrong == []
        assert len(memory) >= SAMPLES
        warm, end = max(memory[3:7]), max(memory[-3:])
        assert end < warm * 1.15 + 5, memory
        process.send_signal(signal.SIGINT)
        await drain
        assert await process.wait() in {0, 130}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
