"""/live and /ready, for whoever starts, stops and routes to this process (Kubernetes, load balancers)."""

from __future__ import annotations

from bff.contract import AnswersRequests
from bff.http.asgi import Exchange
from bff.http.responses.encode import to_json
from bff.http.responses.negotiate import JSON

_HEADERS = {"cache-control": "no-store"}


async def live(exchange: Exchange) -> None:
    """200 as long as the process answers at all: a reason to restart it is silence, not an upstream that is down."""
    await exchange.respond(200, b'{"status":"live"}', JSON, _HEADERS)


async def ready(exchange: Exchange, gateway: AnswersRequests) -> None:
    """200 when every upstream was reached, or 503 with what is missing, in words that are safe to show."""
    missing = dict(gateway.readiness())
    body = {"status": "not ready", "upstreams": missing} if missing else {"status": "ready"}
    await exchange.respond(503 if missing else 200, to_json(body), JSON, _HEADERS)
