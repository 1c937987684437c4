"""How often an element may occur, by the particles around it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from connectors.soap.decode.occurrence import count_occurrences
from connectors.soap.schema_documents import Documents
from connectors.soap.schema_zeep import find_type, list_nested, load_document

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema" name="x"
  targetNamespace="urn:x"><types><xs:schema targetNamespace="urn:x"><xs:complexType name="T">{}</xs:complexType>
</xs:schema></types></definitions>"""
A, B = '<xs:element name="a" type="xs:string"/>', '<xs:element name="b" type="xs:string" minOccurs="0"/>'


def count(folder: Path, particle: str) -> dict[str, tuple[int, int]]:
    (folder / "x.wsdl").write_text(WSDL.format(particle))
    document: Any = load_document(str(folder / "x.wsdl"), Documents(str(folder / "x.wsdl"), None))
    (content,) = list_nested(find_type(document.types, "{urn:x}T"))
    return {tag: (each.min, each.max) for tag, each in count_occurrences(content).items()}


@pytest.mark.parametrize(
    ("particle", "counts"),
    [
        (f"<xs:sequence>{A}{B}</xs:sequence>", {"a": (1, 1), "b": (0, 1)}),
        (f"<xs:sequence>{A}{B}{A}</xs:sequence>", {"a": (2, 2), "b": (0, 1)}),
        (f"<xs:choice>{A}{B}</xs:choice>", {"a": (0, 1), "b": (0, 1)}),
        (f'<xs:sequence minOccurs="0" maxOccurs="unbounded">{A}</xs:sequence>', {"a": (0, 2)}),
        (f'<xs:sequence><xs:choice maxOccurs="3">{A}{B}</xs:choice></xs:sequence>', {"a": (0, 3), "b": (0, 3)}),
    ],
)
async def test_occurrences(tmp_path: Path, particle: str, counts: dict[str, tuple[int, int]]) -> None:
    """A sequence adds, a choice takes the largest, and what surrounds multiplies."""
    assert await asyncio.to_thread(count, tmp_path, particle) == counts
