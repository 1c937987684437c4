"""/live and /ready: the probes of Kubernetes and load balancers. Called by the door."""

from __future__ import annotations

from bff.contract import AnswersRequests
from bff.http.asgi import Exchange
from bff.http.responses.encode import to_json
from bff.http.responses.negotiate import JSON

_HEADERS = {"cache-control": "no-store"}
_READY = b'{"status":"ready"}'
_NOT_READY = b'{"status":"not ready"}'


async def respond_live(exchange: Exchange) -> None:
    """200 whenever the process can answer: an upstream that is down is no reason to restart the process."""
    await exchange.respond(200, b'{"status":"live"}', JSON, _HEADERS)


async def respond_ready(exchange: Exchange, gateway: AnswersRequests, *, shows_details: bool = True) -> None:
    """200 if every upstream was reached; 503 with the missing ones in safe words, if `shows_details`, or at a stop."""
    if exchange.is_leaving:
        await exchange.respond(503, b'{"status":"stopping"}', JSON, _HEADERS)
        return
    missing = dict(gateway.readiness())
    if not shows_details:
        await exchange.respond(503 if missing else 200, _NOT_READY if missing else _READY, JSON, _HEADERS)
        return
    body = {"status": "not ready", "upstreams": missing} if missing else {"status": "ready"}
    await exchange.respond(503 if missing else 200, to_json(body), JSON, _HEADERS)
