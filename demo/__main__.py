"""`python -m demo` runs all upstreams, `python -m demo catalog --port 9001` one of them, until stopped."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from demo.shop import NAMES, Shop


async def run_upstreams(arguments: argparse.Namespace) -> None:
    """Start the upstreams, print their addresses, and wait for a signal."""
    shop = Shop(arguments.host, tick=arguments.tick, broker=arguments.broker)
    names = [arguments.name] if arguments.name else [*NAMES, "control"]
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    try:
        for name in names:
            await shop.start(name, arguments.port if arguments.name else 0)
        for variable, address in shop.addresses.items():
            sys.stdout.write(f"{variable}={address}\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        for name in names:
            await shop.stop(name)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="The shop's upstreams.")
    parser.add_argument("name", nargs="?", choices=NAMES, help="one upstream; all by default")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="port of the one upstream; a free port by default")
    parser.add_argument("--tick", type=float, default=1.0, help="seconds between live prices")
    parser.add_argument("--broker", help="address of the queue, such as nats://127.0.0.1:4222")
    asyncio.run(run_upstreams(parser.parse_args()))


if __name__ == "__main__":
    main()
