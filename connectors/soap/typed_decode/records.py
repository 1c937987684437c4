"""XML elements to the records of a form, by column readers compiled once for each form. Used by connectors.soap.wsdl.

Values are those of connectors.soap.decode.elements. A form is filled only where the XSD type guarantees what the form
asks for: strings for text, integers within bounds, finite numbers; otherwise the form does not fit. Elements and
attributes that the form does not ask for are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml.etree import _Element
from msgspec import NODEFAULT, inspect

from connectors.forms import Fills, Form, Members, Unfit, is_rival, members_of
from connectors.soap.decode.elements import TEXT, Field, RecordReader, Unreadable, is_nil, local_name
from connectors.soap.decode.references import has_shared
from connectors.soap.decode.scalars import Convert, converted, converter, keeps_empty
from connectors.soap.typed_decode.checks import check_of
from connectors.soap.typed_decode.columns import (
    Elements,
    Values,
    have_attributes,
    last_of_each,
    several,
    single,
    texts_of,
)

_Fill = Callable[[_Element], Any]


class Fitter:
    """Fills forms from the bodies of one operation's replies: `fit` of a Reply."""

    def __init__(self, reader: RecordReader, content: Callable[[_Element], _Element]) -> None:
        """`content` finds in a body what is read. Raises Unreadable."""
        self._reader = reader
        self._content = content
        self._fills: Fills[_Fill] = Fills(lambda type_, at: _fill(self._reader, type_, at))

    def __call__(self, form: Form, body: _Element, at: tuple[str, ...]) -> Any:
        """What the form wants of the body at this path. Raises Unfit."""
        fill = self._fills.of(form, at)
        if have_attributes(body) and has_shared(body):
            raise Unfit
        try:
            return fill(self._content(body))
        except (Unreadable, ValueError, RecursionError) as error:
            raise Unfit from error


def _fill(reader: RecordReader, type_: inspect.Type, at: tuple[str, ...]) -> _Fill:
    """Reads the content of a body. Raises Unfit, now or later."""
    steps = []
    for step in at[:-1]:
        field = _field(reader, step)
        if field is None or field.is_list or not isinstance(field.read, RecordReader):
            raise Unfit
        steps.append((reader, _tags(reader, field)))
        reader = field.read
    members = members_of(type_)
    is_nullable = inspect.NoneType in members
    values = _part(reader, at[-1], members) if at else _filled(_records(reader, members), is_nullable=is_nullable)

    def fill(content: _Element) -> Any:
        found = content
        for outer, tags in steps:
            last = last_of_each(found, [found], tags)[0] if _present(outer, [found]) else None
            if last is None:
                return _nothing(is_nullable=is_nullable)
            found = last
        if at and not _present(reader, [found]):
            return _nothing(is_nullable=is_nullable)
        return values(found, [found])[0]

    return fill


def _records(reader: RecordReader, members: Members) -> Values:
    """The records of elements of a complex type, None for those that are nil."""
    struct = members.get(inspect.StructType)
    if struct is None:
        raise Unfit
    columns = [column for part in struct.fields if (column := _column(reader, part)) is not None]

    def records(root: _Element, elements: Elements) -> list[Any]:
        present = _present(reader, elements)
        made = (
            map(struct.cls, *(column(root, present) for column in columns))
            if columns
            else (struct.cls() for _ in present)
        )
        if present is elements:
            return list(made)
        held = set(present)
        return [next(made) if element in held else None for element in elements]

    return records


def _present(reader: RecordReader, elements: Elements) -> Elements:
    """Those that are not nil. Raises Unfit where one says that it is of another type."""
    if not have_attributes(elements):
        return elements
    present = [element for element in elements if not is_nil(element)]
    if any(reader.other_reader(element) is not None for element in present):
        raise Unfit
    return elements if len(present) == len(elements) else present


