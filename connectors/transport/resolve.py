"""Names of hosts as addresses, and connections to them. Used by everything that connects, except grpcio and brokers.

The resolver of the event loop has a few threads for all names, so one name that hangs makes all others fail. Here each
name has a thread of its own while it is looked up, and a known address is used while a lookup is slow or fails.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from itertools import chain, zip_longest
from typing import Any, NamedTuple, TypeVar

from pydantic import Field

from connectors.aio.clock import SYSTEM_CLOCK, Clock, timeout_after
from connectors.options import Duration, Model

T = TypeVar("T")
PATIENCE = 0.2
"""Seconds that a lookup may take before a known address is used instead."""
STAGGER = 0.25
"""Seconds before the next address is tried too (RFC 8305 section 5)."""


class DnsOptions(Model):
    """How the names of upstreams are looked up."""

    ttl: Duration = Field(default=30.0, gt=0)
    """How long an address is used before the name is looked up again."""
    timeout: Duration = Field(default=2.0, gt=0)
    """Maximum time of a lookup if no address is known yet. Otherwise the known address is used after 0.2 s."""


class Address(NamedTuple):
    """An address of a host; `sockaddr` as the socket module has it, beginning with IP address and port."""

    family: int
    sockaddr: tuple[Any, ...]

    @property
    def host(self) -> str:
        """The IP address."""
        return str(self.sockaddr[0])


Lookup = Callable[[str, int], Sequence[Address]]
"""Looks a name up, in a thread. Raises OSError."""


def look_up(host: str, port: int) -> Sequence[Address]:
    """The addresses of a host, as the system knows them. Blocks. Raises OSError, or UnicodeError for a bad name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Address(family, sockaddr) for family, _, _, _, sockaddr in found]


@dataclass(slots=True)
class _Name:
    """What is known of one host."""

    addresses: Sequence[Address] = ()
    """Those known last, the first to be tried first."""
    fresh_until: float = 0.0
    lookup: asyncio.Future[Sequence[Address]] | None = None
    """The one under way."""
    is_slow: bool = False
    """Whether the one under way has taken longer than PATIENCE."""


class Resolver:
    """Looks up each name at most once at a time, and keeps its addresses."""

    def __init__(self, options: DnsOptions, clock: Clock = SYSTEM_CLOCK, lookup: Lookup | None = None) -> None:
        """`lookup` is `look_up`, unless a test hands in another."""
        self._options = options
        self._clock = clock
        self._lookup = lookup or look_up
        self._names: dict[tuple[str, int], _Name] = {}

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """The addresses of a host, at least one. Raises OSError, UnicodeError, or TimeoutError."""
        literal = _parse_literal(host, port)
        if literal is not None:
            return literal
        name = self._names.setdefault((host, port), _Name())
        if name.addresses and (self._clock.now() < name.fresh_until or name.is_slow):
            return name.addresses
        lookup = name.lookup or self._start(host, port, name)
        try:
            async with timeout_after(PATIENCE if name.addresses else self._options.timeout, self._clock):
                return await asyncio.shield(lookup)
        except (OSError, UnicodeError):  # TimeoutError is an OSError
            if not name.addresses:
                raise
            name.is_slow = name.lookup is not None
            return name.addresses

    async def open_socket(self, host: str, port: int) -> socket.socket:
        """A connected socket that does not block. Raises what `resolve` raises."""
        return await self.connect(host, port, connect_socket, socket.socket.close)

    async def connect(
        self, host: str, port: int, connect: Callable[[Address], Awaitable[T]], dispose: Callable[[T], object]
    ) -> T:
        """What `connect` makes of the first address that answers; `dispose` gets what is not needed after all."""
        addresses = await self.resolve(host, port)
        if len(addresses) == 1:
            return await connect(addresses[0])
        place, made = await race(addresses, connect, dispose)
        if place and (name := self._names.get((host, port))) is not None and name.addresses is addresses:
            name.addresses = [*addresses[place:], *addresses[:place]]  # those that did not answer come last from now on
        return made

    def _start(self, host: str, port: int, name: _Name) -> asyncio.Future[Sequence[Address]]:
        loop = asyncio.get_running_loop()
        lookup: asyncio.Future[Sequence[Address]] = loop.create_future()
        name.lookup = lookup

        def work() -> None:
            try:
                found = interleave_families(self._lookup(host, port))
                outcome: Sequence[Address] | Exception = found or OSError(f"{host} has no address")
            except Exception as error:  # noqa: BLE001 - raised by those who wait
                outcome = error
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._finish, name, lookup, outcome)

        threading.Thread(target=work, name=f"look up {host}", daemon=True).start()
        return lookup

    def _finish(
        self, name: _Name, lookup: asyncio.Future[Sequence[Address]], outcome: Sequence[Address] | Exception
    ) -> None:
        name.lookup, name.is_slow = None, False
        if isinstance(outcome, Exception):
            name.fresh_until = self._clock.now() + min(1.0, self._options.ttl)  # of use only if an address is known
            lookup.set_exception(outcome)
            lookup.exception()  # the tasks that waited may all be gone
            return
        if set(outcome) == set(name.addresses):
            outcome = name.addresses  # in the order that has proved itself
        name.addresses = outcome
        name.fresh_until = self._clock.now() + self._options.ttl
        lookup.set_result(outcome)


