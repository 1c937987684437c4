"""Messages as records: just what the plain reading gives, or no fit. Every kind of field as every type, drawn data."""

from __future__ import annotations

import gc
import math
import random
from pathlib import Path
from typing import Annotated, Any
from weakref import ref

import msgspec
import pytest
from google.protobuf.message_factory import GetMessageClass
from msgspec.structs import replace

from connectors.contract import Call, at_path
from connectors.errors import UpstreamReplyTooLarge
from connectors.forms import Form, Part, Record, Unfit, record_class
from connectors.grpc.decode import Decoders
from connectors.grpc.endpoints import grpc
from connectors.grpc.schema_descriptors import build_pool, compile_protos
from connectors.grpc.typed_decode import FormDecoder
from tests.connectors.grpc.drawing import drawn_message
from tests.connectors.grpc.shop import POOL, Shop, message_class
from tests.waiting import Turns

INT = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
FLOAT = Annotated[float, msgspec.Meta(gt=-(2**53), lt=2**53)]
"""As the engine wants it of GraphQL's Float."""
LEAVES = [
    FLOAT,
    str,
    str | int,
    bool,
    INT,
    float,
    str | int | float | bool | None,
    Any,
    Annotated[str, msgspec.Meta(max_length=3)],
]
EVERYTHING = POOL.FindMessageTypeByName("shop.Everything")
READERS = Decoders(POOL)
PRICE = ("sku", "amount", "was")


def fitted(message: Any, type_: Any, *at: str, readers: Decoders = READERS) -> Any:
    """What a new converter makes of a message."""
    return FormDecoder(readers, message.DESCRIPTOR)(Form(type_), message, at)


def told(message: Any, type_: Any, *at: str, readers: Decoders = READERS) -> Any:
    """The same by way of plain Python."""
    return msgspec.convert(at_path(readers.get_decoder(message.DESCRIPTOR)(message), at), type_)


def record(**parts: Any) -> type[Record]:
    return record_class("Drawn", [Part(name, name, type_) for name, type_ in parts.items()])


FITS = {
    "flag": [bool],
    "small": [INT, str | int, float, FLOAT],
    "signed": [INT, str | int, float, FLOAT],
    "unsigned": [INT, str | int, float, FLOAT],
    "fixed": [INT, float, FLOAT],
    "wide": [float, FLOAT],
    "narrow": [float, FLOAT],
    "text": [str, str | int],
    "raw": [str],
    "kind": [str, str | int],
    "maybe_number": [INT | None, float | None, FLOAT | None],
    "maybe_text": [str | None],
    "numbers": [list[INT], list[INT | None] | None, list[float], list[FLOAT]],
    "kinds": [list[str]],
    "card": [str | None],
    "cash": [INT | None],
    "at": [str | None],
    "took": [str | None],
    "name": [str | None],
    "big": [INT | None, str | int | None, float | None, FLOAT | None],
    "truth": [bool | None],
    "blob": [str | None],
    "mask": [str | None],
    "times": [list[str], list[str | None]],
    "names": [list[str]],
    "raws": [list[str]],
    "ratio": [float | None, FLOAT | None],
    "narrows": [list[float], list[FLOAT]],
    "class": [str],
}
"""Types that each field fits, as long as its values do."""


def modest() -> Any:
    """A message with every field of FITS set to what fits."""
    message = message_class("shop.Everything")(
        flag=True, small=-7, signed=-8, unsigned=9, fixed=-10, wide=0.5, narrow=9.99, text="é", raw=b"\xff", kind=2,
        maybe_number=0, maybe_text="", numbers=[1, -2], kinds=[0, 1], raws=[b"", b"\1"], narrows=[0.1, -0.0],
    )  # fmt: skip
    message.at.FromJsonString("2030-01-31T12:00:00.5Z")
    message.took.FromJsonString("1.5s")
    message.name.value, message.big.value, message.truth.value = "n", 4, False
    message.blob.value, message.ratio.value = b"\2", 0.1
    message.mask.paths.append("a.b")
    message.times.add().seconds = 7
    message.names.add().value = "m"
    setattr(message, "class", "word")
    return message


