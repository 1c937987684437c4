"""The public keys of one issuer (RFC 7517): fetched from its URL or a file, kept, and read again. Used by jwt."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import httpx
import msgspec
from joserfc import jwk
from joserfc.errors import JoseError

from bff.identity.options import Jwks
from bff.observability.logger import get_logger
from connectors.aio.attempt import Attempt
from connectors.aio.clock import SYSTEM_CLOCK, Clock

log = get_logger("bff.identity")

_MAX_KEYS = 100
_RETRY = 5.0
"""Seconds after which a failed refresh is repeated, where `refresh` is longer."""
_PAUSE = 1.0
"""Seconds after a failure in which tokens do not make the keys be read again: the issuer may have enough to do."""


class KeysUnavailable(Exception):
    """There are no keys, and they cannot be had now. The message is for the log."""


class KeySet:
    """Keys by their id. Keys for other uses than signatures, and of unknown types, are left out."""

    def __init__(self, data: Any) -> None:
        """`data` is a JWK set. Raises KeysUnavailable for something else, or one without a usable key."""
        entries = data.get("keys") if isinstance(data, dict) else None
        if not isinstance(entries, list):
            raise KeysUnavailable("the document is no JSON Web Key Set: it has no list `keys`")
        self._keys: list[tuple[str | None, str | None, jwk.Key]] = []
        for each in entries[:_MAX_KEYS]:
            if not isinstance(each, dict) or each.get("use", "sig") != "sig" or each.get("kty") == "oct":
                continue
            try:
                key = jwk.import_key(each)
            except (JoseError, ValueError, TypeError):
                continue
            self._keys.append((_text(each.get("kid")), _text(each.get("alg")), key))
        if not self._keys:
            raise KeysUnavailable("the key set has no public key for signatures")

    @property
    def ids(self) -> frozenset[str | None]:
        """The ids of its keys."""
        return frozenset(kid for kid, _, _ in self._keys)

    def find(self, kid: str | None, algorithm: str) -> list[jwk.Key]:
        """The keys that a token with this key id may be signed with; for one without, all of the algorithm's type."""
        kind = _KEY_TYPES[algorithm[:2]]
        return [
            key
            for id_, alg, key in self._keys
            if (kid is None or id_ == kid)
            and key.key_type == kind
            and alg in (None, algorithm, *_SAME.get(algorithm, ()))
        ]


_KEY_TYPES: Mapping[str, str] = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_SAME: Mapping[str, Sequence[str]] = {"EdDSA": ("Ed25519",), "Ed25519": ("EdDSA",)}
"""Two names of one algorithm: RFC 8037 has the first, RFC 9864 the second."""


class KeySource:
    """Reads a key set when it is first needed, and again in the background. The last keys stay in use meanwhile."""

    def __init__(
        self,
        name: str,
        options: Jwks,
        *,
        on_change: Callable[[], None],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """`name` is that of the identity provider. `on_change` is called when a key is no longer in the set."""
        self._name, self._options, self._clock = name, options, clock
        self._on_change = on_change
        self._attempt = Attempt(self._read, clock=clock)
        self._keys: KeySet | None = None
        self.issuer: str | None = None
        """What the issuer calls itself in its OpenID configuration, once that was read."""
        self._task: asyncio.Task[None] | None = None
        self._next_unknown = float("-inf")
        """When the next unknown key id may make the keys be read again."""
        self._failed: tuple[float, KeysUnavailable] | None = None
        """The last failure, and when it may be repeated."""

    async def find(self, kid: str | None, algorithm: str) -> list[jwk.Key]:
        """The keys for a token. Reads the keys for an id that is not known. Raises KeysUnavailable."""
        keys = self._keys or await self._wait()
        found = keys.find(kid, algorithm)
        if not found and self._clock.now() >= self._next_unknown:
            self._next_unknown = self._clock.now() + self._options.unknown_key_interval
            self._attempt.forget()
        if not found and self._attempt.value is None:  # the keys are being read again, for this token or another
            try:
                found = (await self._wait()).find(kid, algorithm)
            except KeysUnavailable:
                return found
        return found

    async def open(self) -> None:
        """Begin to read the keys again and again."""
        self._task = asyncio.create_task(self._refresh())

    async def close(self) -> None:
        """End all of it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._attempt.close()

    async def _refresh(self) -> None:
        options = self._options
        is_first = True
        while True:
            if not is_first or not options.prefetch:
                pause = options.refresh if self._failed is None else min(options.refresh, _RETRY)
                await self._clock.sleep(pause * random.uniform(0.9, 1.0))  # noqa: S311 - so that not all ask at once
            is_first = False
            if self._keys is None and not options.prefetch:
                continue  # no token has come yet
            self._attempt.forget()
            with suppress(KeysUnavailable):  # `_wait` has written the log line
                await self._wait()

    async def _wait(self) -> KeySet:
        if self._failed is not None and self._clock.now() < self._failed[0]:
            raise KeysUnavailable(str(self._failed[1]))
        try:
            keys = await self._attempt.wait(self._options.timeout + 1.0)
        except TimeoutError:
            failure = KeysUnavailable(f"no key set within {self._options.timeout:g} s")
        except KeysUnavailable as error:
            failure = error
        else:
            self._failed = None
            return keys
        if self._failed is None or self._clock.now() >= self._failed[0]:  # once for all that waited, however many
            log.warning("identity_keys_not_read", identity=self._name, problem=str(failure), has_keys=bool(self._keys))
            self._failed = (self._clock.now() + _PAUSE, failure)
        raise failure

    async def _read(self) -> KeySet:
        options = self._options
        if options.file is not None:
            try:
                content = await asyncio.to_thread(options.file.read_bytes)
            except OSError as error:
                raise KeysUnavailable(f"{options.file.name} cannot be read: {error.strerror}") from error
            data = _parse(content, options.file.name)
        else:
            async with httpx.AsyncClient(timeout=options.timeout, trust_env=False, verify=_load_tls(options)) as client:
                url = options.url or await self._discover(client)
                data = await _fetch(client, url, options)
        keys = KeySet(data)
        before, self._keys = self._keys, keys
        if before is not None and not before.ids <= keys.ids:
            self._on_change()
        return keys

    async def _discover(self, client: httpx.AsyncClient) -> str:
        """The URL of the key set, from the OpenID configuration (OpenID Connect Discovery 1.0, section 4)."""
        assert self._options.discovery is not None
        found = await _fetch(client, self._options.discovery, self._options)
        url = found.get("jwks_uri") if isinstance(found, dict) else None
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise KeysUnavailable("the OpenID configuration has no jwks_uri")
        self.issuer = _text(found.get("issuer"))
        return url


def _load_tls(options: Jwks) -> ssl.SSLContext:
    try:
        return options.tls.context()
    except OSError as error:
        raise KeysUnavailable(f"the files of `tls` cannot be used: {error.strerror or error}") from error


async def _fetch(client: httpx.AsyncClient, url: str, options: Jwks) -> Any:
    content = bytearray()
    try:
        async with asyncio.timeout(options.timeout), client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                raise KeysUnavailable(f"{url} answered {response.status_code}")
            async for part in response.aiter_bytes():
                content += part
                if len(content) > options.max_size:
                    raise KeysUnavailable(f"{url} sends more than {options.max_size} bytes")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
        raise KeysUnavailable(f"{url}: {type(error).__name__}") from error
    return _parse(bytes(content), url)


def _parse(content: bytes, source: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        raise KeysUnavailable(f"{source} is no JSON") from None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