def interleave_families(addresses: Sequence[Address]) -> list[Address]:
    """IPv6 and IPv4 by turns, beginning with the family that the system prefers (RFC 8305 section 4)."""
    first = [each for each in addresses if each.family == addresses[0].family]
    other = [each for each in addresses if each.family != addresses[0].family]
    return [each for each in chain.from_iterable(zip_longest(first, other)) if each is not None]


async def race(
    addresses: Sequence[Address],
    connect: Callable[[Address], Awaitable[T]],
    dispose: Callable[[T], object],
    stagger: float = STAGGER,
) -> tuple[int, T]:
    """The place of the first address that answers, and the result of `connect` (RFC 8305 section 5).

    The next address is tried when one fails, and `stagger` seconds after the last one began. Raises the first OSError.
    """
    attempts: list[asyncio.Future[T]] = []
    try:
        while True:
            if len(attempts) < len(addresses):
                attempts.append(asyncio.ensure_future(connect(addresses[len(attempts)])))
            pending = [each for each in attempts if not each.done()]
            is_last = len(attempts) == len(addresses)
            if pending:
                await asyncio.wait(pending, timeout=None if is_last else stagger, return_when=asyncio.FIRST_COMPLETED)
            for place, each in enumerate(attempts):
                if each.done() and each.exception() is None:
                    attempts.pop(place)
                    return place, each.result()
            if is_last and all(each.done() for each in attempts):
                return 0, attempts[0].result()
    finally:
        for each in attempts:
            each.add_done_callback(lambda done: _dispose_of(done, dispose))
            each.cancel()


def _dispose_of(attempt: asyncio.Future[T], dispose: Callable[[T], object]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        dispose(attempt.result())


async def connect_socket(address: Address) -> socket.socket:
    """Connect to one address, without the loop's own lookups. Raises OSError."""
    made = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        failure = made.connect_ex(address.sockaddr)
        if failure == errno.EINPROGRESS:
            failure = await _wait_for_connection(made)
        if failure:
            raise OSError(failure, os.strerror(failure))
    except BaseException:
        made.close()
        raise
    return made


async def _wait_for_connection(made: socket.socket) -> int:
    loop = asyncio.get_running_loop()
    writable: asyncio.Future[None] = loop.create_future()
    loop.add_writer(made, _finish_waiting, writable)
    try:
        await writable
    finally:
        loop.remove_writer(made)
    return made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def _finish_waiting(writable: asyncio.Future[None]) -> None:
    if not writable.done():
        writable.set_result(None)


@lru_cache(maxsize=1000)
def _parse_literal(host: str, port: int) -> Sequence[Address] | None:
    """The address that the host is; None for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if address.version == 4:
        return (Address(socket.AF_INET, (host, port)),)
    return look_up(host, port) if "%" in host else (Address(socket.AF_INET6, (host, port, 0, 0)),)
