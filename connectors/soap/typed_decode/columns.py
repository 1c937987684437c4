"""Children and texts of many XML elements at once. Used by `records`.

lxml makes a Python object of each element that Python sees, which costs more than all else. Looked up by tag, those
that nobody wants are passed over in C, and one look-up for all elements of a kind costs less than one for each of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain, islice
from operator import attrgetter
from typing import Any

from lxml.etree import _Element

from connectors.forms import Unfit

Elements = list[_Element]
ReadColumn = Callable[[_Element, Elements], list[Any]]
"""The value of each of some elements, which are all somewhere in the first one."""

_parent = _Element.getparent
_attribute_names = _Element.keys
_text = attrgetter("text")


def make_single_column(values: ReadColumn, tags: tuple[str, ...]) -> ReadColumn:
    """The value of the child with one of these tags, None where there is none. Raises Unfit where there are two."""

    def read_column(root: _Element, elements: Elements) -> list[Any]:
        found = find_single_children(root, elements, tags)
        if None not in found:
            return values(root, found)  # type: ignore[arg-type]  # it has no None
        made = iter(values(root, [child for child in found if child is not None]))
        return [None if child is None else next(made) for child in found]

    return read_column


def make_list_column(values: ReadColumn, tags: tuple[str, ...]) -> ReadColumn:
    """The list of the values of the children with one of these tags."""

    def read_column(root: _Element, elements: Elements) -> list[Any]:
        found = _find_all_children(root, elements, tags)
        if len(found) == 1:
            return [values(root, found[0])]
        made = iter(values(root, list(chain.from_iterable(found))))
        return [list(islice(made, len(children))) for children in found]

    return read_column


def read_texts(elements: Elements) -> list[str | None]:
    """The text of each, up to its first child."""
    return list(map(_text, elements))


def has_attributes(elements: Iterable[_Element]) -> bool:
    """Whether one of them has any."""
    return any(map(_attribute_names, elements))


def find_single_children(root: _Element, elements: Elements, tags: tuple[str, ...]) -> list[_Element | None]:
    """The child of each element that has one of these tags. Raises Unfit where one has two, which is to be reported."""
    if len(elements) == 1:
        children = list(elements[0].iterchildren(*tags))
        if len(children) > 1:
            raise Unfit
        return [children[0] if children else None]
    found = list(root.iter(*tags))
    parents = list(map(_parent, found))
    if parents == elements:
        return found  # type: ignore[return-value]  # a list of just elements
    last = dict(zip(parents, found, strict=True))
    if len(last) < len(found) and _have_two(elements, parents):
        raise Unfit
    return list(map(last.get, elements))


def _have_two(elements: Elements, parents: list[_Element | None]) -> bool:
    counts = Counter(parents)
    return any(counts[element] > 1 for element in elements)


def _find_all_children(root: _Element, elements: Elements, tags: tuple[str, ...]) -> list[Elements]:
    if len(elements) == 1:
        return [list(elements[0].iterchildren(*tags))]
    children: dict[_Element | None, Elements] = {element: [] for element in elements}
    for found in root.iter(*tags):
        siblings = children.get(found.getparent())
        if siblings is not None:
            siblings.append(found)
    return list(children.values())
