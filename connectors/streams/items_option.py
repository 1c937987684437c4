"""`items=` of a stream: where the events of a message are. Read when endpoints are made."""

from __future__ import annotations

from connectors.endpoint import split_path
from connectors.messages.paths import PathOption
from connectors.streams.audiences import Items, choose_items


def read_items(written: bool | PathOption | None, *paths: tuple[str, ...]) -> Items:
    """What an author wrote; `paths` lead into an event. Raises DefinitionError for what is no path."""
    if written is None or isinstance(written, bool):
        return choose_items(written, *paths)
    return choose_items(split_path(written, "items", lists=False), *paths)
