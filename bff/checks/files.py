"""Files that bff.yaml names: descriptions and certificates. Each must be there, and certificates must be usable."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from bff.config import Settings
from bff.http.options import Tls
from connectors.options import ConnectorOptions, TlsOptions


def find_unusable_files(settings: Settings) -> Iterator[tuple[str, str]]:
    """The upstream, empty for the server, and a line for each file."""
    for name, each in settings.upstreams.items():
        missing = [path for path in _find_paths(each.connector) if not path.exists()]
        if settings.unset and any("placeholder" in path.name for path in missing):
            yield name, ""  # its variable is not set, so nothing can be known of it
            continue
        for path in missing:
            yield name, f"upstreams.{name}: there is no file {path}; paths are relative to the folder of bff.yaml"
        if not missing and (problem := _check_tls(each.connector.tls)):
            yield name, f"upstreams.{name}.tls: {problem}"
    if settings.server.tls is not None and (problem := check_certificate(settings.server.tls)):
        yield "", f"server.tls: {problem}"


def list_files(settings: Settings) -> list[Path]:
    """The files that bff.yaml names, whether they are there or not."""
    models = [*(each.connector for each in settings.upstreams.values()), *settings.frontends.values()]
    return [path for model in (*models, *settings.identity.values(), settings.server) for path in _find_paths(model)]


def _find_paths(value: object) -> Iterator[Path]:
    """The paths in a model of options, at any depth; an address counts when it is one."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, tuple):
        yield from (path for each in value for path in _find_paths(each))
    elif isinstance(value, BaseModel):
        if isinstance(value, ConnectorOptions) and value.address.startswith("/"):
            yield Path(value.address)
        yield from (path for _, each in value for path in _find_paths(each))


def _check_tls(options: TlsOptions) -> str | None:
    try:
        options.context()
    except (OSError, ssl.SSLError) as error:
        named = ", ".join(str(each) for each in (options.ca, options.cert, options.key) if each)
        return f"{named} cannot be used: {_explain(error)}; certificates and keys must be PEM and belong together"
    return None


def check_certificate(tls: Tls) -> str | None:
    """Why the server's certificate and key cannot be used; None if they can."""
    for path in (tls.cert, tls.key):
        if not path.exists():
            return f"there is no file {path}; paths are relative to the folder of bff.yaml"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key)
    except (OSError, ssl.SSLError) as error:
        return f"{tls.cert} and {tls.key} cannot be used: {_explain(error)}; both must be PEM and belong together"
    return None


def _explain(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)
