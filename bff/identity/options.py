"""The options under `identity.<name>` in bff.yaml."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema, field_validator, model_validator

from connectors.options import ConfigPath, Duration, Model, Size, TlsOptions

Algorithm = Literal[
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
    "HS256",
    "HS384",
    "HS512",
]


def _parse_end(value: object) -> object:
    """Seconds since 1970 of a date (its last moment, UTC) or of a date and time with its offset."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > len("2027-01-31") else date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is not a date; write 2027-01-31 or 2027-01-31T18:00:00Z") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("the time has no offset; write it with one, such as 2027-01-31T18:00:00Z")
        return value.timestamp()
    if isinstance(value, date):
        return datetime.combine(value, time.max, UTC).timestamp()
    return value


Moment = Annotated[float, BeforeValidator(_parse_end), WithJsonSchema({"type": "string", "examples": ["2027-01-31"]})]
"""Seconds since 1970, written as a date."""


class Key(Model):
    """One API key. A caller may have several, so that keys can be replaced one after the other."""

    caller: str = Field(min_length=1)
    """Names the caller; appears in logs and counts."""
    key: Annotated[SecretStr, Field(min_length=16)] | None = None
    """The key itself; write it as a ${VARIABLE}."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the key, as `bff key new` prints it, so that the file holds no secret."""
    plan: str = ""
    """The plan of the caller, for quotas."""
    scopes: frozenset[str] = frozenset()
    """What the caller may do."""
    roles: frozenset[str] = frozenset()
    """What the caller is."""
    expires: Moment | None = None
    """When the key ends: the last day, or a date and time."""
    frontends: frozenset[str] = frozenset()
    """The frontends that accept the key. Without it, all that use this identity provider."""

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if (self.key is None) == (self.sha256 is None):
            raise ValueError("give either `key` or `sha256`")
        return self


class ApiKeys(Model):
    """API keys in a request header. Each belongs to a caller."""

    header: str = "x-api-key"
    """Name of the header that holds the key."""
    keys: tuple[Key, ...] = ()
    """The keys."""
    file: ConfigPath | None = None
    """YAML file with more keys, as a list. A change of the file is applied without a restart."""
    refresh: Duration = Field(default=5.0, ge=0.1)
    """How often the file is looked at."""

    @field_validator("header")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if not self.keys and self.file is None:
            raise ValueError("give `keys`, or a `file` with them")
        return self


class Jwks(Model):
    """Where the public keys of an issuer are (RFC 7517)."""

    url: str | None = None
    """URL of the key set."""
    discovery: str | None = None
    """URL of the issuer's OpenID configuration, which names the key set and, without `issuers`, the issuer."""
    file: ConfigPath | None = None
    """File with the key set."""
    refresh: Duration = Field(default=600.0, ge=1)
    """How often the keys are read again."""
    prefetch: bool = True
    """Read the keys at the start, not with the first token."""
    timeout: Duration = Field(default=5.0, gt=0)
    """Maximum duration of one fetch."""
    unknown_key_interval: Duration = Field(default=30.0, ge=1)
    """The keys are read again for a token with an unknown key id at most once in this time, to protect the issuer."""
    max_size: Size = Field(default=512_000, ge=100)
    """Maximum size of the key set."""
    tls: TlsOptions = Field(default_factory=TlsOptions)
    """TLS towards the issuer."""

    @field_validator("url", "discovery")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("is not a URL; begin it with https:// (or http:// within a protected network)")
        return value

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if sum(each is not None for each in (self.url, self.discovery, self.file)) != 1:
            raise ValueError("give one of `url`, `discovery` and `file`")
        return self


class Jwt(Model):
    """JSON Web Tokens (RFC 7519) that another system signs. A token is verified once and remembered until it ends."""

    algorithms: tuple[Algorithm, ...] = Field(min_length=1)
    """The accepted signature algorithms. There is no default: accept only what your issuer uses."""
    issuers: tuple[str, ...] = ()
    """The accepted values of the claim `iss`. A token of another issuer is left to the next identity provider."""
    audiences: tuple[str, ...] = ()
    """The accepted values of the claim `aud`; one of them must be in the token."""
    any_audience: bool = False
    """Accept tokens for any audience. Only for an issuer that issues tokens for this gateway alone."""
    jwks: Jwks | None = None
    """The issuer's public keys."""
    secret: SecretStr | None = None
    """The shared secret of HS256, HS384 and HS512."""
    required_claims: tuple[str, ...] = ("exp",)
    """Claims that a token must have."""
    clock_skew: Duration = Field(default=60.0, ge=0)
    """How much the clocks may differ."""
    max_lifetime: Duration | None = Field(default=None, gt=0)
    """Maximum time between `iat` and `exp`."""
    header: str = "authorization"
    """Name of the header that holds the token. In `authorization` it follows `Bearer`."""
    cookie: str | None = None
    """Name of a cookie that holds the token, where the header is missing."""
    caller_claim: str = "sub"
    """The claim that names the caller."""
    scopes_claim: str = "scope"
    """The claim with the scopes: a list, or text separated by spaces. Dots lead into objects: `realm_access.roles`."""
    roles_claim: str = "roles"
    """The claim with the roles, in the same form."""
    plan_claim: str | None = None
    """The claim with the caller's plan, for quotas."""
    max_token_size: Size = Field(default=8_192, ge=100)
    """Maximum size of a token."""
    max_entries: int = Field(default=10_000, ge=1)
    """How many verified tokens are remembered."""

    @field_validator("header")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.jwks is None) == (self.secret is None):
            raise ValueError("give either `jwks` or `secret`")
        if not self.issuers and (self.jwks is None or self.jwks.discovery is None):
            raise ValueError("give `issuers`; a token of any other issuer is not accepted")
        shared = {each for each in self.algorithms if each.startswith("HS")}
        if self.secret is None and shared:
            raise ValueError(f"{sorted(shared)[0]} needs a `secret`; public keys are for the other algorithms")
        if self.secret is not None and len(shared) < len(self.algorithms):
            raise ValueError("a `secret` is for HS256, HS384 and HS512 only")
        if self.secret is not None and len(self.secret.get_secret_value().encode()) < 32:
            raise ValueError("the secret is shorter than 32 bytes (RFC 7518, section 3.2)")
        if not self.audiences and not self.any_audience:
            raise ValueError("give `audiences`; without one, a token that was issued for another system is accepted")
        return self


class Provider(Model):
    """One identity provider: a way in which callers prove their identity."""

    api_keys: ApiKeys | None = None
    """API keys in a request header."""
    jwt: Jwt | None = None
    """JSON Web Tokens."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        kinds = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError(f"give one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def headers(self) -> frozenset[str]:
        """The request headers that hold its credentials."""
        if self.api_keys is not None:
            return frozenset({self.api_keys.header})
        assert self.jwt is not None
        return frozenset({self.jwt.header, *(["cookie"] if self.jwt.cookie else ())})
