"""What is inside of an envelope becomes plain Python, by the types of the WSDL."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.contract import Call
from connectors.errors import UpstreamBadReply
from connectors.soap.endpoints import soap
from tests.connectors.http_world import HttpWorld, response
from tests.connectors.soap.world import ENV_12, TYPES, answered, connected, envelope, sent, stock, texts

warehouse = soap("warehouse")
get_stock = warehouse.call("GetStock", Sku="{sku}")


@pytest.fixture
async def http() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


async def data_of(http: HttpWorld, inside: str, endpoint: Any = get_stock, **options: Any) -> Any:
    http.answer = lambda _: answered(inside)
    async with connected(http, **options) as connector:
        return (await connector.send(Call(operation=endpoint.operation, arguments={"sku": "T-1"}))).data


async def test_everything_declared_is_there_and_what_is_absent_is_null_or_empty(http: HttpWorld) -> None:
    """A shape can rely on names: absent elements are None, absent lists empty, absent attributes their default."""
    data = await data_of(http, stock('<t:Price currency="EUR">9.90</t:Price>'))
    there = {"Sku": "T-1", "Quantity": 7, "Price": {"_value_1": "9.90", "currency": "EUR", "taxed": True}}
    lists = {"Movement": [], "From": [], "Until": []}
    absent = [
        "Weight",
        "Ratio",
        "Active",
        "Counted",
        "Note",
        "Sizes",
        "Code",
        "Photo",
        "Place",
        "Phone",
        "Mail",
        "Extra",
        "version",
    ]
    assert data == {**there, **lists, **dict.fromkeys(absent)}


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ("<t:Weight> 12345678901234567890.123456789 </t:Weight>", "Weight", "12345678901234567890.123456789"),
        ("<t:Ratio>1e-3</t:Ratio>", "Ratio", 0.001),
        ("<t:Ratio>-INF</t:Ratio>", "Ratio", float("-inf")),
        ("<t:Active>0</t:Active>", "Active", False),
        ("<t:Active> true </t:Active>", "Active", True),
        ("<t:Counted>2024-02-29T23:59:59.5+01:00</t:Counted>", "Counted", "2024-02-29T23:59:59.5+01:00"),
        ("<t:Note/>", "Note", ""),
        ("<t:Note>  two\n words </t:Note>", "Note", "  two\n words "),
        ("<t:Note><![CDATA[<b>&amp;]]></t:Note>", "Note", "<b>&amp;"),
        ("<t:Note>a<!-- not text -->b</t:Note>", "Note", "ab"),
        ('<t:Note xsi:nil="true"/>', "Note", None),
        ('<t:Note xsi:nil="1"/>', "Note", None),
        ("<t:Weight/>", "Weight", None),
        ("<t:Sizes>1 2\n3</t:Sizes>", "Sizes", [1, 2, 3]),
        ("<t:Code>17</t:Code>", "Code", 17),
        ("<t:Code>A17</t:Code>", "Code", "A17"),
        ("<t:Photo>aGVs\nbG8=</t:Photo>", "Photo", "aGVsbG8="),
        ("<t:Mail>a@b</t:Mail>", "Mail", "a@b"),
        ("<t:From>1</t:From><t:Until>2</t:Until><t:From>3</t:From>", "From", [1, 3]),
        ('<t:Extra xsi:type="xsd:int">5</t:Extra>', "Extra", 5),
        ("<t:Extra>5</t:Extra>", "Extra", "5"),
        ("<t:Extra>words<deep/></t:Extra>", "Extra", {"deep": None, "_value_1": "words"}),
    ],
)
async def test_values_look_as_documented(http: HttpWorld, fields: str, name: str, value: Any) -> None:
    """connectors.soap.decode.scalars says how each type is read."""
    assert (await data_of(http, stock(fields)))[name] == value


async def test_lists_attributes_and_types_chosen_by_the_server(http: HttpWorld) -> None:
    """What may repeat is a list; xsi:type adds the elements of the extension; xml:lang is an attribute like others."""
    movements = (
        '<t:Movement reason="sold" xml:lang="en"><t:Amount>-2</t:Amount><t:Day>2024-01-31</t:Day></t:Movement>'
        '<t:Movement xsi:type="t:Transfer"><t:Amount>5</t:Amount><t:To>North</t:To></t:Movement>'
    )
    assert (await data_of(http, stock(movements)))["Movement"] == [
        {"Amount": -2, "Day": "2024-01-31", "reason": "sold", "lang": "en", "__typename": "Movement"},
        {"Amount": 5, "Day": None, "To": "North", "reason": None, "lang": None, "__typename": "Transfer"},
    ]


async def test_an_element_that_a_sequence_names_twice_is_a_list(http: HttpWorld) -> None:
    """However often it came."""
    inside = f'<t:GetStocksReply xmlns:t="{TYPES}"><t:Total>1</t:Total></t:GetStocksReply>'
    data = await data_of(http, inside, warehouse.call("GetStocks", Sku="{sku}"))
    assert data == {"Total": [1], "Stock": []}


async def test_a_type_that_holds_itself(http: HttpWorld) -> None:
    """Recursive types are read as deep as the reply is."""
    places = "<t:Place><t:Name>A</t:Name><t:Place><t:Name>B</t:Name></t:Place></t:Place>"
    place = (await data_of(http, stock(places)))["Place"]
    assert place == {"Name": "A", "Place": [{"Name": "B", "Place": []}]}


async def test_a_reply_that_is_one_value(http: HttpWorld) -> None:
    """An output of a simple type is that value."""
    measure = warehouse.call("Measure", message="{sku}")
    assert await data_of(http, f'<t:Length xmlns:t="{TYPES}">3</t:Length>', measure) == 3


async def test_a_document_of_several_parts(http: HttpWorld) -> None:
    """Parts are named in the WSDL, their elements in the schema; both ways of the message."""
    pair = warehouse.call("Pair", first=3, second="{sku}")
    inside = f'<t:Length xmlns:t="{TYPES}">3</t:Length><t:Text xmlns:t="{TYPES}">abc</t:Text>'
    assert await data_of(http, inside, pair) == {"first": 3, "second": "abc"}
    assert texts(sent(http.requests[-1])) == [("Body", [("Length", "3"), ("Text", "T-1")])]


async def test_replies_without_content(http: HttpWorld) -> None:
    """An empty output is an empty dict; an operation without output has no data, whatever comes back."""
    assert await data_of(http, f'<t:Nothing xmlns:t="{TYPES}"/>', warehouse.call("Ping")) == {}
    tell = Call(operation=warehouse.call("Tell", message="hello").operation)
    async with connected(http) as connector:
        for say in (response(status=202), answered("")):
            http.answer = lambda _, say=say: say
            assert (await connector.send(tell)).data is None


async def test_an_envelope_of_the_other_version_is_read(http: HttpWorld) -> None:
    """Servers answer with their own version of SOAP."""
    http.answer = lambda _: answered(stock(""), namespace=ENV_12)
    async with connected(http) as connector:
        reply = await connector.send(Call(operation=get_stock.operation, arguments={"sku": "T-1"}))
    assert reply.data["Quantity"] == 7
    assert reply.status == 200


async def test_wrong_qualification_and_unknown_elements_are_forgiven(http: HttpWorld) -> None:
    """Elements without the namespace they should have are known by name; new ones are values where xs:any allows them."""
    inside = f'<GetStockReply xmlns="{TYPES}"><Sku xmlns="">T-2</Sku><Quantity>1</Quantity><Brand>new</Brand></GetStockReply>'
    data = await data_of(http, inside)
    assert data["Sku"] == "T-2"
    assert data["Brand"] == "new"


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        (f'<r:GetStockReply xmlns:r="{TYPES}"><r:Sku>T-1</r:Sku></r:GetStockReply>', "lacks the required Quantity"),
        (stock("<t:Place><t:Name>A</t:Name><t:Nam/></t:Place>"), "Place: has an element 'Nam'"),
    ],
)
async def test_strict_refuses_what_the_wsdl_does_not_allow(http: HttpWorld, inside: str, told: str) -> None:
    """`strict: true` in bff.yaml."""
    with pytest.raises(UpstreamBadReply, match=told):
        await data_of(http, inside, strict=True)


async def test_strict_reads_what_the_wsdl_allows(http: HttpWorld) -> None:
    """xs:any takes everything, and what it takes is left out."""
    data = await data_of(http, stock('<o:Other xmlns:o="urn:other"/>'), strict=True)
    assert data["Quantity"] == 7


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("<t:Movement><t:Amount>lots</t:Amount></t:Movement>", "Movement.Amount: is not an integer"),
        ("<t:Movement><t:Amount>1_0</t:Amount></t:Movement>", "Movement.Amount: is not an integer"),
        (f"<t:Movement><t:Amount>{'9' * 5000}</t:Amount></t:Movement>", "Movement.Amount: .*digits"),
        ("<t:Weight>1,5</t:Weight>", "Weight: is not a decimal"),
        ("<t:Active>yes</t:Active>", "Active: is not a boolean"),
        ("<t:Ratio>0x1</t:Ratio>", "Ratio: is not a number"),
        ('<t:Price currency="EUR" taxed="x">1</t:Price>', "Price.taxed: is not a boolean"),
    ],
)
async def test_a_value_of_the_wrong_type_is_a_bad_reply(http: HttpWorld, fields: str, told: str) -> None:
    """The error names the place and not the value."""
    with pytest.raises(UpstreamBadReply, match=told) as caught:
        await data_of(http, stock(fields))
    assert "lots" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html><body>Welcome</body></html>", "not a SOAP envelope"),
        (b"<html><p>Welcome</body>", "not well-formed"),
        (b"It works!", "not well-formed"),
        (b"\x00\xff\xfe", "not well-formed"),
        (envelope(stock(""))[:-30], "not well-formed"),
        (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "no Body"),
        (envelope(""), "Body is empty"),
        (b"", "not well-formed"),
        (envelope("<other/>"), "another element than GetStockReply"),
    ],
)
async def test_what_is_no_soap_reply_is_a_bad_reply(http: HttpWorld, body: bytes, told: str) -> None:
    """HTML pages, cut off envelopes, other people's answers."""
    http.answer = lambda _: response(body, content_type="text/html")
    async with connected(http) as connector:
        with pytest.raises(UpstreamBadReply, match=told):
            _ = (await connector.send(Call(operation=get_stock.operation, arguments={"sku": "T-1"}))).data
