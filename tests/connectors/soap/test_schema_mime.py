"""A MIME binding has a Body as others have; its attachments are refused by name and never dropped silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.soap.errors import RequestMismatch
from connectors.soap.schema_mime import move_mime_bodies
from tests.connectors.soap.shapes import encode, list_texts, load_method, write_wsdl

TEXT = '<xs:element name="text" type="xs:string"/>'
BODY = '<soap:body use="literal"/>'
RELATED = f"""<m:multipartRelated xmlns:m="http://schemas.xmlsoap.org/wsdl/mime/"><m:part>{BODY}</m:part>
<m:part><m:content part="photo" type="image/png"/></m:part></m:multipartRelated>"""
PHOTO = '<w:part name="photo" xmlns:x="http://www.w3.org/2001/XMLSchema" type="x:base64Binary"/></w:message>'


async def test_its_body_is_written_and_read(tmp_path: Path) -> None:
    """Both ways, as if there were no attachments."""
    wsdl = write_wsdl("", TEXT, TEXT).replace(BODY, RELATED).replace("</w:message>", PHOTO)
    method = await load_method(tmp_path, wsdl)
    assert method.has_output
    assert list_texts(encode(method, {"text": "a"})) == [("text", "a")]
    with pytest.raises(RequestMismatch, match='Ask has no "photo"'):
        encode(method, {"text": "a", "photo": b"x"})


def test_other_documents_are_left_alone() -> None:
    """Also such as cannot be parsed."""
    for content in (b"<a/>", b"<multipartRelated"):
        assert move_mime_bodies(content) is content
