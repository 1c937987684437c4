"""Read keys of earlier versions under their names of today, with a warning for each. Called by the check.

The table names what each old key is called now. A key counts as old only where the model of its place has the new name,
lacks the old one, and the file does not give both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from bff.config.document import Document, Path
from bff.config.messages import keys_of, model_of
from bff.config.problems import Problem

RENAMED: Mapping[str, tuple[str, ...]] = {
    "above": ("min_size",),
    "aliases": ("max_aliases",),
    "backlog": ("max_backlog",),
    "cache_size": ("max_cache_size",),
    "calls": ("max_calls",),
    "connections": ("max_connections",),
    "cost": ("max_cost",),
    "credentials": ("allow_credentials",),
    "depth": ("max_depth",),
    "directives": ("max_directives",),
    "failures": ("consecutive_failures",),
    "fields": ("max_fields",),
    "first": ("initial_delay",),
    "give_up": ("give_up_after",),
    "handshake": ("handshake_headers",),
    "headers": ("allow_headers",),
    "heartbeat": ("ping_interval",),
    "idle": ("idle_timeout",),
    "introspect": ("introspection",),
    "keepalive": ("keepalive_interval",),
    "max_body": ("max_body_size",),
    "max_reply": ("max_reply_size",),
    "most": ("max_delay", "max_entries", "max_files", "max_operations"),
    "most_bytes": ("max_size",),
    "only": ("trusted_only",),
    "origins": ("allow_origins",),
    "redeliver_after": ("ack_timeout",),
    "response": ("max_response_size",),
    "root_fields": ("max_root_fields",),
    "size": ("max_file_size",),
    "slow": ("overflow",),
    "streams": ("max_streams",),
    "time": ("timeout",),
    "tokens": ("max_tokens",),
    "user": ("username",),
    "variables": ("max_variables_size",),
    "waiting": ("max_queue",),
    "window": ("batch_window",),
}
"""Keys of earlier versions and their names today. Each place has at most one of the names."""


class KeyRenamer:
    """Renames the old keys of one document in place, and collects a warning for each."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.warnings: list[Problem] = []

    def rename(self, data: Any, path: Path, models: Iterable[type[BaseModel]], more: Collection[str] = ()) -> None:
        """Rename in a mapping that these models describe together, and in all mappings inside it.

        `more` are keys that the mapping may have besides those of the models.
        """
        if not isinstance(data, dict):
            return
        fields = {field.alias or name: field for model in models for name, field in model.model_fields.items()}
        for old in [key for key in data if key not in fields and key not in more]:
            new = next((name for name in RENAMED.get(old, ()) if name in fields and name not in data), None)
            if new is not None:
                self._rename_key(data, path, old, new)
        for key, value in data.items():
            inner = model_of(fields[key].annotation) if key in fields else None
            if inner is not None and isinstance(value, dict):
                self._rename_inside(value, (*path, key), inner)

    def _rename_inside(self, data: dict[str, Any], path: Path, model: type[BaseModel]) -> None:
        """A mapping is of the model, or of names to such mappings: `frontends` is one."""
        if keys_of(model) & data.keys() or not all(isinstance(each, dict) for each in data.values()):
            self.rename(data, path, [model])
            return
        old_names = {old for old, names in RENAMED.items() if keys_of(model) & set(names)}
        if old_names & data.keys():
            self.rename(data, path, [model])
            return
        for name, each in data.items():
            self.rename(each, (*path, name), [model])

    def _rename_key(self, data: dict[str, Any], path: Path, old: str, new: str) -> None:
        message = f'this key is now "{new}"; the old name is still read'
        self.warnings.append(self._document.problem((*path, old), message))
        items = [(new if key == old else key, value) for key, value in data.items()]  # the order of the file stays
        data.clear()
        data.update(items)
        depth = len(path)
        for paths in (self._document.places, self._document.from_environment):
            moved = [each for each in paths if each[: depth + 1] == (*path, old)]
            for each in moved:
                renamed = (*path, new, *each[depth + 1 :])
                if isinstance(paths, dict):
                    paths[renamed] = paths[each]
                else:
                    paths.add(renamed)
