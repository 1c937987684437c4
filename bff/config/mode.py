"""`mode`: what production switches off where bff.yaml does not say otherwise. Called by check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bff.frontends.options import Options as FrontendOptions
from bff.http.guards.allowed_hosts import is_loopback
from bff.http.options import Options as ServerOptions

Mode = Literal["development", "production"]

_SERVER = {
    "graphiql": "GraphiQL",
    "metrics": "/metrics",
    "ready_details": "details of /ready",
    "frontend_names": "names of frontends in errors",
    "server_timing_names": "names of upstreams in Server-Timing",
}
_FRONTEND = {"introspection": "introspection", "suggestions": "suggestions in errors"}
"""Options that production switches off, and their names for people. Their defaults are those of development."""


PRODUCTION_DELAY = 5.0
"""Default of `server.shutdown_delay` in production: what Kubernetes and load balancers take to see /ready change."""


def choose_default_mode(address: str) -> Mode:
    """The mode of a bff.yaml without `mode`: only what listens on loopback alone is out of the reach of strangers."""
    return "development" if is_loopback(address) else "production"


def switch_off_server(options: ServerOptions) -> tuple[ServerOptions, list[str]]:
    """The options of the server in production, and what was switched off. Options that are set stay as they are."""
    off = {name: label for name, label in _SERVER.items() if name not in options.model_fields_set}
    if options.admin is not None:
        off.pop("metrics", None)  # it has them
    update: dict[str, object] = dict.fromkeys(off, False)
    if "shutdown_delay" not in options.model_fields_set:
        update["shutdown_delay"] = PRODUCTION_DELAY
    return options.model_copy(update=update), list(off.values())


def switch_off_frontends(
    frontends: Mapping[str, FrontendOptions],
) -> tuple[dict[str, FrontendOptions], list[str]]:
    """The options of the frontends in production, and what was switched off for any of them."""
    labels: dict[str, None] = {}
    found = {}
    for frontend, options in frontends.items():
        off = {name: label for name, label in _FRONTEND.items() if name not in options.model_fields_set}
        labels |= dict.fromkeys(off.values())
        found[frontend] = options.model_copy(update=dict.fromkeys(off, False))
    return found, list(labels)
