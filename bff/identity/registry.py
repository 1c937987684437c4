"""Makes the identity providers of `identity` in bff.yaml, and opens and closes them together. Used by bff.app."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from bff.authoring import SchemaError
from bff.identity.api_keys import ApiKeyProvider, KeyFileError
from bff.identity.options import Provider as Options
from bff.identity.provider import IdentityProvider


class IdentityProviders:
    """The identity providers by name. Each frontend uses those that it names."""

    def __init__(self, options: Mapping[str, Options]) -> None:
        """Raises SchemaError for what only shows when a provider is made: a file of keys, a missing package."""
        problems: list[str] = []
        made: dict[str, IdentityProvider] = {}
        for name, each in options.items():
            try:
                made[name] = _create_provider(name, each)
            except KeyFileError as error:
                problems.append(f"identity.{name}: {error}")
            except ModuleNotFoundError as missing:
                advice = "install it with: pip install 'bff-gateway[login]'"
                problems.append(f"identity.{name} needs the package {missing.name}; {advice}")
        if problems:
            raise SchemaError(problems)
        self.by_name: Mapping[str, IdentityProvider] = MappingProxyType(made)

    async def open(self) -> None:
        """Open them. None waits for another system here."""
        for provider in self.by_name.values():
            await provider.open()

    async def close(self) -> None:
        """Close them."""
        await asyncio.gather(*(provider.close() for provider in self.by_name.values()))


def _create_provider(name: str, options: Options) -> IdentityProvider:
    if options.api_keys is not None:
        return ApiKeyProvider(name, options.api_keys)
    assert options.jwt is not None
    provider: IdentityProvider = import_module("bff.identity.jwt").JwtProvider(name, options.jwt)  # needs an extra
    return provider
