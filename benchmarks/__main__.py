"""`make bench`: run every measurement and print a table. Ratios are within one run; this machine's load cancels out."""

from __future__ import annotations

import asyncio

from benchmarks import posts_users, resolvers


def main() -> None:
    """Run them all."""
    for module in (resolvers, posts_users):
        print(f"\n{(module.__doc__ or '').splitlines()[0]}\n")
        for row in asyncio.run(module.measure()):
            print(f"  {row}")


main()
