"""Which files a running project was loaded from, and when they change. Used by `bff serve --reload`.

The files are looked at instead of watched by the kernel: bff.yaml may be a symlink whose target is swapped, as those of
a Kubernetes ConfigMap are, and folders may be mounted.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bff.checks.files import list_files
from bff.checks.sources import Sources
from bff.config import Settings

INTERVAL = 0.2
"""Seconds between looks."""
_NAMES = (".py", ".yaml", ".yml", ".graphql", ".json", ".proto", ".wsdl", ".xsd")
"""Files of which a new one may mend a project that could not be loaded."""

State = dict[Path, tuple[object, ...]]


class LoadedFiles:
    """The files of a project, as they were when they were last looked at."""

    def __init__(self, config: Path, settings: Settings) -> None:
        """`config` is bff.yaml as it was named: its target may change."""
        self._config = config
        self._state: State = {}
        self._paths: set[Path] = set()
        self.update(settings)

    def update(self, settings: Settings) -> None:
        """Take the files of the project that is loaded now, as they are now."""
        sources = Sources(settings.folder, settings.module_folder)
        self._paths = {self._config, *sources.modules, *list_files(settings)}
        known, self._state = self._state, self._look()
        self._state |= {path: state for path, state in known.items() if path in self._state}

    def _look(self) -> State:
        """Each file's place on disk, time and size; and the names in the folders that hold them."""
        state: State = {path: _read_state(path) for path in self._paths}
        state |= {folder: _list_names(folder) for folder in {path.parent for path in self._paths}}
        return state

    async def wait_for_change(self) -> list[str]:
        """Return the names of files that changed, once they stay as they are."""
        while True:
            await asyncio.sleep(INTERVAL)
            found = self._look()
            if found == self._state:
                continue
            await asyncio.sleep(INTERVAL)
            settled = self._look()
            if settled != found:
                continue  # an editor or a deployment is at work
            changed = [path for path in settled if settled[path] != self._state.get(path)]
            self._state = settled
            return sorted({_name_change(path, changed) for path in changed} - {""})


def _read_state(path: Path) -> tuple[object, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _list_names(folder: Path) -> tuple[object, ...]:
    try:
        return tuple(sorted(each.name for each in folder.iterdir() if each.suffix in _NAMES))
    except OSError:
        return ()


def _name_change(path: Path, changed: list[Path]) -> str:
    """The name of a file; that of a folder only where no file in it changed."""
    if path.suffix not in _NAMES and any(each.parent == path for each in changed):
        return ""
    return path.name
