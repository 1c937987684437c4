"""The Python files of a project that are loaded: their modules, syntax trees, and the places in them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType

_OTHERS = ("site-packages", ".venv", "node_modules")


class Sources:
    """The modules of a project, which lie in the folder of its bff.yaml or in `more` folders."""

    def __init__(self, folder: Path, *more: Path) -> None:
        self._folders = (folder, *more)
        self._trees: dict[Path, ast.Module | None] = {}

    @cached_property
    def modules(self) -> dict[Path, ModuleType]:
        """The loaded modules by their files, without those of the gateway."""
        found: dict[Path, ModuleType] = {}
        for name, module in sorted(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if not file or name.partition(".")[0] in ("bff", "connectors") or name == "__main__":
                continue
            path = Path(file)
            if path.suffix == ".py" and self._is_own(path):
                found.setdefault(path, module)
        return found

    def _is_own(self, path: Path) -> bool:
        for folder in self._folders:
            if path.is_relative_to(folder):
                return not set(path.relative_to(folder).parts) & set(_OTHERS)
        return False

    def read_tree(self, path: Path) -> ast.Module | None:
        """The syntax tree of a file; None for one that cannot be read."""
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse(path.read_bytes())
            except (OSError, SyntaxError, ValueError):
                self._trees[path] = None
        return self._trees[path]

    def find_file(self, shown: str) -> Path | None:
        """The file of a place as `connectors.endpoint.place_of_author` writes it."""
        if Path(shown).is_file():
            return Path(shown)
        parts = Path(shown).parts
        for folder in self._folders:
            for start in range(len(parts)):
                if (path := folder.joinpath(*parts[start:])).is_file():
                    return path
        return next((path for path in self.modules if path.parts[-len(parts) :] == parts), None)

    def find_column(self, shown: str, line: int) -> int:
        """The column of the first call in a line, or of what the line begins with."""
        path = self.find_file(shown)
        tree = None if path is None else self.read_tree(path)
        if path is None or tree is None:
            return 1
        calls = [node.col_offset for node in ast.walk(tree) if isinstance(node, ast.Call) and node.lineno == line]
        if calls:
            return min(calls) + 1
        text = path.read_text(encoding="utf-8").splitlines()[line - 1 : line]
        return len(text[0]) - len(text[0].lstrip()) + 1 if text else 1

    def find_attribute(self, cls: type, name: str) -> str | None:
        """The place of an attribute in the class that defines it, as `file:line:column`."""
        for base in cls.__mro__:
            module = sys.modules.get(base.__module__)
            file = getattr(module, "__file__", None)
            tree = self.read_tree(Path(file)) if file and Path(file) in self.modules else None
            for node in _iterate_classes(tree, base.__qualname__.rpartition(".")[2]):
                for each in node.body:
                    if name in _list_names(each):
                        return f"{shorten(Path(str(file)))}:{each.lineno}:{each.col_offset + 1}"
        return None


def _iterate_classes(tree: ast.Module | None, name: str) -> Iterator[ast.ClassDef]:
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.ClassDef) and node.name == name:
            yield node


def _list_names(node: ast.stmt) -> list[str]:
    """The attributes that a statement of a class defines."""
    if isinstance(node, ast.AnnAssign):
        return [node.target.id] if isinstance(node.target, ast.Name) else []
    if isinstance(node, ast.Assign):
        return [each.id for each in node.targets if isinstance(each, ast.Name)]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []


def shorten(path: Path) -> str:
    """The path relative to the current folder, if it lies there."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