@pytest.mark.parametrize(("name", "type_"), [(name, type_) for name, types in FITS.items() for type_ in types], ids=str)
def test_each_kind_of_field_has_its_types(name: str, type_: Any) -> None:
    """With a value and without, alone and in a record, no detour by plain Python is needed."""
    for message in (modest(), message_class("shop.Everything")()):
        expected = told(message, type_, name)
        assert same(fitted(message, type_, name), expected)
        cls = record_class("Drawn", [Part("held", name, type_)])
        assert same(fitted(message, cls).held, expected)


@pytest.mark.parametrize("seed", range(40))
def test_drawn_forms_of_drawn_messages(seed: int) -> None:
    """What fits is what plain Python converts to, types and signs of zero included; all kinds of misfits are Unfit."""
    chance, fits = random.Random(seed), 0
    for _ in range(60):
        type_ = drawn_record(chance, EVERYTHING, depth=0)
        fitter, form = FormDecoder(READERS, EVERYTHING), Form(type_)
        for _ in range(4):
            message = drawn_message(chance, EVERYTHING)
            try:
                given = fitter(form, message, ())
            except Unfit:
                continue
            fits += 1
            assert same(given, told(message, type_)), (seed, msgspec.structs.fields(type_), message)
    assert fits > 20, seed


def drawn_record(chance: random.Random, descriptor: Any, depth: int) -> type[Record]:
    """A class with parts that mostly fit: a form with one that never does is of little interest."""
    fields = list(descriptor.fields)
    parts = []
    for field in chance.sample(fields, min(len(fields), chance.randrange(1, 5))):
        type_ = drawn_type(chance, field, depth)
        default = chance.choice([msgspec.NODEFAULT, None])
        parts.append(
            Part(f"part{len(parts)}", field.name, type_, default, chance.choice([(), ("other",), ("another",)]))
        )
    if chance.random() < 0.2:
        parts.append(Part("absent", "absent", INT, chance.choice([7, 7, msgspec.NODEFAULT])))
    if len({part.rivals for part in parts} - {()}) < sum(len(part.rivals) for part in parts):
        parts = [Part(part.attribute, part.name, part.type, part.default) for part in parts]
    if chance.random() < 0.03:
        parts[0] = Part(parts[0].attribute, parts[0].name, parts[0].type, parts[0].default, ("text",))
    try:
        return record_class(f"Drawn{depth}", parts)
    except (ValueError, TypeError):  # the rival is a part, too
        return drawn_record(chance, descriptor, depth)


def drawn_type(chance: random.Random, field: Any, depth: int) -> Any:
    if chance.random() < 0.1:
        return chance.choice(LEAVES)
    is_record = field.message_type is not None and field.message_type.full_name.startswith("shop.")
    if is_record and depth < 2 and field.message_type.fields:
        type_: Any = drawn_record(chance, field.message_type, depth + 1)
    elif field.name in FITS:
        return chance.choice([FITS[field.name][0], *FITS[field.name], Any])
    elif field.name in PRICE:
        type_ = chance.choice([str] if field.name == "sku" else [INT, str | int, float, FLOAT])
    else:
        return Any
    type_ = chance.choice([type_, type_, Any]) if chance.random() < 0.5 else type_ | None
    if field.is_repeated:
        type_ = list[type_]
    return type_ | None if field.has_presence and chance.random() < 0.9 else type_


