"""The control surface over HTTP: GET /control reports, POST /control/NAME sets, DELETE /control resets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from demo.control import FAILURES, Control
from demo.http import HttpServer, Request, Response, json_response


def control_server(controls: Mapping[str, Control]) -> HttpServer:
    """A small server over the controls of all upstreams."""

    async def answer(request: Request) -> Response:
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["control"]:
                return json_response({name: _describe(control) for name, control in controls.items()})
            case "DELETE", ["control"]:
                for control in controls.values():
                    control.reset()
                return json_response({"reset": list(controls)})
            case "POST", ["control", name] if name in controls:
                return _change(controls[name], request.body)
        return json_response({"error": f"there is /control and /control/NAME, NAME one of {', '.join(controls)}"}, 404)

    return HttpServer(answer, Control(), lambda request: (request.method, None))


def _change(control: Control, body: bytes) -> Response:
    try:
        wanted: Any = msgspec.json.decode(body)
        delay, fail = float(wanted.get("delay", control.delay)), wanted.get("fail", control.fail)
    except (msgspec.DecodeError, AttributeError, TypeError, ValueError):
        return json_response({"error": 'send {"delay": seconds, "fail": ...}'}, 400)
    if fail is not None and fail not in FAILURES:
        return json_response({"error": f"fail is null or one of {', '.join(FAILURES)}"}, 400)
    control.delay, control.fail = max(0.0, min(delay, 60.0)), fail
    return json_response(_describe(control))


def _describe(control: Control) -> dict[str, Any]:
    return {"delay": control.delay, "fail": control.fail, "calls": dict(control.count)}
