"""The options of endpoints about failures: `error=` finds them in good replies, `expose=` and `fields=` show parts.

Endpoints of every kind take these options; `connectors.failures` applies `error=`, the gateway the other two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from connectors.messages.paths import EACH, Path, PathOption, at_path, format_path

ErrorOption = PathOption | Mapping[PathOption, Any] | Callable[[Any], Any]
ExposeOption = PathOption | list[PathOption] | Mapping[PathOption, str]
FieldsOption = bool | Mapping[str, PathOption]

RESERVED: Final = frozenset(("code", "requestId", "fields"))
"""Members of an error's extensions that are the gateway's own."""
_RENAMED: Final = {"code": "upstreamCode", "fields": "upstreamFields", "requestId": "upstreamRequestId"}


class FailureOptions(TypedDict, total=False):
    """The options of an endpoint about failures, the same for every kind."""

    error: ErrorOption | None
    """What reports a failure in a good reply: a path such as `"error"`, at which failures have a value that is not
    null, false, 0 or empty; constant fields such as `{"status": "error"}`; or a function of the reply."""
    expose: ExposeOption | None
    """Parts of an error's body or details that frontends may read, in the error's `extensions`."""
    fields: FieldsOption | None
    """True: values that the upstream does not accept are BAD_USER_INPUT with the paths of the input's fields. A mapping
    says which argument an upstream's field is, where the names differ."""


class GraphqlFailureOptions(TypedDict, total=False):
    """The same where `fields` is the name of another option."""

    error: ErrorOption | None
    expose: ExposeOption | None
    error_fields: FieldsOption | None


class Found:
    """A failure that matches a rule."""

    __slots__ = ("path", "value")

    def __init__(self, path: Path, value: Any) -> None:
        self.path = path
        self.value = value


@dataclass(frozen=True, slots=True, eq=False)
class FailureRule:
    """What `error=` says, and where the records of a list reply stand."""

    path: Path = ()
    constants: Mapping[Path, Any] | None = None
    test: Callable[[Any], Any] | None = None
    at: Path = ()
    many_at: Path = ()
    names: tuple[bytes, ...] = ()
    """JSON without all of these reports no failure; empty where that cannot be known."""

    def find(self, value: Any) -> Found | None:
        """The failure that this reply or record reports. Raises what a function of an author raises."""
        if self.constants is not None:
            matches = isinstance(value, Mapping) and all(
                _is_one_of(at_path(value, path), wanted) for path, wanted in self.constants.items()
            )
            return Found(next(iter(self.constants)), value) if matches else None
        if self.test is not None:
            result = self.test(value)
            return Found((), value if result is True else result) if result else None
        if not isinstance(value, Mapping) and self.path[0] != EACH and not self.path[0].isdigit():
            return None
        found = at_path(value, self.path)
        if isinstance(found, list) and EACH in self.path:
            found = [each for each in found if each]
        return Found(self.path, found) if found and not isinstance(found, Exception) else None


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """What `expose=` and `fields=` say."""

    shown: tuple[tuple[Path, str], ...] = ()
    """Paths in the body or the details, and the members of `extensions` that they become."""
    maps_fields: bool = False
    fields: Mapping[str, Path] | None = None
    """Fields of the upstream, and the path of the argument that each is."""


def list_needed(failure: FailureRule, exposure: Exposure | None) -> list[Path]:
    """What an upstream that is asked for fields must be asked for too.

    The paths of `error=`, and those of `expose=` that begin with the same field.
    """
    paths = [*failure.constants] if failure.constants else [failure.path] if failure.path else []
    found = [tuple(step for step in path if step != EACH) for path in paths]
    roots = {path[0] for path in found if path}
    shown = (tuple(step for step in path if step != EACH) for path, _ in (exposure.shown if exposure else ()))
    return [*found, *(path for path in shown if len(path) > 1 and path[0] in roots)]


def _is_one_of(value: Any, wanted: Any) -> bool:
    choices = wanted if isinstance(wanted, list | tuple | set | frozenset) else (wanted,)
    return any(_is_equal(value, each) for each in choices)


def _is_equal(value: Any, wanted: Any) -> bool:
    """Equality in which true is not 1."""
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def parse_failure_rule(
    split: Callable[[PathOption, str], Path], error: ErrorOption | None, *, at: Path = (), many_at: Path = ()
) -> FailureRule | None:
    """The rule of an endpoint; None without `error`. `split` reads a path, and raises for one that cannot be read."""
    if error is None or error == ():
        return None
    if isinstance(error, Mapping):
        constants = {split(path, "error"): value for path, value in error.items()}
        if not constants:
            raise ValueError('error={} names no field; write {"status": "error"} or a path')
        return FailureRule(constants=constants, at=at, many_at=many_at, names=_list_names(constants))
    if callable(error):
        return FailureRule(test=error, at=at, many_at=many_at)
    path = split(error, "error")
    if not path:
        raise ValueError('error="" is no path; write the path to what only failures have, such as "error"')
    return FailureRule(path=path, at=at, many_at=many_at, names=_list_names((path,)))


def _list_names(paths: Collection[Path]) -> tuple[bytes, ...]:
    """A name of each path as it stands in JSON; none where one has no such name, or could be written in two ways."""
    names = [next((step for step in path if step != EACH and not step.isdigit()), "") for path in paths]
    if not all(name.isascii() and name.isprintable() and name and not set(name) & set('"\\/') for name in names):
        return ()
    return tuple(f'"{name}"'.encode() for name in names)


def parse_exposure(
    split: Callable[[PathOption, str], Path], expose: ExposeOption | None, fields: FieldsOption | None
) -> Exposure | None:
    """What an endpoint lets frontends read; None for nothing. Raises ValueError for what cannot be shown."""
    if not expose and not fields:
        return None
    given: object = expose
    if given is True:
        raise ValueError("expose=True would show all that the upstream says; name the paths that frontends may read")
    named: dict[PathOption, str | None] = {}
    if isinstance(expose, Mapping):
        named = dict(expose)
    elif expose:
        named = dict.fromkeys(expose if isinstance(expose, list) else [expose])
    shown = []
    for path, name in named.items():
        steps = split(path, "expose")
        chosen = _choose_name(steps) if name is None else name
        if not isinstance(chosen, str) or not chosen or chosen in RESERVED:
            raise ValueError(
                f"expose= gives {format_path(steps)} the name {chosen!r}, which is the gateway's own; choose another"
            )
        shown.append((steps, chosen))
    mapped = {name: split(path, "fields") for name, path in fields.items()} if isinstance(fields, Mapping) else None
    return Exposure(tuple(shown), bool(fields), mapped)


def _choose_name(path: Path) -> str:
    """The last name of a path, but none of the gateway's own."""
    name = next((step for step in reversed(path) if step != EACH and not step.isdigit()), "")
    return _RENAMED.get(name, name)
