"""XML as plain data: an element is its text, or a mapping of its attributes and elements by name.

No DTD, no entities beyond XML's own, no network; libxml2's limits on depth and size stay on.
"""

from __future__ import annotations

from typing import Any

from lxml import etree
from lxml.etree import _Element

from connectors.messages.charset_xml import mend_xml
from connectors.messages.json_mending import Mended
from connectors.rest.decode_rows import CreateError, read_value
from connectors.rest.replies import ReplyFormat

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def read_xml(content: bytes, chosen: ReplyFormat, max_depth: int, create_error: CreateError) -> Any:
    """What the root element has: its own name is not in the data. Raises UpstreamBadReply."""
    mended: Mended | None = None
    try:
        try:
            root = _parse(content)
        except etree.XMLSyntaxError:
            mended = mend_xml(content)
            if mended is None:
                raise
            root = _parse(mended.body)
    except etree.XMLSyntaxError as error:
        raise create_error(f"it is not well-formed XML (line {error.lineno})") from None  # its text repeats the content
    except ValueError:
        raise create_error("it is not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise create_error("it has a DTD, which is not accepted")
    value = _Reader(chosen.lists, max_depth, create_error).read(root, 1)
    return value if mended is None else mended.place_errors(value, create_error)


def _parse(content: bytes) -> _Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    return etree.fromstring(content, parser)


class _Reader:
    def __init__(self, lists: frozenset[str], max_depth: int, create_error: CreateError) -> None:
        self._lists = lists
        self._max_depth = max_depth
        self._create_error = create_error

    def read(self, element: _Element, depth: int) -> Any:
        """The value of an element."""
        if depth > self._max_depth:
            raise self._create_error(f"it has more than {self._max_depth} levels, which is max_depth")
        attributes: dict[str, Any] = {}
        for name, value in element.attrib.items():
            full = str(name)
            if full != _NIL:
                short = f"@{_local(full)}"
                attributes[short if short not in attributes else f"@{full}"] = str(value)
        if element.get(_NIL) in ("true", "1") and not len(element):
            return attributes or None
        text = element.text or ""
        if not len(element):
            text = text if text.strip() else ""
            if not attributes:
                return read_value(text)
            return {**attributes, "#text": read_value(text)} if text else attributes
        record: dict[str, Any] = attributes
        texts = [text.strip()]
        repeated: set[str] = set()
        for child in element:
            name = _local(str(child.tag))
            value = self.read(child, depth + 1)
            if name in repeated:
                record[name].append(value)
            elif name in self._lists:
                record[name] = [value]
                repeated.add(name)
            elif name in record:
                record[name] = [record[name], value]
                repeated.add(name)
            else:
                record[name] = value
            texts.append((child.tail or "").strip())
        mixed = " ".join(filter(None, texts))
        return {**record, "#text": mixed} if mixed else record


def _local(name: str) -> str:
    """Without its namespace."""
    return name.rpartition("}")[2]
