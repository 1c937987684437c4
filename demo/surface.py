"""The control surface over HTTP: GET /control tells, POST /control/NAME sets, DELETE /control resets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from demo.control import FAILURES, Control
from demo.http import Asked, HttpServer, Told, json


def surface(controls: Mapping[str, Control]) -> HttpServer:
    """A small server over the controls of all upstreams."""

    async def answer(asked: Asked) -> Told:
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["control"]:
                return json({name: _shown(control) for name, control in controls.items()})
            case "DELETE", ["control"]:
                for control in controls.values():
                    control.reset()
                return json({"reset": list(controls)})
            case "POST", ["control", name] if name in controls:
                return _set(controls[name], asked.body)
        return json({"error": f"there is /control and /control/NAME, NAME one of {', '.join(controls)}"}, 404)

    return HttpServer(answer, Control(), lambda asked: (asked.method, None))


def _set(control: Control, body: bytes) -> Told:
    try:
        wanted: Any = msgspec.json.decode(body)
        delay, fail = float(wanted.get("delay", control.delay)), wanted.get("fail", control.fail)
    except (msgspec.DecodeError, AttributeError, TypeError, ValueError):
        return json({"error": 'send {"delay": seconds, "fail": ...}'}, 400)
    if fail is not None and fail not in FAILURES:
        return json({"error": f"fail is null or one of {', '.join(FAILURES)}"}, 400)
    control.delay, control.fail = max(0.0, min(delay, 60.0)), fail
    return json(_shown(control))


def _shown(control: Control) -> dict[str, Any]:
    return {"delay": control.delay, "fail": control.fail, "calls": dict(control.count)}
