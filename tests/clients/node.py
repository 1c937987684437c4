"""Run a script of tests/npm with node, and read the JSON that it prints."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.npm import installed
from tests.services import need_program

SECONDS = 90


async def node(package: str, script: str, *arguments: str) -> Any:
    """What the script printed on its last line; its complaints are the assertion's message when it fails."""
    program = need_program("node")
    folder = await asyncio.to_thread(installed, package)
    process = await asyncio.create_subprocess_exec(
        program, script, *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(SECONDS):
            out, complaints = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, complaints.decode()[-4000:]
    return json.loads(out.decode().splitlines()[-1])
