"""Parts that say their path and label, for clients of the proposal of August 2022. Used by the gateway.

graphql-core sends a field once, however many fragments select it. These clients expect each deferred fragment as one
piece with all its fields (Relay fills its store with nothing else), so what has been sent is kept and read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from bff.engine.graphql_core import InitialIncrementalExecutionResult, SubsequentIncrementalExecutionResult
from bff.engine.incremental.by_id import ByIds, Errors, Fields
from bff.engine.incremental.selection import Selection

Path = Sequence[str | int]


class ByPaths:
    """`deferSpec=20220824`: `incremental` has each deferred fragment, and each run of list items, with its path."""

    def __init__(self, document: DocumentNode, operation: OperationDefinitionNode, errors: Errors) -> None:
        self._by_ids = ByIds(errors)
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        self._selection = Selection([operation.selection_set], fragments)
        self._sent: Any = None
        self._pending: dict[str, Mapping[str, Any]] = {}
        self._positions: dict[str, int] = {}
        """Where the next items of a stream belong."""
        self._errors: dict[str, list[Mapping[str, Any]]] = {}
        """Of the pieces of a fragment that is not complete."""

    def begin(self, result: InitialIncrementalExecutionResult) -> Fields:
        """What stands beside the data of the first part."""
        self._sent = _copy(result.data)
        return self._write_part(self._by_ids.begin(result))

    def go_on(self, result: SubsequentIncrementalExecutionResult) -> Fields:
        """One of the parts after it."""
        return self._write_part(self._by_ids.go_on(result))

    def break_off(self, error: Mapping[str, Any]) -> Fields:
        """The last part, when everything that is still pending failed for one reason."""
        return self._write_part(self._by_ids.break_off(error))

    def _write_part(self, part: Fields) -> Fields:
        self._pending.update((each["id"], each) for each in part.get("pending", ()))
        ready = [*part.get("completed", ()), *(each for each in part.get("incremental", ()) if "items" in each)]
        pieces = self._not_place([each for each in part.get("incremental", ()) if "data" in each])
        entries: list[Fields] = []
        for each in sorted(ready, key=self._outermost_first):
            if "items" in each:
                entries.append(self._write_items(each))
                pieces = self._not_place(pieces)
            elif (entry := self._complete(each)) is not None:
                entries.append(entry)
        return {"incremental": entries, "hasNext": part["hasNext"]} if entries else {"hasNext": part["hasNext"]}

    def _outermost_first(self, each: Fields) -> tuple[int, bool]:
        """A client merges what it gets in order: a fragment before the items in it, an item before what is inside."""
        return len(self._pending[each["id"]]["path"]), "items" not in each

    def _not_place(self, pieces: Sequence[Fields]) -> list[Fields]:
        """Those of the pieces that belong into items which are not written yet."""
        return [each for each in pieces if not self._place(each)]

    def _write_items(self, each: Fields) -> Fields:
        pending = self._pending[each["id"]]
        target = _read_at(self._sent, pending["path"])
        start = self._next_index(each["id"])
        self._positions[each["id"]] = start + len(each["items"])
        if isinstance(target, list):
            target += _copy(each["items"])
        entry = {"items": each["items"], "path": [*pending["path"], start]}
        return _make_entry(entry, pending, each.get("errors"))

    def _next_index(self, pending: str) -> int:
        """The first items of a stream follow those that its field already has."""
        if pending not in self._positions:
            target = _read_at(self._sent, self._pending[pending]["path"])
            self._positions[pending] = len(target) if isinstance(target, list) else 0
        return self._positions[pending]

    def _place(self, each: Fields) -> bool:
        target = _read_at(self._sent, [*self._pending[each["id"]]["path"], *each.get("subPath", ())])
        if not isinstance(target, dict):
            return False
        target.update(_copy(each["data"]))
        self._errors.setdefault(each["id"], []).extend(each.get("errors", ()))
        return True

    def _complete(self, each: Fields) -> Fields | None:
        """A fragment is written when it is complete; a stream has been written, unless it failed."""
        errors = [*self._errors.pop(each["id"], ()), *each.get("errors", ())]
        path, failed = self._pending[each["id"]]["path"], "errors" in each
        if isinstance(_read_at(self._sent, path), list):
            position = self._next_index(each["id"])
            pending = self._pending.pop(each["id"])
            return _make_entry({"items": None, "path": [*path, position]}, pending, errors) if failed else None
        pending = self._pending.pop(each["id"])
        data = None if failed else self._read_fragment(path, pending.get("label"))
        return _make_entry({"data": data, "path": list(path)}, pending, errors)

    def _read_fragment(self, path: Path, label: str | None) -> Any:
        selection = self._selection
        for step in path:
            selection = selection.select_field(step) if isinstance(step, str) else selection
        return selection.select_fragments(label).pick(_read_at(self._sent, path))


def _read_at(value: Any, path: Path) -> Any:
    """What is at a path; None where nothing is yet, or never will be."""
    for step in path:
        if value is None or (isinstance(value, list) and int(step) >= len(value)):
            return None
        value = value[step]
    return value


def _copy(value: Any) -> Any:
    """Lists and objects anew, because they grow while others read the originals."""
    if isinstance(value, dict):
        return {name: _copy(each) for name, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


def _make_entry(entry: Fields, pending: Mapping[str, Any], errors: Sequence[Mapping[str, Any]] | None) -> Fields:
    if pending.get("label") is not None:
        entry["label"] = pending["label"]
    if errors:
        entry["errors"] = list(errors)
    return entry
