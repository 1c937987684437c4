"""One warning for each endpoint whose `at=` leads nowhere in a reply. Used by bff.engine and bff.authoring.

A null at the path is what the upstream says; a path that is not there is mostly a mistake, and would be a silent null.
"""

from __future__ import annotations

from bff.observability.logger import get_logger
from connectors.contract import Reply
from connectors.endpoint import Endpoint
from connectors.messages.paths import format_path

log = get_logger("bff.loading")

_MAX_WARNED = 1000
_warned: set[str] = set()


def warn_of_lost_path(endpoint: Endpoint, reply: Reply) -> None:
    """Warn, once, if the reply without data does not have the endpoint's path, with the names that it has instead."""
    place = endpoint.place
    if not endpoint.at or place in _warned or len(_warned) >= _MAX_WARNED:
        return
    lost = reply.find_lost_step()
    if lost is None:
        return
    _warned.add(place)
    step, names = lost
    log.warning(
        "path_leads_nowhere",
        upstream=endpoint.operation.upstream,
        endpoint=endpoint.name,
        place=place,
        at=format_path(endpoint.at),
        missing=step,
        reply_has=", ".join(names) or "nothing",
    )
