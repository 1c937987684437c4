"""XML elements to the records of a form, by column readers compiled once for each form. Used by connectors.soap.schema.

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
from connectors.soap.decode.anything import strip_namespace
from connectors.soap.decode.elements import Field, RecordDecoder, Undecodable, is_nil
from connectors.soap.decode.references import has_shared_values
from connectors.soap.decode.scalars import Convert, convert_all, get_converter, keeps_empty
from connectors.soap.schema_zeep import TEXT
from connectors.soap.typed_decode.checks import make_check
from connectors.soap.typed_decode.columns import (
    Elements,
    ReadColumn,
    find_single_children,
    has_attributes,
    make_list_column,
    make_single_column,
    read_texts,
)

_FillForm = Callable[[_Element], Any]
_SOMETIMES = ("__", "@", TEXT)
"""Names that plain Python has only where a reply has something for them: types, other attributes, texts."""


class FormDecoder:
    """Fills forms from the bodies of one operation's replies: `fit` of a Reply."""

    def __init__(self, decoder: RecordDecoder, content: Callable[[_Element], _Element]) -> None:
        """`content` finds in a body what is read. Raises Undecodable."""
        self.decoder = decoder
        self._content = content
        self._functions: Fills[_FillForm] = Fills(lambda type_, at: _compile_form(self.decoder, type_, at))

    def __call__(self, form: Form, body: _Element, at: tuple[str, ...]) -> Any:
        """What the form wants of the body at this path. Raises Unfit."""
        read_content = self._functions.of(form, at)
        if has_attributes(body) and has_shared_values(body):
            raise Unfit
        try:
            return read_content(self._content(body))
        except (Undecodable, ValueError, RecursionError) as error:
            raise Unfit from error


def _compile_form(decoder: RecordDecoder, type_: inspect.Type, at: tuple[str, ...]) -> _FillForm:
    """Reads the content of a body. Raises Unfit, now or later."""
    steps = []
    for step in at[:-1]:
        field = _find_field(decoder, step)
        if field is None or field.is_list or not isinstance(field.read, RecordDecoder):
            raise Unfit
        steps.append((decoder, _list_tags(decoder, field)))
        decoder = field.read
    members = members_of(type_)
    is_nullable = inspect.NoneType in members
    values = (
        _make_part_column(decoder, at[-1], members)
        if at
        else _refuse_nulls(_make_records_column(decoder, members), is_nullable=is_nullable)
    )

    def read_content(content: _Element) -> Any:
        found = content
        for outer, tags in steps:
            last = find_single_children(found, [found], tags)[0] if _drop_nil(outer, [found]) else None
            if last is None:
                return _return_null(is_nullable=is_nullable)
            found = last
        if at and not _drop_nil(decoder, [found]):
            return _return_null(is_nullable=is_nullable)
        return values(found, [found])[0]

    return read_content


def _make_records_column(decoder: RecordDecoder, members: Members) -> ReadColumn:
    """The records of elements of a complex type, None for those that are nil."""
    struct = members.get(inspect.StructType)
    if struct is None:
        raise Unfit
    columns = [column for part in struct.fields if (column := _make_column(decoder, part)) is not None]

    def read_records(root: _Element, elements: Elements) -> list[Any]:
        present = _drop_nil(decoder, elements)
        made = (
            map(struct.cls, *(column(root, present) for column in columns))
            if columns
            else (struct.cls() for _ in present)
        )
        if present is elements:
            return list(made)
        held = set(present)
        return [next(made) if element in held else None for element in elements]

    return read_records


def _drop_nil(decoder: RecordDecoder, elements: Elements) -> Elements:
    """Those that are not nil. Raises Unfit where one says that it is of another type."""
    if not has_attributes(elements):
        return elements
    present = [element for element in elements if not is_nil(element)]
    if any(decoder.find_other_decoder(element) is not None for element in present):
        raise Unfit
    return elements if len(present) == len(elements) else present


