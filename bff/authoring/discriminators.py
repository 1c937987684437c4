"""`adopts`: by which fields the records of a type are told from those of other types of an interface or union."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from connectors.contract import at_path
from connectors.endpoint import split_path
from connectors.messages.paths import Path, PathOption

C = TypeVar("C", bound=type)
_ADOPTS: Final = "__bff_adopts__"


def adopts(where: Mapping[PathOption, Any] | None = None, /, **fields: Any) -> Callable[[C], C]:
    """Make records with these values objects of the type: `@adopts(kind="dog")`, beside `@strawberry.type`.

    `where` takes paths, `@adopts({"meta.kind": "dog"})`; a tuple or list of values means one of them. A record that has
    `__typename` is of that type. Raises DefinitionError for a path that is not valid.
    """
    given: list[tuple[PathOption, Any]] = [*(where or {}).items(), *fields.items()]
    paths = [(split_path(path, "adopts", packages=("bff",)), value) for path, value in given]

    def decorate(cls: C) -> C:
        setattr(cls, _ADOPTS, paths)
        return cls

    return decorate


def has_discriminator(cls: type) -> bool:
    """Whether an author names values by which records of a class are known."""
    return bool(vars(cls).get(_ADOPTS))


def adopts_record(cls: type, record: Mapping[str, Any]) -> bool:
    """Whether a record has all values that its author names; False for a class of which nothing is said."""
    paths: list[tuple[Path, Any]] | None = vars(cls).get(_ADOPTS)
    return bool(paths) and all(_is_value(at_path(record, path), value) for path, value in paths or ())


def _is_value(found: Any, value: Any) -> bool:
    return found in value if isinstance(value, list | tuple) else bool(found == value)
