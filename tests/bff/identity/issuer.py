"""An issuer of tokens: keys of each kind, a key set that is served over a real socket, and counts of what was fetched."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from bff.http.asgi import Receive, Scope, Send
from tests.serving import serving

NAME = "https://issuer.example"


class Issuer:
    """Signs tokens, and serves the public keys of `keys`."""

    def __init__(self, key: Key) -> None:
        self.keys: dict[str, Key] = {"rsa": key}
        self.fetches: list[str] = []
        """Paths, in the order in which they were fetched."""
        self.status = 200
        self.body: bytes | None = None
        """Served instead of the key set."""
        self.url = ""

    @property
    def key_set(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.keys.values()]}

    def sign(self, kid: str | None = "rsa", *, alg: str = "RS256", key: Key | None = None, **claims: Any) -> str:
        """A token with sensible claims but for those that are given; None leaves one out."""
        now = int(time.time())
        chosen = {"iss": NAME, "aud": "shop", "sub": "ada", "iat": now, "exp": now + 300, **claims}
        header = {"alg": alg} if kid is None else {"alg": alg, "kid": kid}
        signer = key if key is not None else self.keys[kid or "rsa"]
        return jwt.encode(header, {k: v for k, v in chosen.items() if v is not None}, signer, algorithms=[alg])

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve the key set at /jwks and the OpenID configuration at /config."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                for event in ("startup", "shutdown"):
                    await receive()
                    await send({"type": f"lifespan.{event}.complete"})
                return
            path = scope["path"]
            self.fetches.append(path)
            body = self._find(path) if self.body is None else self.body
            await send({"type": "http.response.start", "status": self.status, "headers": []})
            await send({"type": "http.response.body", "body": body})

        async with serving(app) as self.url:
            yield self.url

    def _find(self, path: str) -> bytes:
        served: Mapping[str, Any] = {"/config": {"issuer": NAME, "jwks_uri": f"{self.url}/jwks"}, "/jwks": self.key_set}
        return json.dumps(served[path]).encode()


def make_key(alg: str, kid: str) -> Key:
    """A key for an algorithm."""
    if alg.startswith("HS"):
        return OctKey.generate_key(512, {"kid": kid})
    if alg.startswith("ES"):
        return ECKey.generate_key({"256": "P-256", "384": "P-384", "512": "P-521"}[alg[2:]], {"kid": kid})
    if alg.startswith("Ed"):
        return OKPKey.generate_key("Ed25519", {"kid": kid})
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})