def _make_column(decoder: RecordDecoder, part: inspect.Field) -> ReadColumn | None:
    """The values of one part; None for what is not a part, but a name that must not be there."""
    is_known = part.encode_name in decoder.blank
    if is_rival(part):
        if is_known:
            raise Unfit
        return None
    if is_known:
        return _make_part_column(decoder, part.encode_name, members_of(part.type))
    if part.default is NODEFAULT or decoder.takes_any or part.encode_name.startswith(_SOMETIMES):
        raise Unfit
    return lambda root, elements: [part.default] * len(elements)


def _make_part_column(decoder: RecordDecoder, name: str, members: Members) -> ReadColumn:
    """What stands under a name in each element."""
    field = _find_field(decoder, name)
    attributes = [each for each in decoder.attributes if each[0] == name]
    if (field is not None) + (name == TEXT) + len(attributes) != 1:
        raise Unfit
    if field is not None:
        values = _make_children_column(decoder, field, members)
    elif attributes:
        values = _make_attribute_column(*attributes[0][1:], decoder.blank[name], members)
    else:
        values = _make_text_column(decoder, members)
    return _refuse_nulls(values, is_nullable=not members.keys().isdisjoint((inspect.NoneType, inspect.AnyType)))


def _make_children_column(decoder: RecordDecoder, field: Field, members: Members) -> ReadColumn:
    tags = _list_tags(decoder, field)
    if not field.is_list:
        return make_single_column(_make_elements_column(field, members), tags)
    if inspect.AnyType in members:
        return make_list_column(_make_elements_column(field, members), tags)
    listed = members.get(inspect.ListType)
    if listed is None or listed != inspect.ListType(listed.item_type):
        raise Unfit
    items = members_of(listed.item_type)
    is_nullable = not items.keys().isdisjoint((inspect.NoneType, inspect.AnyType))
    return make_list_column(_refuse_nulls(_make_elements_column(field, items), is_nullable=is_nullable), tags)


def _make_elements_column(field: Field, members: Members) -> ReadColumn:
    """The values of elements themselves."""
    if inspect.AnyType in members:
        return lambda root, elements: list(map(field.read, elements))
    if isinstance(field.read, RecordDecoder):
        return _make_records_column(field.read, members)
    if not field.is_simple:
        raise Unfit
    convert, has_empty = get_converter(field.type), keeps_empty(field.type)
    check = make_check(convert, members)

    def values(root: _Element, elements: Elements) -> list[Any]:
        texts = read_texts(elements)
        if has_empty and None in texts:
            texts = [
                "" if text is None and not is_nil(element) else text
                for text, element in zip(texts, elements, strict=True)
            ]
        return check(convert_all(convert, texts))

    return values


def _make_attribute_column(tag: str, convert: Convert, default: Any, members: Members) -> ReadColumn:
    check = make_check(convert, members)

    def values(root: _Element, elements: Elements) -> list[Any]:
        read = convert_all(convert, [element.get(tag) for element in elements])
        return check(read if default is None else [default if value is None else value for value in read])

    return values


def _make_text_column(decoder: RecordDecoder, members: Members) -> ReadColumn:
    assert decoder.text is not None
    convert = decoder.text
    check = make_check(convert, members)
    return lambda root, elements: check(convert_all(convert, [element.text or None for element in elements]))


def _refuse_nulls(values: ReadColumn, *, is_nullable: bool) -> ReadColumn:
    """The same, but Unfit for null where none may be."""
    if is_nullable:
        return values

    def read_filled(root: _Element, elements: Elements) -> list[Any]:
        made = values(root, elements)
        if None in made:
            raise Unfit
        return made

    return read_filled


def _return_null(*, is_nullable: bool) -> None:
    if not is_nullable:
        raise Unfit


def _find_field(decoder: RecordDecoder, name: str) -> Field | None:
    return next((field for field in decoder.fields.values() if field.name == name), None)


def _list_tags(decoder: RecordDecoder, field: Field) -> tuple[str, ...]:
    """The tags that a field's elements may have, as lxml takes them: its name in any namespace, as `elements` reads it.

    Raises Unfit where another field's may be among them.
    """
    tag = next(tag for tag, each in decoder.fields.items() if each is field)
    local = strip_namespace(tag)
    if sum(strip_namespace(other) == local for other in decoder.fields) > 1:
        raise Unfit
    return (tag, local) if tag != local and decoder.takes_any else (f"{{*}}{local}",)
