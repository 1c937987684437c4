"""What is allowed in bff.yaml and worth a second look before strangers reach the gateway. Called by `bff check`."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from bff.config.settings import Settings
from bff.http.guards.allowed_hosts import is_loopback


def list_notes(settings: Settings) -> list[str]:
    """One line for each; none of them is a mistake."""
    notes = [*_note_addresses(settings), *_note_proxies(settings)]
    if settings.mode == "production":
        notes += _note_production(settings)
    return notes


def _note_addresses(settings: Settings) -> Iterator[str]:
    server = settings.server
    if is_loopback(server.host):
        return
    if settings.mode == "development":
        yield f"mode: development, and server.host {server.host} is reached by others; `mode: production` is for them"
    if server.hosts is None:
        yield f"server.hosts: server.host {server.host} is reached by others; list the names by which it is reached"
    if server.admin is not None and not is_loopback(server.admin.host):
        yield f"server.admin: {server.admin.host} is reached by others; keep its port from strangers"


def _note_proxies(settings: Settings) -> Iterator[str]:
    for each in settings.server.trusted_proxies:
        if ip_network(each).prefixlen == 0:
            yield f"server.trusted_proxies: {each} is every address, so each client can choose its own address"


def _note_production(settings: Settings) -> Iterator[str]:
    server = settings.server
    for name, why in (
        ("graphiql", "shows every frontend's schema to browsers"),
        ("metrics", "shows figures to all clients; `server.admin` has a port of its own for them"),
        ("ready_details", "names upstreams to all clients; `server.admin` has a port of its own for them"),
        ("frontend_names", "names the frontends to all clients"),
    ):
        if getattr(server, name) and name in server.model_fields_set and server.admin is None:
            yield f"server.{name}: true in production {why}"
    for frontend, options in settings.frontends.items():
        if options.introspection and options.match.api_key is None:
            yield f"frontends.{frontend}.introspection: true in production shows the schema to all clients"
