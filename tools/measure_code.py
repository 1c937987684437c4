"""Print how the code is built: sizes of files and functions, names, and imports between rooms.

`python tools/measure_code.py` measures `bff` and `connectors`; other folders may be named, for example those of an
installed package, so that the same script measures both. `--names` lists the functions that are counted as named by a
past participle. The table is what CONTRIBUTING.md refers to.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent

_IRREGULAR = """
told had made kept sent given taken found written left lost held built begun done known seen shown meant bound
chosen drawn fallen forgotten gone grown hidden led met paid said sold spent stood thrown understood won worn
brought bought caught fed felt fought heard laid lent risen sunk sworn taught torn woken

"""
IRREGULAR = frozenset(_IRREGULAR.split())
"""Participles that do not end in -ed."""
_VERBS = """
embed feed need proceed seed shed speed succeed exceed bleed breed heed weed led
"""
VERBS = frozenset(_VERBS.split())
"""Words that end in -ed and are none."""
ADJECTIVES = frozenset({"unhandled", "unsupported", "deprecated"})
"""Participles that the field uses as the name of an event or a state."""
QUESTIONS = ("is", "has", "can", "are", "was", "may", "must", "should", "wants", "allows")


@dataclass
class Function:
    """One function or method that its author named."""

    name: str
    place: str
    lines: int

    @property
    def words(self) -> list[str]:
        """The words of its name."""
        return [each for each in self.name.strip("_").split("_") if each]

    @property
    def is_participle(self) -> bool:
        """Whether its name begins with a past participle, and so says no deed."""
        first = self.words[0].lower() if self.words else ""
        return first in IRREGULAR or (bool(re.fullmatch(r"[a-z]{2,}ed", first)) and first not in VERBS | ADJECTIVES)


@dataclass
class Room:
    """The files of one folder tree."""

    name: str
    files: dict[str, int] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)
    arrows: set[tuple[str, str]] = field(default_factory=set)


def measure(folder: Path) -> Room:
    """Everything below a folder."""
    room = Room(str(folder.name))
    modules = {_module(folder, file): file for file in sorted(folder.rglob("*.py")) if "tests" not in file.parts}
    for module, file in modules.items():
        text = file.read_text()
        tree = ast.parse(text)
        room.files[module] = len(text.splitlines())
        room.functions += _functions(tree, module)
        room.arrows |= {(module, target) for target in _targets(tree, modules) if target != module}
    return room


def _module(folder: Path, file: Path) -> str:
    parts = (folder.name, *file.relative_to(folder).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _functions(tree: ast.AST, module: str) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            is_dunder = node.name.startswith("__") and node.name.endswith("__")
            decorators = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
            if not is_dunder and not decorators & {"property", "cached_property", "setter", "overload"}:
                yield Function(node.name, f"{module}:{node.lineno}", (node.end_lineno or node.lineno) - node.lineno + 1)


def _targets(tree: ast.AST, modules: dict[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                target = whole if whole in modules else node.module
                if target in modules:
                    yield target
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)


def rooms_of(room: Room, prefix: str) -> tuple[int, int, int]:
    """Files directly in a room, and arrows among its files: all, and those between its rooms."""

    def part(module: str) -> str:
        rest = module.removeprefix(prefix + ".").split(".")
        return rest[0] if len(rest) > 1 else ""

    inside = [(a, b) for a, b in room.arrows if a.startswith(prefix + ".") and b.startswith(prefix + ".")]
    between = {(part(a), part(b)) for a, b in inside if part(a) != part(b)}
    flat = [module for module in room.files if module.startswith(prefix + ".") and not part(module)]
    return len(flat), len(inside), len(between)


def table(folders: list[Path]) -> str:
    """One row per folder, then the rooms of `bff`."""
    head = "| code | files | lines | file median / max | functions | lines median / max | participle | one word |"
    rows = [head, "|" + "---|" * 8]
    for folder in folders:
        room = measure(folder)
        sizes, functions = list(room.files.values()), room.functions
        lengths = [each.lines for each in functions]
        named = [each for each in functions if not each.words or each.words[0] not in QUESTIONS]
        participles = sum(each.is_participle for each in named)
        singles = sum(len(each.words) == 1 for each in functions)
        rows.append(
            f"| {room.name} | {len(sizes)} | {sum(sizes)} | {median(sizes):.0f} / {max(sizes)} | {len(functions)} "
            f"| {median(lengths):.0f} / {max(lengths)} "
            f"| {participles / len(functions):.1%} | {singles / len(functions):.1%} |"
        )
    bff = next((each for each in folders if each.name == "bff"), None)
    if bff is not None:
        room = measure(bff)
        rows += ["", "| room | files beside its rooms | arrows | arrows between its rooms |", "|---|---|---|---|"]
        for prefix in ("bff.engine", "bff.http", "bff.gateway"):
            rows.append("| " + " | ".join(map(str, (prefix, *rooms_of(room, prefix)))) + " |")
    return "\n".join(rows) + "\n"


def main() -> int:
    """Print the table, or the names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT / "bff", ROOT / "connectors"])
    parser.add_argument("--names", action="store_true", help="list functions named by a past participle")
    arguments = parser.parse_args()
    if arguments.names:
        for folder in arguments.folders:
            found = [each for each in measure(folder).functions if each.is_participle]
            sys.stdout.write("".join(f"{each.place} {each.name}\n" for each in found))
        return 0
    sys.stdout.write(table(arguments.folders))
    return 0


if __name__ == "__main__":
    sys.exit(main())
