"""API keys: each request carries one in a header. The keys are compared by their SHA-256, and may change in a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from bff.contract import Caller, Request
from bff.identity.options import ApiKeys as Options
from bff.identity.options import Key
from bff.identity.provider import MISSING, UNKNOWN, Found, InvalidCredential
from bff.observability.logger import get_logger
from connectors.aio.clock import SYSTEM_CLOCK, Clock

log = get_logger("bff.identity")

_KEYS = TypeAdapter(tuple[Key, ...])
_MAX_FILE_SIZE = 10_000_000


class KeyFileError(Exception):
    """A file of keys that cannot be used. The message holds no key."""


class ApiKeyProvider:
    """Finds whose key a request carries: one digest and one lookup, however many keys there are.

    A digest is enough at rest, because a key is random and long. The time of the lookup depends on the digest alone,
    from which nothing about other keys follows.
    """

    def __init__(
        self, name: str, options: Options, *, clock: Clock = SYSTEM_CLOCK, now: Callable[[], float] = time.time
    ) -> None:
        """`now` is the time of day that keys end by. Raises KeyFileError for a file that cannot be read."""
        self.name = name
        self._header, self._refresh = options.header, options.refresh
        self._clock, self._now = clock, now
        self._fixed = options.keys
        self._file = options.file
        self._modified: object = None
        self._task: asyncio.Task[None] | None = None
        self._callers: Mapping[str, tuple[Caller, frozenset[str]]] = {}
        if self._file is None:
            self._adopt(())
        else:
            self._modified = _read_state(self._file)
            self._adopt(read_key_file(self._file))

    @property
    def headers(self) -> frozenset[str]:
        """The one header."""
        return frozenset({self._header})

    @property
    def advice(self) -> str:
        """The header."""
        return f"a valid API key in the {self._header} header"

    def challenge(self, problem: str = "") -> str:
        """There is no registered scheme for API keys; the header is a parameter."""
        return f'ApiKey header="{self._header}"'

    def find(self, head: Request) -> Found:
        """The caller of a valid key; UNKNOWN for another one."""
        presented = head.headers.get(self._header)
        if not presented:
            return MISSING
        entry = self._callers.get(_hash_key(presented))
        if entry is None:
            return UNKNOWN
        caller, frontends = entry
        if caller.expires_at is not None and caller.expires_at <= self._now():
            return UNKNOWN
        return caller if not frontends or head.frontend in frontends else UNKNOWN

    async def identify(self, head: Request) -> Caller:
        """Raise InvalidCredential with what is wrong with the key."""
        entry = self._callers.get(_hash_key(head.headers[self._header]))
        if entry is None:
            raise InvalidCredential(f"The API key in the {self._header} header is not valid.")
        caller, frontends = entry
        if caller.expires_at is not None and caller.expires_at <= self._now():
            raise InvalidCredential(f"The API key in the {self._header} header has expired.", is_expired=True)
        if frontends and head.frontend not in frontends:
            raise InvalidCredential(f"The API key in the {self._header} header is not for this frontend.")
        return caller

    async def open(self) -> None:
        """Begin to watch the file."""
        if self._file is not None:
            self._task = asyncio.create_task(self._watch_file(self._file))

    async def close(self) -> None:
        """Stop watching the file."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch_file(self, file: Path) -> None:
        while True:
            await self._clock.sleep(self._refresh)
            try:
                state = await asyncio.to_thread(_read_state, file)
                if state == self._modified:
                    continue
                keys = await asyncio.to_thread(read_key_file, file)
            except KeyFileError as error:
                if self._modified is not None:  # once for each change
                    log.warning("api_keys_not_reloaded", identity=self.name, problem=str(error))
                self._modified = None
                continue
            self._modified = state
            self._adopt(keys)
            log.info("api_keys_reloaded", identity=self.name, keys=len(keys))

    def _adopt(self, keys: Iterable[Key]) -> None:
        """Use these keys beside those of bff.yaml. A key that stays keeps its Caller."""
        known = self._callers
        callers: dict[str, tuple[Caller, frozenset[str]]] = {}
        for each in (*self._fixed, *keys):
            digest = each.sha256 or _hash_key(each.key.get_secret_value() if each.key else "")
            caller = Caller(
                kind="api_key",
                id=each.caller,
                issuer=self.name,
                scopes=each.scopes,
                roles=each.roles,
                plan=each.plan,
                proof=self._header,
                expires_at=each.expires,
            )
            before = known.get(digest)
            callers[digest] = (before[0] if before and _says_same(before[0], caller) else caller, each.frontends)
        self._callers = callers


def read_key_file(file: Path) -> tuple[Key, ...]:
    """The keys of a YAML file. Raises KeyFileError with the place of the first mistake."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_FILE_SIZE + 1)
        if len(content) > _MAX_FILE_SIZE:
            raise KeyFileError(f"{file.name} is larger than {_MAX_FILE_SIZE} bytes")
        data: Any = yaml.safe_load(content) or []
    except OSError as error:
        raise KeyFileError(f"{file.name} cannot be read: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise KeyFileError(f"{file.name}:{line}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError):  # a date such as 2027-13-01 is a ValueError of YAML
        raise KeyFileError(f"{file.name} is not YAML in UTF-8, or has an impossible date") from None
    if not isinstance(data, list):
        raise KeyFileError(f"{file.name} is no list; write `- {{caller: NAME, sha256: ...}}` for each key")
    try:
        return _KEYS.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise KeyFileError(f"{file.name}: entry {place}: {first['msg'].removeprefix('Value error, ')}") from None


def _hash_key(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _says_same(one: Caller, other: Caller) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in Caller.__slots__)


def _read_state(file: Path) -> object:
    """Equal as long as the file was not replaced or written. Raises KeyFileError."""
    try:
        state = file.stat()
    except OSError as error:
        raise KeyFileError(f"{file.name} cannot be read: {error.strerror}") from error
    return (state.st_mtime_ns, state.st_size, state.st_ino)