def same(ours: Any, theirs: Any) -> bool:
    """Equal, and of the same types all over: 7 is neither 7.0 nor True, and 0.0 is not -0.0."""
    return repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    ("change", "type_"),
    [
        ({"signed": 2**31}, INT),
        ({"unsigned": 2**31}, INT),
        ({"signed": 2**53 + 1}, float),
        ({"signed": 2**53}, FLOAT),
        ({"signed": -(2**53)}, FLOAT),
        ({"wide": 2.0**53}, FLOAT),
        ({"wide": math.nan}, FLOAT),
        ({"narrows": [0.5, -(2.0**53)]}, list[FLOAT]),
        ({"unsigned": 2**64 - 1}, float),
        ({"wide": math.nan}, float),
        ({"wide": math.inf}, float),
        ({"narrow": -math.inf}, float),
        ({"narrows": [0.5, math.nan]}, list[float]),
        ({"numbers": [1, -(2**31) - 1]}, list[INT]),
        ({"kind": 77}, str),
        ({"kinds": [1, 77]}, list[str]),
        ({"wide": 7.0}, INT),
        ({"flag": True}, INT),
        ({"flag": True}, str),
        ({"small": 7}, str),
        ({"small": 7}, bool),
        ({"text": "7"}, INT),
        ({"text": "abc"}, Annotated[str, msgspec.Meta(max_length=3)]),
        ({"text": "a"}, list[str]),
        ({"numbers": [1]}, INT),
        ({"numbers": [1]}, Annotated[list[INT], msgspec.Meta(max_length=3)]),
        ({"counts": {"a": 1}}, record(a=INT)),
        ({"text": "a"}, record(a=str)),
        ({}, int),
    ],
    ids=str,
)
def test_what_cannot_be_told_does_not_fit(change: dict[str, Any], type_: Any) -> None:
    """A value or a type about which GraphQL, or plain Python, has more to say."""
    name = next(iter(change), "maybe_number")
    with pytest.raises(Unfit):
        fitted(message_class("shop.Everything")(**change), type_, name)


def test_a_time_that_is_none_does_not_fit() -> None:
    """So that the plain reading tells that it is none."""
    message = message_class("shop.Everything")()
    message.at.seconds = 2**62
    with pytest.raises(Unfit):
        fitted(message, record(at=str | None))
    assert fitted(message, record(text=str)).text == ""  # and who does not ask for it is not troubled


def test_paths_lead_to_messages_lists_and_values() -> None:
    """What is not set on the way is null, where null may be; what no field has does not fit."""
    price, message = record(sku=str, was=INT | None), message_class("shop.Everything")()
    message.inner.price.sku = "A"
    message.inner.prices.add().sku = "B"
    assert same(fitted(message, price | None, "inner", "price"), price("A", None))
    assert same(fitted(message, list[price], "inner", "prices"), [price("B", None)])
    assert fitted(message, str, "inner", "price", "sku") == "A"
    assert fitted(message, price | None, "inner", "inner", "price") is None
    for type_, *at in [
        (price, "inner", "inner", "price"), (list[price], "inner", "inner", "prices"), (price | None, "nothing"),
        (price, "prices", "0"), (str, "name", "value"), (str, "settings", "a"), (price, "text", "a"), (price, "price"),
        (str | None, "at", "seconds"), (price, "by_number", "7"), (price,),
    ]:  # fmt: skip
        with pytest.raises(Unfit):
            fitted(message, type_, *at)


def test_names_that_are_missing_have_their_default_or_do_not_fit() -> None:
    """And a message with the other name of a part is for the plain reading."""
    message = modest()
    held = record_class(
        "R", [Part("text", "text", str, rivals=("txt",)), Part("more", "more", INT, 7), Part("x", "y", Any, None)]
    )
    assert same(fitted(message, held), held("é", 7, None))
    for part in (
        Part("more", "more", INT),
        Part("txt", "txt", str, "a", rivals=("text",)),
        Part("a", "text", str, rivals=("raw",)),
    ):
        with pytest.raises(Unfit):
            fitted(message, record_class("R", [part]))


