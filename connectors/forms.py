"""Forms: which parts of a record are wanted, and the class they are put in. Filled by connectors, for the gateway.

A form is filled straight from what the upstream sent: what is not wanted is skipped, types and nulls are checked on the
way, in C where the payload is JSON. It is all or nothing: where one record does not fit, Unfit says so, and the reply
is read as plain Python instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Final, Generic, Literal, TypeVar, Union, cast, get_args, get_origin
from weakref import WeakKeyDictionary

import msgspec

from connectors.aio import cooperative
from connectors.messages.json_numbers import has_slow_numbers
from connectors.messages.paths import EACH

T = TypeVar("T")

_LEAST_DENSE: Final = 32
"""Bytes for each object or list, on average, where more than 500 kB are decoded at once."""
_NEVER = Literal["\0 this name must not be there \0"] | msgspec.UnsetType
"""Of what is not there, nothing is written when a record becomes JSON again."""


class Unfit(Exception):
    """A reply is not as a form wants it."""


class Record(msgspec.Struct, gc=False):
    """An object of a form. Never in a cycle, so that the garbage collector need not look at the thousands of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One value of each record."""

    attribute: str
    name: str
    """Where it stands in the record."""
    type: Any
    """As msgspec takes it, such as `str | None` or `list[Inner]`, where Inner is the class of another form."""
    default: Any = msgspec.NODEFAULT
    """Instead of what is missing; NODEFAULT for what must be there."""
    rivals: tuple[str, ...] = ()
    """Other names that it could have. Records that use one of these do not fit."""


class Form:
    """The parts wanted of each record, and how records are held: alone, in a list, perhaps null."""

    def __init__(self, type_: Any) -> None:
        """`type_` is what the whole reply is to be, such as `list[Product]`, of classes from `record_class`."""
        self.type = type_
        self.is_open = "AnyType" in repr(msgspec.inspect.type_info(type_))
        """Whether a part takes whatever is there, at any depth."""
        self.has_floats = self.is_open or "FloatType" in repr(msgspec.inspect.type_info(type_))
        """Whether a part takes numbers of all sizes."""
        self._decoders: dict[tuple[str, ...], msgspec.json.Decoder[Any]] = {}

    def decoder(self, at: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
        """Decodes JSON in which the records stand at this path; what it gives has `at` for each step of the path.

        Where the records may be null, so may what they are in.
        """
        made = self._decoders.get(at)
        if made is None:
            made = self._decoders[at] = msgspec.json.Decoder(_wrap_type(self.type, at))
        return made


def record_class(name: str, parts: Sequence[Part]) -> type[Record]:
    """The class of one form. Raises ValueError or TypeError for what cannot be one, such as two parts of one name."""
    rename = {part.attribute: part.name for part in parts}
    required = [(part.attribute, part.type) for part in parts if part.default is msgspec.NODEFAULT]
    optional: list[tuple[str, Any, Any]] = [
        (part.attribute, part.type, part.default) for part in parts if part.default is not msgspec.NODEFAULT
    ]
    for number, rival in enumerate(rival for part in parts for rival in part.rivals):
        optional.append((f"rival{number}_", _NEVER, msgspec.UNSET))
        rename[f"rival{number}_"] = rival
    made: Any = msgspec.defstruct(name, [*required, *optional], bases=(Record,), rename=rename, gc=False)
    return cast("type[Record]", made)


Members = dict[type[msgspec.inspect.Type], Any]


def members_of(type_: msgspec.inspect.Type) -> Members:
    """The types that are allowed, by their class. Raises Unfit where two are of one class."""
    types = type_.types if isinstance(type_, msgspec.inspect.UnionType) else (type_,)
    members = {type(each): each for each in types}
    if len(members) < len(types):
        raise Unfit
    return members


class Fills(Generic[T]):
    """The functions that fill forms, one for each form and path. Freed with the form, that is with its query's plan."""

    def __init__(self, make: Callable[[msgspec.inspect.Type, tuple[str, ...]], T]) -> None:
        """`make` raises Unfit for a form that no payload can fit."""
        self._make = make
        self._made: WeakKeyDictionary[Form, dict[tuple[str, ...], T | None]] = WeakKeyDictionary()

    def of(self, form: Form, at: tuple[str, ...]) -> T:
        """For this form at this path. Raises Unfit."""
        made = self._made.setdefault(form, {})
        if at not in made:
            try:
                if EACH in at:
                    raise Unfit  # only plain data is followed through lists
                made[at] = self._make(msgspec.inspect.type_info(form.type), at)
            except Unfit:
                made[at] = None
        fill = made[at]
        if fill is None:
            raise Unfit
        return fill


def is_rival(field: msgspec.inspect.Field) -> bool:
    """Whether a field of a record's class is no part, but a name that must not be there."""
    return field.type == msgspec.inspect.type_info(_NEVER)


def is_quick_to_fit(body: bytes) -> bool:
    """Whether forms are filled from this JSON at once: it is not too large, and not full of tiny objects and lists."""
    size = len(body)
    if size <= cooperative.LARGE:
        return True
    if size > cooperative.LARGE_TYPED:
        return False
    return body.count(b"{") + body.count(b"[") <= size // _LEAST_DENSE


def fit_json(form: Form, payload: bytes, at: tuple[str, ...]) -> Any:
    """Fill a form from JSON. Raises Unfit."""
    if form.has_floats and has_slow_numbers(payload):
        raise Unfit
    try:
        value = form.decoder(at).decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unfit from error
    return _find_at([value], at)[0] if at else value


def _wrap_type(type_: Any, at: tuple[str, ...]) -> Any:
    """The type of what holds, at this path, what is to be of this type. Raises Unfit."""
    if not at:
        return type_
    step, rest = at[0], at[1:]
    kinds = get_args(type_) if get_origin(type_) in (UnionType, Union) else (type_,)
    if step == EACH:
        lists = [kind for kind in kinds if get_origin(kind) is list]
        if not lists:
            raise Unfit
        made: Any = list[_wrap_type(get_args(lists[0])[0], rest)]  # type: ignore[misc]  # made at run time
    elif step.lstrip("-").isdigit():
        raise Unfit  # perhaps an index of a list
    else:
        made = msgspec.defstruct("At", [("at", _wrap_type(type_, rest))], rename={"at": step}, gc=False)
    return made | None if NoneType in kinds else made


def _find_at(values: Sequence[Any], at: tuple[str, ...]) -> Sequence[Any]:
    """What stands at the path in each of these, or null where that is on the way."""
    for number, step in enumerate(at):
        if step == EACH:
            rest = at[number + 1 :]
            return [None if value is None else _find_at(value, rest) for value in values] if rest else values
        values = [None if value is None else value.at for value in values]
    return values
