"""XML as records: just what the plain reading gives, or no fit. Every kind of element as every type, drawn replies."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import AsyncGenerator
from functools import cache
from typing import Annotated, Any
from weakref import ref

import msgspec
import pytest

from connectors.contract import Call, Operation, at_path
from connectors.errors import UpstreamReplyTooLarge
from connectors.forms import Form, Part, Record, Unfit, record_class
from connectors.soap.decode.elements import Field, RecordDecoder, Undecodable
from connectors.soap.decode.envelope import open_envelope, parse_xml
from connectors.soap.decode.references import resolve_references
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from connectors.soap.schema import Method, Wsdl
from connectors.soap.schema_loading import WsdlLoader
from connectors.soap.typed_decode.records import FormDecoder
from tests.connectors.http_world import HttpWorld
from tests.connectors.soap.drawing import NAMESPACES, Drawing, repaired, spoiled
from tests.connectors.soap.world import BOOKS, TYPES, WSDL, answered, connected, envelope, stock

warehouse = soap("warehouse")
get_stock = warehouse.call("GetStock", Sku="{sku}")
get_stocks = warehouse.call("GetStocks", Sku="{sku}")
INT = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
FLOAT = Annotated[float, msgspec.Meta(gt=-(2**53), lt=2**53)]
KEY = str | int | float | bool | None
LEAVES = [str, str | int, bool, INT, FLOAT, float, KEY, Any, Annotated[str, msgspec.Meta(max_length=3)]]


@cache
def wsdl(address: str = WSDL, *, strict: bool = False) -> Wsdl:
    async def load() -> Wsdl:
        options = Options(address=address, strict=strict)
        return await WsdlLoader("warehouse", options).load(Operation(upstream="w", name="load"), None)

    return asyncio.run(load())


def method(endpoint: Any = get_stock, address: str = WSDL) -> Method:
    return wsdl(address).find_method(endpoint.operation)


def body_of(inside: str) -> Any:
    return open_envelope(parse_xml(envelope(inside))).body


def fitted(inside: str, type_: Any, *at: str, called: Method | None = None) -> Any:
    """What a new reader makes of what stands in a body."""
    fit = (called or method()).fill_form
    assert isinstance(fit, FormDecoder)
    return FormDecoder(fit.decoder, fit._content)(Form(type_), body_of(inside), at)


def told(inside: str, type_: Any, *at: str, called: Method | None = None) -> Any:
    """The same by way of plain Python."""
    return msgspec.convert(at_path((called or method()).decode(resolve_references(body_of(inside))), at), type_)


def record(**parts: Any) -> type[Record]:
    return record_class("Drawn", [Part(name, name, type_) for name, type_ in parts.items()])


def rows(*stocks: str) -> str:
    """A reply to GetStocks with what replies to GetStock hold."""
    inside = "".join(each.replace("GetStockReply", "Stock") for each in stocks)
    return f'<t:GetStocksReply xmlns:t="{TYPES}">{inside}</t:GetStocksReply>'


def same(ours: Any, theirs: Any) -> bool:
    """Equal, and of the same types all over: 7 is neither 7.0 nor True, and 0.0 is not -0.0."""
    return repr(ours) == repr(theirs)


PRICE = record_class(
    "Price", [Part("amount", "_value_1", str), Part("currency", "currency", str | None), Part("taxed", "taxed", bool)]
)
FITS: dict[str, list[Any]] = {
    "Sku": [str, str | int, KEY, Any],
    "Quantity": [INT, str | int, KEY, FLOAT, float, Any],
    "Weight": [str | None, Any],
    "Ratio": [FLOAT | None, float | None, KEY],
    "Active": [bool | None, KEY],
    "Counted": [str | None],
    "Note": [str | None],
    "Price": [PRICE | None, Any],
    "Sizes": [Any],
    "Code": [Any],
    "Photo": [str | None],
    "Movement": [list[record(Amount=INT, Day=str | None, reason=str | None, lang=str | None)], list[Any], Any],
    "Place": [record(Name=str, Place=list[record(Name=str, Place=Any)]) | None],
    "Phone": [str | None],
    "From": [list[INT], list[INT | None] | None, list[float], list[str | int]],
    "Extra": [Any],
    "version": [INT | None, str | int | None, float | None],
}  # fmt: skip
"""Types that each element and attribute fits, as long as its values do."""
FULL = stock(
    "<t:Weight> 1.50 </t:Weight><t:Ratio>0.5</t:Ratio><t:Active>0</t:Active><t:Counted>\n2024-02-29T23:59:59Z</t:Counted>"
    '<t:Note> a\n b</t:Note><t:Price currency="EUR">9.90</t:Price><t:Sizes>1 2</t:Sizes><t:Code>17</t:Code>'
    '<t:Photo>aGVs\nbG8=</t:Photo><t:Movement reason="sold" xml:lang="en"><t:Amount>-2</t:Amount></t:Movement>'
    "<t:Movement><t:Amount>5</t:Amount><t:Day>2024-01-31</t:Day></t:Movement><t:Movement><t:Amount>1</t:Amount></t:Movement>"
    "<t:Place><t:Name>A</t:Name><t:Place><t:Name>B</t:Name></t:Place><t:Place><t:Name>C</t:Name><t:Place><t:Name>D"
    "</t:Name></t:Place></t:Place></t:Place><t:Phone>1</t:Phone><t:From>1</t:From><t:From>2</t:From><t:Extra>x</t:Extra>",
    'version="3"',
)


@pytest.mark.parametrize(("name", "type_"), [(name, type_) for name, types in FITS.items() for type_ in types], ids=str)
def test_each_kind_of_field_has_its_types(name: str, type_: Any) -> None:
    """With a value and without, alone and in a record, no detour by plain Python is needed."""
    for inside in (FULL, stock("")):
        expected = told(inside, type_, name)
        assert same(fitted(inside, type_, name), expected)
        cls = record_class("Drawn", [Part("held", name, type_)])
        assert same(fitted(inside, cls).held, expected)
        many, called = rows(inside, inside, inside), method(get_stocks)
        assert same(fitted(many, list[cls], "Stock", called=called), told(many, list[cls], "Stock", called=called))


@pytest.mark.parametrize(
    ("fields", "name", "type_"),
    [
        ("<t:Quantity>2147483648</t:Quantity>", "Quantity", INT),
        ("<t:Quantity>9007199254740993</t:Quantity>", "Quantity", float),
        ("<t:Quantity/>", "Quantity", INT),
        ('<t:Quantity xsi:nil="1"/>', "Quantity", INT),
        ("<t:Quantity>1_0</t:Quantity>", "Quantity", INT | None),
        ("<t:Quantity>\u0663</t:Quantity>", "Quantity", INT | None),
        (f"<t:Quantity>{'9' * 5000}</t:Quantity>", "Quantity", str | int),
        ("<t:Ratio>NaN</t:Ratio>", "Ratio", float),
        ("<t:Ratio>-INF</t:Ratio>", "Ratio", KEY),
        ("<t:Ratio>1e300</t:Ratio>", "Ratio", FLOAT),
        ("<t:Ratio>nan</t:Ratio>", "Ratio", float),
        ("<t:Ratio>7</t:Ratio>", "Ratio", str | int),
        ("<t:Weight>1,5</t:Weight>", "Weight", str),
        ("<t:Weight>1.5</t:Weight>", "Weight", FLOAT),
        ("<t:Active>yes</t:Active>", "Active", bool),
        ("<t:Active>1</t:Active>", "Active", INT),
        ("<t:Counted/>", "Counted", str),
        ('<t:Note xsi:nil="true"/>', "Note", str),
        ("", "Note", str),
        ("", "Quantity", str),
        ("", "Sku", INT),
        ("", "Sku", Annotated[str, msgspec.Meta(max_length=9)]),
        ("", "Quantity", Annotated[int, msgspec.Meta(multiple_of=7)]),
        ("<t:Sizes>1 2</t:Sizes>", "Sizes", list[INT]),
        ("<t:Code>1</t:Code>", "Code", str | int),
        ("<t:Extra>x</t:Extra>", "Extra", str),
        ("<t:Movement><t:Amount>5</t:Amount></t:Movement>", "Movement", record(Amount=INT)),
        ('<t:Movement xsi:nil="true"/>', "Movement", list[record(Amount=INT | None)]),
        ('<t:Movement xsi:type="t:Transfer"><t:Amount>5</t:Amount></t:Movement>', "Movement", list[record(Amount=INT)]),
        ('<t:Movement xsi:type="xsd:int">5</t:Movement>', "Movement", list[record(Amount=INT | None)]),
        ("<t:From>1</t:From><t:From/>", "From", list[INT]),
        ("<t:From>1</t:From>", "From", INT),
        ("<t:From>1</t:From>", "From", Annotated[list[INT], msgspec.Meta(max_length=3)]),
        ("<t:Price>1</t:Price>", "Price", str),
        ('<t:Price taxed="maybe">1</t:Price>', "Price", PRICE),
        ('<t:Price currency="EUR"/>', "Price", PRICE),
    ],
)
def test_what_cannot_be_told_does_not_fit(fields: str, name: str, type_: Any) -> None:
    """A value or a type about which GraphQL, or plain Python, has more to say: alone, and in the second of two."""
    inside, type_of_record = stock(fields), record_class("Drawn", [Part("held", name, type_)])
    with pytest.raises(Unfit):
        fitted(inside, type_, name)
    with pytest.raises(Unfit):
        fitted(inside, type_of_record)
    with pytest.raises(Unfit):
        fitted(rows(FULL, inside), list[type_of_record], "Stock", called=method(get_stocks))


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ('<o:Sku xmlns:o="urn:other">other</o:Sku>', {"Sku": str}),
        ("<t:New><t:Sku>inside</t:Sku></t:New>", {"Sku": str}),
        ('<t:Note xsi:nil="true">there</t:Note>', {"Note": str}),
        ('<t:Note xsi:nil="false"/>', {"Note": str}),
        ("<t:Note><t:Deep/>tail</t:Note>", {"Note": str}),
        ('<t:Weight xsi:nil="0"/>', {"Weight": str | None}),
        ('<t:Weight xsi:type="xsd:string">7</t:Weight>', {"Weight": str | None}),
        ('<t:Movement xsi:nil="true"><t:Amount>5</t:Amount></t:Movement>', {"Movement": list[record(Amount=INT) | None]}),
        ('<t:Movement xsi:type="t:Movement"><t:Amount>5</t:Amount></t:Movement>', {"Movement": list[record(Amount=INT)]}),
        ('<t:Movement xsi:type="t:New"><t:Amount>5</t:Amount></t:Movement>', {"Movement": list[record(Amount=INT)]}),
        ("<t:From>1</t:From><From>2</From><t:From>3</t:From>", {"From": list[INT]}),
        ('<t:Extra xsi:type="xsd:int">5</t:Extra>', {"Extra": Any}),
        ('<t:Extra xsi:type="t:Movement"><t:Amount>5</t:Amount></t:Extra>', {"Extra": Any}),
        ("<t:Price>1</t:Price>", {"Price": PRICE}),
        ("<t:Price><![CDATA[]]></t:Price>", {"Price": record(_value_1=str | None)}),
        ("<t:Note><![CDATA[]]></t:Note>", {"Note": str}),
        ("<t:Place/>", {"Place": record(Name=str | None)}),
        ("<t:Place><t:Name>A</t:Name><t:Place/><t:Place/></t:Place>", {"Place": record(Place=list[record(Name=str | None)])}),
    ],
)  # fmt: skip
def test_what_servers_do_is_as_ever(fields: str, parts: dict[str, Any]) -> None:
    """Wrong namespaces, new elements, nil with a value, types that are named: in one or in many."""
    inside, type_ = stock(fields), record(**parts)
    assert same(fitted(inside, type_), told(inside, type_))
    called = method(get_stocks)
    for many in (rows(inside, inside), rows(inside, FULL, inside), rows(FULL, FULL, inside)):
        assert same(fitted(many, list[type_], "Stock", called=called), told(many, list[type_], "Stock", called=called))


@pytest.mark.parametrize("again", ["<t:Sku>second</t:Sku>", "<Sku>second</Sku>"])
def test_an_element_twice_is_for_the_plain_reading(again: str) -> None:
    """Which takes the last one and reports that there were two."""
    for inside in (stock(again), rows(stock(again)), rows(FULL, stock(again), FULL)):
        called = method(get_stocks) if inside.startswith("<t:GetStocks") else None
        with pytest.raises(Unfit):
            fitted(
                inside, list[record(Sku=str)] if called else record(Sku=str), *["Stock"] * bool(called), called=called
            )
    assert told(stock(again), record(Sku=str)).Sku == "second"


def test_what_no_form_wants_is_not_looked_at() -> None:
    """A value of the wrong type spoils a reply only for those who ask for it, here and below."""
    spoilt = stock(
        "<t:Weight>1,5</t:Weight><t:Movement version='x'><t:Amount>lots</t:Amount></t:Movement>", 'version="x"'
    )
    with pytest.raises(Undecodable):
        told(spoilt, Any)
    assert fitted(spoilt, record(Sku=str, Movement=list[record(reason=str | None)])).Sku == "T-1"
    for type_ in (record(Weight=Any), record(Movement=Any), record(version=Any)):
        with pytest.raises(Unfit):
            fitted(spoilt, type_)


def test_who_is_strict_looks_at_everything() -> None:
    """So no forms are filled; neither are they for operations without output, and for those that zeep itself reads."""
    assert wsdl(strict=True).find_method(get_stock.operation).fill_form is None
    assert method(warehouse.call("Tell", message="hello")).fill_form is None
    assert method(warehouse.call("Measure", message="{sku}")).fill_form is None, "one value is no record"
    assert method(soap("books").call("List", port="EncodedPort"), BOOKS).fill_form is None
    assert method(soap("books").call("Find", port="LiteralPort", title="a"), BOOKS).fill_form is not None


@pytest.mark.parametrize("seed", range(40))
def test_drawn_forms_of_drawn_replies(seed: int) -> None:
    """What fits is what plain Python converts to, types and signs of zero included; all kinds of misfits are Unfit."""
    chance, fits = random.Random(seed), 0
    called = method(get_stocks)
    output, fit = called.operation.output.body, called.fill_form
    assert isinstance(fit, FormDecoder)
    for _ in range(30):
        type_ = drawn_record(chance, fit.decoder, depth=0)
        form = Form(type_)
        for _ in range(6):
            drawing = Drawing(
                chance, ["t:Transfer", "t:Stock"], trouble=chance.choice([0, 0, 10, 50]), bad=chance.choice([0, 5])
            )
            text = drawing.element(output.qname.text, output.type)
            if "<o:GetStocksReply" in text:
                continue
            wrapped = [f'<x xmlns:t="{TYPES}" {NAMESPACES}>{text}</x>' for text in (spoiled(text), repaired(text))]
            given, good = (parse_xml(each.encode()) for each in wrapped)
            try:
                held = fit(form, given, ())
            except Unfit:
                continue
            try:
                expected = called.decode(given)
            except Undecodable:
                expected = called.decode(good)
            fits += 1
            assert same(held, msgspec.convert(expected, type_)), (seed, msgspec.structs.fields(type_), wrapped[0])
    assert fits > 40, seed


def drawn_record(chance: random.Random, reader: Any, depth: int) -> type[Record]:
    """A class with parts that mostly fit: a form with one that never does is of little interest."""
    fields = {field.name: field for field in reader.fields.values()}
    parts = []
    for name in chance.sample(list(reader.blank), min(len(reader.blank), chance.randrange(1, 5))):
        type_ = drawn_type(chance, name, fields.get(name), depth)
        parts.append(Part(f"part{len(parts)}", name, type_, chance.choice([msgspec.NODEFAULT, None])))
    if chance.random() < 0.2:
        parts.append(Part("absent", "absent", INT, chance.choice([7, 7, msgspec.NODEFAULT]), ("missing",)))
    return record_class(f"Drawn{depth}", parts)


def drawn_type(chance: random.Random, name: str, field: Field | None, depth: int) -> Any:
    if chance.random() < 0.05:
        return chance.choice(LEAVES)
    if field is not None and isinstance(field.read, RecordDecoder) and depth < 3:
        type_: Any = drawn_record(chance, field.read, depth + 1)
    elif name in FITS and not (field is not None and field.is_list):
        return chance.choice([FITS[name][0], *FITS[name]])
    else:
        type_ = {"Amount": str | int, "taxed": bool}.get(name, INT if field is not None and field.is_list else str)
    type_ = chance.choice([type_, type_, type_, Any])
    type_ = type_ | None if chance.random() < 0.7 else type_
    return list[type_] if field is not None and field.is_list else type_


def test_paths_lead_to_records_lists_and_values() -> None:
    """What is not there on the way is null, where null may be; what no element has does not fit."""
    place = record(Name=str)
    assert same(fitted(FULL, place | None, "Place"), place("A"))
    assert same(fitted(FULL, list[place], "Place", "Place"), [place("B"), place("C")])
    assert fitted(FULL, str, "Place", "Name") == "A"
    assert fitted(FULL, str, "Price", "currency") == "EUR"
    assert fitted(FULL, str, "Price", "_value_1") == "9.90"
    assert fitted(stock(""), str | None, "Place", "Name") is None
    assert fitted(stock("", 'xsi:nil="true"'), record(Sku=str) | None) is None
    assert fitted(stock("", 'xsi:nil="true"'), str | None, "Sku") is None
    for inside, type_, *at in [
        (stock(""), str, "Place", "Name"), (stock("", 'xsi:nil="1"'), str, "Sku"), (FULL, list[place], "Movement", "0"),
        (FULL, str, "Place", "Place", "Name"), (FULL, str, "Sku", "Name"), (FULL, place | None, "Nothing"), (FULL, place, "Sku"),
        (FULL, str | None, "Extra", "deep"), (FULL, str), (stock("", 'xsi:type="t:Movement"'), str | None, "Sku"),
        (stock("", 'xsi:nil="1"'), record(Sku=str)),
    ]:  # fmt: skip
        with pytest.raises(Unfit):
            fitted(inside, type_, *at)


def test_names_that_are_missing_have_their_default_or_do_not_fit() -> None:
    """And a reply with the other name of a part is for the plain reading."""
    parts = [Part("sku", "Name", str, rivals=("sku",)), Part("more", "more", INT, 7), Part("x", "y", Any, None)]
    held = record_class("R", parts)
    place = record(Place=held)
    assert same(fitted(stock("<t:Place><t:Name>A</t:Name></t:Place>"), place).Place, held("A", 7, None))
    with pytest.raises(Unfit):  # xs:any may have it
        fitted(FULL, record_class("R", [Part("more", "more", INT, 7)]))
    for part in (
        Part("more", "more", INT),
        Part("sku", "sku", str, "a", rivals=("Sku",)),
        Part("a", "Sku", str, rivals=("version",)),
    ):
        with pytest.raises(Unfit):
            fitted(FULL, record_class("R", [part]))
    empty = record_class("Empty", [])
    assert same(fitted(FULL, record_class("R", [Part("movement", "Movement", list[empty])])).movement, [empty()] * 3)


@pytest.mark.parametrize(
    "inside",
    [
        "",
        f'<t:GetStocksReply xmlns:t="{TYPES}"/>',
        stock("", 'id="a"'),
        stock("") + '<x id="a"/>',
        stock('<t:Movement href="#a"/>') + '<x id="a"/>',
    ],
)
def test_other_bodies_are_read_exactly(inside: str) -> None:
    """Empty ones, ones of another element, and such as may refer to values that are told once."""
    with pytest.raises(Unfit):
        fitted(inside, record(Sku=str))


def test_bodies_of_parts_and_of_remote_procedures() -> None:
    """A document of several parts has no element around them; that of a procedure may have any name."""
    pair = method(warehouse.call("Pair", first=3, second="{sku}"))
    inside = f'<t:Length xmlns:t="{TYPES}">3</t:Length><t:Text xmlns:t="{TYPES}">abc</t:Text>'
    assert same(fitted(inside, record(first=INT, second=str), called=pair), record(first=INT, second=str)(3, "abc"))
    find = method(soap("books").call("Find", port="LiteralPort", title="a"), BOOKS)
    inside = '<any><o:book xmlns:o="urn:b"><title>A</title><pages>3</pages></o:book><total>1</total></any>'
    type_ = record(book=record(title=str, pages=INT, next=record(title=str) | None), total=INT)
    assert same(fitted(inside, type_, called=find), told(inside, type_, called=find))


def test_one_name_in_two_namespaces_does_not_fit() -> None:
    """Which of them an element without a namespace is takes more to tell."""
    fit = method().fill_form
    assert isinstance(fit, FormDecoder)
    reader = RecordDecoder(fit.decoder._decoders, fit.decoder.type)
    reader.compile()
    field = reader.fields[f"{{{TYPES}}}Sku"]
    reader.fields["{urn:other}Sku"] = field
    with pytest.raises(Unfit):
        FormDecoder(reader, fit._content)(Form(record(Sku=str)), body_of(FULL), ())


def test_readers_are_made_once_and_go_with_their_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the answer is that the form does not fit."""
    fit = method().fill_form
    assert isinstance(fit, FormDecoder)
    fitter = FormDecoder(fit.decoder, fit._content)
    made: list[Any] = []
    compile_ = fitter._functions._make
    monkeypatch.setattr(fitter._functions, "_make", lambda type_, at: made.append(at) or compile_(type_, at))
    form = Form(str)
    for _ in range(3):
        assert fitter(form, body_of(FULL), ("Sku",)) == "T-1"
        with pytest.raises(Unfit):
            fitter(form, body_of(FULL), ("Quantity",))
    assert made == [("Sku",), ("Quantity",)]
    gone = ref(form)
    del form
    gc.collect()
    assert gone() is None
    assert not fitter._functions._made


@pytest.fixture
async def http() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


async def test_replies_fill_forms(http: HttpWorld) -> None:
    """Over the wire, pointed and bounded as plain replies are."""
    http.answer = lambda _: answered(FULL)
    async with connected(http) as connector:
        reply = await connector.send(Call(operation=get_stock.operation, arguments={"sku": "T-1"}))
    movement = record(Amount=INT, reason=str | None)
    form = Form(list[movement])
    assert reply.point_at(("Movement",)).fit_into(form) == [movement(-2, "sold"), movement(5, None), movement(1, None)]
    assert not reply.is_read

    def bound(values: Any) -> None:
        raise UpstreamReplyTooLarge(get_stock.operation, f"{len(values)} are too many")

    reply.bound = bound
    with pytest.raises(Unfit):
        reply.point_at(("Movement",)).fit_into(form)
