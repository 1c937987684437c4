"""`items=` and `topic_case=` of a stream: where the events of a message are, and for which topic. For endpoints."""

from __future__ import annotations

from connectors.endpoint import place_of_author, split_path
from connectors.errors import DefinitionError
from connectors.messages.keys import KEY_CASES, KeyCase
from connectors.messages.paths import PathOption
from connectors.streams.audiences import Items, choose_items


def read_items(written: bool | PathOption | None, *paths: tuple[str, ...]) -> Items:
    """What an author wrote; `paths` lead into an event. Raises DefinitionError for what is no path."""
    if written is None or isinstance(written, bool):
        return choose_items(written, *paths)
    return choose_items(split_path(written, "items", lists=False), *paths)


def check_topic_case(case: KeyCase) -> KeyCase:
    """Return it. Raises DefinitionError for another word."""
    if case not in KEY_CASES:
        raise DefinitionError(
            f"{place_of_author()}: topic_case={case!r} is not known; write one of {', '.join(KEY_CASES)}"
        )
    return case
