"""What no value holds is reported, by the plain reading and by that of records; what a wildcard allows is a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Operation, Reply
from connectors.forms import Form, Part, Unfit, record_class
from connectors.soap.decode.reply import Bounds, make_reply
from connectors.soap.schema import Method
from connectors.soap.typed_decode import odd_names
from connectors.transport import HttpReply
from tests.connectors.soap.shapes import NS, load_method, write_wsdl

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
PLAIN = """<xs:element name="text" type="xs:string" minOccurs="0"/><xs:element name="more" minOccurs="0"><xs:complexType>
<xs:sequence><xs:element name="deep" type="xs:int" maxOccurs="unbounded"/></xs:sequence><xs:attribute name="id"
type="xs:int"/></xs:complexType></xs:element>"""
WILD = PLAIN + '<xs:any minOccurs="0" maxOccurs="unbounded"/>'
TEXT = record_class("Text", [Part("text", "text", str | None, None)])


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def keep(operation: Operation, what: str, count: int, detail: str) -> None:
        found.append((what, detail.partition(": ")[2]))

    monkeypatch.setattr(odd_names, "report_loss", keep)
    return found


async def read(method: Method, inside: str, *, namespace: str = NS, head: str = "", **headers: str) -> Reply:
    content = (
        f'<s:Envelope xmlns:s="{ENVELOPE}" xmlns:t="{NS}">{head}<s:Body><AskResponse xmlns="{namespace}">{inside}'
        "</AskResponse></s:Body></s:Envelope>"
    ).encode()
    response = HttpReply(200, {"content-type": "text/xml", **headers}, content)
    return await make_reply(Operation(upstream="s", name="Ask"), method, response, (), Bounds(100_000, None))


LOST: list[tuple[str, str, str, str]] = [
    ("<text>a</text><new>7</new>", NS, "unknown_element", "new in AskResponse"),
    ("<text>a</text><more><deep>1</deep><new/></more>", NS, "unknown_element", "new in more"),
    ("<text>a</text><x xmlns='urn:x'>7</x>", NS, "unknown_element", "x in AskResponse"),
    ("<text>a<b>7</b></text>", NS, "unknown_element", "b in text"),
    ("<text lang='de' odd='7'>a</text>", NS, "unknown_attribute", "lang of text, odd of text"),
    ("<text>a</text><more odd='7'><deep>1</deep></more>", NS, "unknown_attribute", "odd of more"),
    ("<text>b</text><text>a</text>", NS, "repeated_element", "text in AskResponse"),
    ("<text>a</text><new>7</new>", "urn:v2", "unknown_element", "new in AskResponse"),
]


@pytest.mark.parametrize(("inside", "namespace", "what", "place"), LOST)
async def test_both_readers_report_the_same(
    tmp_path: Path, losses: list[tuple[str, str]], inside: str, namespace: str, what: str, place: str
) -> None:
    """The first reply with odd names is read as plain Python; later ones as records, with the same reports."""
    method = await load_method(tmp_path, write_wsdl(outside=PLAIN))
    assert (await read(method, inside, namespace=namespace)).data["text"] == "a"
    plain = list(losses)
    assert (what, place) in plain
    for turn in range(3):
        losses.clear()
        reply = await read(method, inside, namespace=namespace)
        try:
            assert reply.fit_into(Form(TEXT)).text == "a"
        except Unfit:
            assert turn == 0 or what == "repeated_element"
            assert reply.data["text"] == "a"
        assert losses == plain


async def test_what_is_right_is_not_reported(tmp_path: Path, losses: list[tuple[str, str]]) -> None:
    """Also with attributes of XML Schema and of SOAP, and names without the namespace that they should have."""
    method = await load_method(tmp_path, write_wsdl(outside=PLAIN))
    for inside in (
        "<text xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='false'>a</text><more id='1'><deep>1</deep></more>",
        "<text xmlns='' xml:lang='de'>a</text>",
        "<t:text>a</t:text><more><deep>1</deep><deep>2</deep></more>",
    ):
        assert (await read(method, inside)).fit_into(Form(TEXT)).text == "a"
        assert (await read(method, inside)).data["text"] == "a"
    assert losses == []


@pytest.mark.parametrize(
    ("inside", "name", "value"),
    [
        ("<Table xmlns=''><Id>7</Id></Table>", "Table", {"Id": "7"}),
        ("<a xmlns='urn:a'>7</a><b/><a xmlns='urn:a'>8</a>", "a", ["7", "8"]),
        ("<text>a</text><text xmlns='urn:other'>7</text>", "{urn:other}text", "7"),
        ("<Known>7</Known>", "Known", 7),
        ("words<text>a</text>", "_value_1", "words"),
        ("<text>a</text>words", "_value_1", "words"),
    ],
)
async def test_what_a_wildcard_allows_is_a_value(
    tmp_path: Path, losses: list[tuple[str, str]], inside: str, name: str, value: Any
) -> None:
    """By name, and by its declaration where the schema has one."""
    method = await load_method(tmp_path, write_wsdl('<xs:element name="Known" type="xs:int"/>', outside=WILD))
    reply = await read(method, inside)
    with pytest.raises(Unfit):  # a form that wants it, or has a default for it, is not for the reader of records
        reply.fit_into(Form(record_class("R", [Part("x", name, str | None, None)])))
    assert reply.data[name] == value
    assert losses == []


async def test_members_of_a_substitution_group_are_values(tmp_path: Path, losses: list[tuple[str, str]]) -> None:
    """By their own names, lists where their head may be repeated; also as records."""
    types = """<xs:element name="shape" abstract="true" type="xs:anyType"/><xs:element name="circle"
    substitutionGroup="t:shape" type="xs:int"/><xs:element name="line" substitutionGroup="t:shape" type="xs:int"/>"""
    method = await load_method(tmp_path, write_wsdl(types, outside='<xs:element ref="t:shape" maxOccurs="9"/>'))
    reply = await read(method, "<circle>1</circle><line>2</line><circle>3</circle>")
    assert reply.fit_into(Form(record_class("R", [Part("circle", "circle", list[int])]))).circle == [1, 3]
    assert reply.data == {"shape": [], "circle": [1, 3], "line": [2]}
    assert losses == []


async def test_the_header_of_a_reply(tmp_path: Path) -> None:
    """By name, typed where the schema declares it."""
    method = await load_method(tmp_path, write_wsdl('<xs:element name="Session" type="xs:int"/>', outside=PLAIN))
    head = "<s:Header><t:Session>7</t:Session><o xmlns='urn:o'><p>8</p></o></s:Header>"
    reply = await read(method, "<text>a</text>", head=head)
    assert reply.header == {"Session": 7, "o": {"p": "8"}}
    assert reply.point_at(("text",)).header == reply.header


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "iso-8859-1", "utf-8-sig"])
async def test_a_reply_in_another_charset(tmp_path: Path, charset: str) -> None:
    """By its mark or its content type."""
    method = await load_method(tmp_path, write_wsdl(outside=PLAIN))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{ENVELOPE}"><s:Body><AskResponse xmlns="{NS}">'
        "<text>größe</text></AskResponse></s:Body></s:Envelope>"
    ).encode(charset)
    response = HttpReply(200, {"content-type": f"text/xml; charset={charset.removesuffix('-sig')}"}, content)
    reply = await make_reply(Operation(upstream="s", name="Ask"), method, response, (), Bounds(100_000, None))
    assert reply.fit_into(Form(TEXT)).text == "größe"
    assert reply.data["text"] == "größe"


async def test_the_type_that_a_record_names(tmp_path: Path) -> None:
    """As `__typename`, which chooses the type of an interface or union; the base's own name where it says nothing."""
    types = """<xs:complexType name="Pet"><xs:sequence><xs:element name="name" type="xs:string"/></xs:sequence>
    </xs:complexType><xs:complexType name="Cat"><xs:complexContent><xs:extension base="t:Pet"><xs:sequence>
    <xs:element name="lives" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>"""
    outside = '<xs:element name="pet" type="t:Pet" maxOccurs="9"/>'
    method = await load_method(tmp_path, write_wsdl(types, outside=outside))
    named = (
        '<pet xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="t:Cat"><name>a</name><lives>9</lives></pet>'
    )
    assert (await read(method, f"{named}<pet><name>b</name></pet>")).data["pet"] == [
        {"name": "a", "lives": 9, "__typename": "Cat"},
        {"name": "b", "__typename": "Pet"},
    ]


async def test_odd_names_are_found_among_many(tmp_path: Path) -> None:
    """However many elements, attributes and equals signs there are, and again when the known tags are known."""
    method = await load_method(tmp_path, write_wsdl(outside=PLAIN))
    names = method.odd_names
    assert names is not None
    usual = b"<t:text lang='x'>a=b</t:text><text/><text\n>" * 300
    for _ in range(2):
        assert names.find(usual) == frozenset()
        assert names.find(usual + b"<t:texts>") == {b"t:texts"}
        assert names.find(usual + b"<x:text>") == frozenset()
        assert names.find(usual + b"<text odd = 'a' p:odder='b'>") == {b"@odd", b"@p:odder"}
        assert names.find(b"<text odd='a'>") == {b"@odd"}
        assert names.find(b"<text>a = 'b'</text>") == frozenset()
