"""Drive a real headless Chromium through the DevTools protocol. No driver program and no library of its own."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.services import need_program
from tests.waiting import time_limit

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1280,900",
)


class Refused(Exception):
    """The browser will not do what it was told."""


class Page:
    """One tab. What the page logs as errors is collected in `problems`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.ensure_future(self._read())
        self.problems: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        """One command of the DevTools protocol."""
        number = next(self._ids)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        async with time_limit():
            return await self._answers[number]

    async def open(self, url: str) -> None:
        """Go to an address."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """The value of an expression, promises awaited."""
        result = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"])
        return result["result"].get("value")

    async def wait_for(self, script: str, seconds: float = 20) -> Any:
        """Ask until the expression is true; a page that is just being left cannot tell."""
        async with asyncio.timeout(seconds):
            while True:
                with suppress(Refused):
                    if value := await self.run(script):
                        return value
                await asyncio.sleep(0.1)

    async def screenshot(self, path: Path) -> None:
        """What a person would see, as PNG."""
        shot = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    async def close(self) -> None:
        """Stop listening."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if "id" in message:
                answer = self._answers.pop(message["id"])
                if "error" in message:
                    answer.set_exception(Refused(message["error"]["message"]))
                else:
                    answer.set_result(message["result"])
            elif message["method"] == "Runtime.exceptionThrown":
                self.problems.append(str(message["params"]["exceptionDetails"])[:500])
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                self.problems.append(message["params"]["entry"]["text"])


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Page]:
    """A page of a new browser with an empty profile; the browser ends with the test."""
    program = need_program("chromium", "chromium-browser", "google-chrome")
    process = await asyncio.create_subprocess_exec(
        program,
        *_FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with time_limit():
            while not (found := re.search(rb"ws://([^/]+)/", await process.stderr.readline())):
                pass
        drain = asyncio.ensure_future(process.stderr.read())
        host = found[1].decode()
        target = await _first_page(host)
        async with connect(target, proxy=None, max_size=None) as socket:
            page = Page(socket)
            yield page
            await page.close()
        drain.cancel()
    finally:
        process.terminate()
        await process.wait()
        await asyncio.sleep(0)


async def _first_page(host: str) -> str:
    """The debugging address of the first tab."""
    async with httpx.AsyncClient(trust_env=False) as client:
        tabs = (await client.get(f"http://{host}/json")).json()
    return str(next(each["webSocketDebuggerUrl"] for each in tabs if each["type"] == "page"))