def test_defaults_and_groups_of_old_protos(tmp_path: Path) -> None:
    """Fields of proto2: what has a default is never null, required and closed enums are as usual."""
    source = tmp_path / "old.proto"
    source.write_text(
        'syntax = "proto2"; package old; enum E { A = 3; B = 4; }'
        "message Old { optional int32 seven = 1 [default = 7]; optional string none = 2; required bool must = 3;"
        ' optional group Part = 4 { optional E e = 1; } optional E e = 5 [default = B]; optional bytes b = 6 [default = "x"];'
        " optional float half = 7 [default = 0.5]; optional int32 from = 8; }"
    )
    pool = build_pool("old", compile_protos("old", [source], []))
    readers, old = Decoders(pool), pool.FindMessageTypeByName("old.Old")
    inner = record(e=str | None)
    kinds = {
        "seven": INT,
        "none": str | None,
        "must": bool | None,
        "part": inner | None,
        "e": str,
        "b": str,
        "half": float,
    }
    cls = record_class("Old", [Part(f"{name}_", name, type_) for name, type_ in {**kinds, "from": INT | None}.items()])
    make = GetMessageClass(old)
    for message in (make(), make(seven=0, none="", must=True, part={}, e=3), make(part={"e": 4}, half=-0.0)):
        assert same(fitted(message, cls, readers=readers), told(message, cls, readers=readers))


def test_a_record_may_be_nested_and_deep() -> None:
    """Forms of sixty levels are filled, of a type that contains itself."""
    type_: Any = record(text=str)
    message = innermost = message_class("shop.Everything")()
    for _ in range(60):
        type_ = record(inner=type_ | None)
        innermost = innermost.inner
    innermost.text = "leaf"
    assert same(fitted(message, type_), told(message, type_))


def test_converters_are_made_once_and_go_with_their_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the answer is that the form does not fit."""
    fitter, message = FormDecoder(READERS, EVERYTHING), modest()
    made: list[Any] = []
    generate = fitter._functions._make
    monkeypatch.setattr(fitter._functions, "_make", lambda type_, at: made.append(at) or generate(type_, at))
    form = Form(str)
    for _ in range(3):
        assert fitter(form, message, ("text",)) == "é"
        with pytest.raises(Unfit):
            fitter(form, message, ("small",))
    assert made == [("text",), ("small",)]
    gone = ref(form)
    del form
    gc.collect()
    assert gone() is None
    assert not fitter._functions._made


async def test_replies_fill_forms(shop: Shop) -> None:
    """Over the wire, pointed and bounded as plain replies are."""
    connector = shop.connector()
    endpoint = grpc("shop").unary("shop.Pricing/GetPrices", many={"skus": "{sku}"}, at="prices", key="sku")
    reply = await connector.send(Call(operation=endpoint.operation, keys=("A", "C")))
    price = record(sku=str, amount=INT, was=INT | None)
    assert same(reply.point_at(("prices",)).fit_into(Form(list[price])), [price("A", 100, None), price("C", 999, None)])
    assert not reply.is_read

    def bound(values: Any) -> None:
        raise UpstreamReplyTooLarge(endpoint.operation, f"{len(values)} are too many")

    reply.bound = bound
    with pytest.raises(Unfit):
        reply.point_at(("prices",)).fit_into(Form(list[price]))
    await connector.close()


async def test_large_replies_are_decoded_in_slices(shop: Shop) -> None:
    """As plain Python and bit by bit, so that others are served in between; what comes of it is the same."""
    connector = shop.connector()
    call = Call(operation=grpc("shop").unary("shop.Pricing/GetPrices", many={"skus": "{sku}"}, key="sku").operation)
    reply = await connector.send(replace(call, keys=("A",) * 200_000))
    with pytest.raises(Unfit):
        reply.point_at(("prices",)).fit_into(Form(list[record(sku=str)]))
    async with Turns() as turns:
        data = await reply.read()
    assert data == {"prices": [{"sku": "A", "amount": 100, "was": None}] * 200_000}
    assert turns.count > 150, "a thousand records are a turn"
    await connector.close()
