"""Types the README's tutorial as a person does: three terminals, only its lines, no variable that it does not set.

`python -m tests.tutorial FOLDER`, where FOLDER is a checkout in which `make demo` has installed everything.
"""

from __future__ import annotations

import fcntl
import json
import os
import queue
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

SECTION = re.compile(r"^## Add a frontend in ten minutes$(.*?)^## ", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PORTS = (8000, 8001, *range(9001, 9007))
"""What the tutorial's commands listen at."""
SECONDS = 120.0


def blocks(readme: str, language: str) -> list[str]:
    """The tutorial's snippets of a language."""
    found = SECTION.search(readme)
    assert found, "the README has no tutorial"
    return [text for each, text in BLOCK.findall(found[1]) if each == language]


class Terminal:
    """A shell with what a login has, and nothing of this process's environment."""

    def __init__(self, folder: Path) -> None:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder.parent), "TERM": "dumb"}
        self._shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def type(self, text: str) -> None:
        """Type lines, with a return after each."""
        assert self._shell.stdin is not None
        self._shell.stdin.write(text if text.endswith("\n") else text + "\n")
        self._shell.stdin.flush()

    def wait_for(self, text: str) -> str:
        """The first further line with this text."""
        end = time.monotonic() + SECONDS
        while True:
            try:
                line = self._queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                sys.exit(f"{text!r} did not come; the terminal shows:\n{''.join(self.lines)}")
            if text in line:
                return line

    def close(self) -> None:
        """End the shell and all that it started."""
        os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.wait()

    def _read(self) -> None:
        assert self._shell.stdout is not None
        for line in self._shell.stdout:
            self.lines.append(line)
            self._queue.put(line)
        self._queue.put(None)


def play(checkout: Path) -> dict[str, Any]:
    """The answer to the tutorial's query, its three files written by an editor."""
    readme = (checkout / "README.md").read_text()
    before, after, query = blocks(readme, "sh")
    demo, work, other = terminals = [Terminal(checkout) for _ in range(3)]
    try:
        demo.type("make demo")
        demo.wait_for("Press Ctrl-C to stop.")
        work.type(before)
        work.type("pwd")
        folder = Path(work.wait_for("/hello").strip())
        for text in (*blocks(readme, "python"), *blocks(readme, "yaml")):
            (folder / text.splitlines()[0].removeprefix("# ")).write_text(text)
        work.type(after)
        work.wait_for("OK")
        work.wait_for("Press Ctrl-C to stop.")
        other.type(query)
        other.type("echo")  # curl ends without a newline
        answer: dict[str, Any] = json.loads(other.wait_for("{"))
        return answer
    finally:
        for each in terminals:
            each.close()


def is_in_use(port: int) -> bool:
    """Whether something listens at a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def open_loopback() -> None:
    """In a network namespace of its own, loopback is off at first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING


if __name__ == "__main__":
    if "--own-network" in sys.argv:
        open_loopback()
    sys.stdout.write(json.dumps(play(Path(sys.argv[1]))))
