"""JSON Web Tokens (RFC 7519, with the advice of RFC 8725): verified once, and remembered until they end."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key, OctKey
from joserfc.util import urlsafe_b64decode

from bff.contract import Caller, Problem, Request
from bff.identity.cookies import read_cookie
from bff.identity.key_source import KeySource, KeysUnavailable
from bff.identity.options import Jwt as Options
from bff.identity.provider import MISSING, UNKNOWN, Found, InvalidCredential
from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.aio.lru import LRU

_SCHEME = "bearer "
_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
"""Values of the header `typ` that an access token may have; other kinds of tokens are no proof (RFC 8725, 3.11)."""


class JwtProvider:
    """Finds the caller that a token names. Tokens of other issuers are left to the next provider."""

    def __init__(
        self, name: str, options: Options, *, clock: Clock = SYSTEM_CLOCK, now: Callable[[], float] = time.time
    ) -> None:
        """`now` is the time of day that tokens end by."""
        self.name = name
        self._options = options
        self._now = now
        self._known: LRU[str, Caller] = LRU(options.max_entries)
        self._secret = OctKey.import_key(options.secret.get_secret_value()) if options.secret else None
        self._source = KeySource(name, options.jwks, on_change=self._known.clear, clock=clock) if options.jwks else None

    @property
    def headers(self) -> frozenset[str]:
        """The header of the token. A cookie is for browsers to set."""
        return frozenset({self._options.header})

    @property
    def advice(self) -> str:
        """Where the token belongs."""
        header = self._options.header
        return "a bearer token in the authorization header" if header == "authorization" else f"a token in {header}"

    def challenge(self, problem: str = "") -> str:
        """As RFC 6750, section 3, says: no error for a request without a token."""
        return f'Bearer error="invalid_token", error_description="{problem}"' if problem else "Bearer"

    def find(self, head: Request) -> Found:
        """The caller of a token that was verified before and has not ended."""
        token = self._read_token(head.headers)
        if token is None:
            return MISSING
        caller = self._known.get(token)
        if caller is None:
            return UNKNOWN
        if caller.expires_at is not None and caller.expires_at <= self._now():
            self._known.discard(token)
            return UNKNOWN
        return caller

    async def identify(self, head: Request) -> Caller:
        """Verify a token. Raises InvalidCredential, and Refused while there are no keys to verify it with."""
        token = self._read_token(head.headers)
        assert token is not None
        caller = await self._verify(token)
        self._known.put(token, caller)
        return caller

    async def open(self) -> None:
        """Begin to read the issuer's keys."""
        if self._source is not None:
            await self._source.open()

    async def close(self) -> None:
        """Stop reading keys."""
        if self._source is not None:
            await self._source.close()

    def _read_token(self, headers: Mapping[str, str]) -> str | None:
        options = self._options
        value = headers.get(options.header)
        if value is not None:
            if options.header != "authorization":
                return value
            if value[: len(_SCHEME)].lower() == _SCHEME:
                return value[len(_SCHEME) :].strip()
        return read_cookie(headers, options.cookie) if options.cookie is not None else None

    async def _verify(self, token: str) -> Caller:
        options = self._options
        if len(token) > options.max_token_size:
            raise InvalidCredential("The token is too large.")
        head, claims = _read_parts(token)
        if options.issuers and claims.get("iss") not in options.issuers:
            raise InvalidCredential("The token is of an issuer that is not accepted here.", is_foreign=True)
        algorithm = head.get("alg")
        if algorithm not in options.algorithms:
            raise InvalidCredential("The token is signed by an algorithm that is not accepted.")
        if str(head.get("typ", "")).lower() not in _TYPES:
            raise InvalidCredential("The token is not an access token.")
        keys = await self._find_keys(head.get("kid"), algorithm)
        if not any(_is_signed_by(token, key, algorithm) for key in keys):
            raise InvalidCredential("The signature of the token is not valid.")
        self._check_issuer(claims)
        self._check_times(claims)
        self._check_audience(claims)
        return self._create_caller(claims)

    async def _find_keys(self, kid: Any, algorithm: str) -> Iterable[Key]:
        if self._source is None:
            return (self._secret,) if self._secret is not None else ()
        try:
            return await self._source.find(kid if isinstance(kid, str) else None, algorithm)
        except KeysUnavailable as error:
            raise Problem.IDENTITY_UNAVAILABLE.refusal(
                "The caller cannot be verified at the moment.", retry_after="5"
            ) from error

    def _check_issuer(self, claims: Mapping[str, Any]) -> None:
        """Without `issuers`, the issuer is the one that its OpenID configuration names."""
        named = self._source.issuer if self._source is not None and not self._options.issuers else None
        if named is not None and claims.get("iss") != named:
            raise InvalidCredential("The token is of an issuer that is not accepted here.", is_foreign=True)

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        options, now = self._options, self._now()
        for name in options.required_claims:
            if claims.get(name) is None:
                raise InvalidCredential(f"The token has no {name}.")
        times = {name: claims[name] for name in ("exp", "nbf", "iat") if claims.get(name) is not None}
        for name, value in times.items():
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise InvalidCredential(f"The {name} of the token is no number.")
        if times.get("exp", float("inf")) + options.clock_skew <= now:
            raise InvalidCredential("The token has expired.", is_expired=True)
        if times.get("nbf", 0) - options.clock_skew > now or times.get("iat", 0) - options.clock_skew > now:
            raise InvalidCredential("The token is not valid yet.")
        if options.max_lifetime is not None:
            lifetime = times.get("exp", float("inf")) - times.get("iat", float("-inf"))
            if lifetime > options.max_lifetime:
                raise InvalidCredential("The token lives longer than is accepted.")

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        if self._options.audiences and _words(claims.get("aud"), splits=False).isdisjoint(self._options.audiences):
            raise InvalidCredential("The token is for another audience.")

    def _create_caller(self, claims: Mapping[str, Any]) -> Caller:
        options = self._options
        ends = claims.get("exp")
        plan = _lead(claims, options.plan_claim) if options.plan_claim is not None else None
        return Caller(
            kind="jwt",
            id=str(_lead(claims, options.caller_claim) or ""),
            issuer=str(claims.get("iss") or self.name),
            scopes=_words(_lead(claims, options.scopes_claim)),
            roles=_words(_lead(claims, options.roles_claim)),
            claims=claims,
            plan=plan if isinstance(plan, str) else "",
            proof=options.header,
            expires_at=None if ends is None else ends + options.clock_skew,
        )


def _read_parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the claims, not verified yet. Raises InvalidCredential for what is no token."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidCredential("The credential is no JSON Web Token.", is_foreign=True)
    try:
        head, claims = (msgspec.json.decode(urlsafe_b64decode(part.encode())) for part in parts[:2])
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise InvalidCredential("The credential is no JSON Web Token.", is_foreign=True) from None
    if not isinstance(head, dict) or not isinstance(claims, dict):
        raise InvalidCredential("The credential is no JSON Web Token.", is_foreign=True)
    return head, claims


def _is_signed_by(token: str, key: Key, algorithm: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # EdDSA has a newer name, and issuers still write the old one
            jws.deserialize_compact(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError):
        return False
    return True


def _lead(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of this name, or the one at the end of the path. None where there is none."""
    if path in claims:
        return claims[path]  # such as https://example.com/roles
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _words(value: Any, *, splits: bool = True) -> frozenset[str]:
    """The texts of a list, or the words of a text. Everything else is left out."""
    if isinstance(value, str):
        return frozenset(value.split()) if splits else frozenset({value})
    return frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()