def _column(reader: RecordReader, part: inspect.Field) -> Values | None:
    """The values of one part; None for what is not a part, but a name that must not be there."""
    is_known = part.encode_name in reader.blank
    if is_rival(part):
        if is_known:
            raise Unfit
        return None
    if is_known:
        return _part(reader, part.encode_name, members_of(part.type))
    if part.default is NODEFAULT:
        raise Unfit
    return lambda root, elements: [part.default] * len(elements)


def _part(reader: RecordReader, name: str, members: Members) -> Values:
    """What stands under a name in each element."""
    field = _field(reader, name)
    attributes = [each for each in reader.attributes if each[0] == name]
    if (field is not None) + (name == TEXT) + len(attributes) != 1:
        raise Unfit
    if field is not None:
        values = _of_children(reader, field, members)
    elif attributes:
        values = _attribute(*attributes[0][1:], reader.blank[name], members)
    else:
        values = _own_text(reader, members)
    return _filled(values, is_nullable=not members.keys().isdisjoint((inspect.NoneType, inspect.AnyType)))


def _of_children(reader: RecordReader, field: Field, members: Members) -> Values:
    tags = _tags(reader, field)
    if not field.is_list:
        return single(_of_elements(field, members), tags)
    if inspect.AnyType in members:
        return several(_of_elements(field, members), tags)
    listed = members.get(inspect.ListType)
    if listed is None or listed != inspect.ListType(listed.item_type):
        raise Unfit
    items = members_of(listed.item_type)
    is_nullable = not items.keys().isdisjoint((inspect.NoneType, inspect.AnyType))
    return several(_filled(_of_elements(field, items), is_nullable=is_nullable), tags)


def _of_elements(field: Field, members: Members) -> Values:
    """The values of elements themselves."""
    if inspect.AnyType in members:
        return lambda root, elements: list(map(field.read, elements))
    if isinstance(field.read, RecordReader):
        return _records(field.read, members)
    if not field.is_simple:
        raise Unfit
    convert, has_empty = converter(field.type), keeps_empty(field.type)
    check = check_of(convert, members)

    def values(root: _Element, elements: Elements) -> list[Any]:
        texts = texts_of(elements)
        if has_empty and None in texts:
            texts = [
                "" if text is None and not is_nil(element) else text
                for text, element in zip(texts, elements, strict=True)
            ]
        return check(converted(convert, texts))

    return values


def _attribute(tag: str, convert: Convert, default: Any, members: Members) -> Values:
    check = check_of(convert, members)

    def values(root: _Element, elements: Elements) -> list[Any]:
        read = converted(convert, [element.get(tag) for element in elements])
        return check(read if default is None else [default if value is None else value for value in read])

    return values


def _own_text(reader: RecordReader, members: Members) -> Values:
    assert reader.text is not None
    convert = reader.text
    check = check_of(convert, members)
    return lambda root, elements: check(converted(convert, [element.text or None for element in elements]))


def _filled(values: Values, *, is_nullable: bool) -> Values:
    """The same, but Unfit for null where none may be."""
    if is_nullable:
        return values

    def filled(root: _Element, elements: Elements) -> list[Any]:
        made = values(root, elements)
        if None in made:
            raise Unfit
        return made

    return filled


def _nothing(*, is_nullable: bool) -> None:
    if not is_nullable:
        raise Unfit


def _field(reader: RecordReader, name: str) -> Field | None:
    return next((field for field in reader.fields.values() if field.name == name), None)


def _tags(reader: RecordReader, field: Field) -> tuple[str, ...]:
    """The tags that a field's elements may have, as lxml takes them: its own, and its name where a namespace is wrong.

    Raises Unfit where another field's may be among them.
    """
    tag = next(tag for tag, each in reader.fields.items() if each is field)
    local = local_name(tag)
    if sum(local_name(other) == local for other in reader.fields) > 1:
        raise Unfit
    return (tag, local) if tag != local else (f"{{*}}{local}",)
