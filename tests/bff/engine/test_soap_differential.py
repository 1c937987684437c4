"""What SOAP upstreams send, whatever GraphQL wanted: both engines answer with the same bytes, errors included.

Drawn schemas over a real HTTP server with a drawn WSDL: see tests.bff.engine.soap_schema. It is the oracle of the
records that are made of XML without plain Python in between.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from structlog.testing import capture_logs

from bff.gateway.gateway import Gateway
from connectors.soap.connector import connect
from connectors.soap.options import Options
from connectors.soap.typed_decode.records import FormDecoder
from tests.bff.engine.comparing import asked, compare_turns, counted, data_of, engines, shown
from tests.bff.engine.floors import Comparisons
from tests.bff.engine.soap_schema import Drawn, draw_schema
from tests.connectors.soap.drawing import NAMESPACES, Drawing, repaired, right, spoiled
from tests.seeds import scaled, seeds
from tests.serving import serving

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body {names}>{inside}</s:Body></s:Envelope>'
)
FAULT = "<s:Fault><faultcode>s:Server</faultcode><faultstring>drawn</faultstring></s:Fault>"
TYPES = [f"t:{name}" for name in ("A", "B", "C", "D", "AllA", "Money")]


class Upstream:
    """Answers by what it is asked alone, so that it does not matter who asks what together with what."""

    def __init__(self) -> None:
        self.seed = 0
        self.trouble = 0
        self.bad = 0
        self.types: Any = None
        self.sent: dict[str, str] = {}
        self.repaired: frozenset[str] = frozenset()
        """Calls that are answered with replies that can be read."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        name = dict(scope["headers"])[b"soapaction"].decode().strip('"')
        way, *keys = etree.fromstring(body).xpath("//*[local-name()='Ask']/*/text()")
        status, answer = self.reply(name, way, keys)
        head = [(b"content-type", b"text/xml; charset=utf-8"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": answer})

    def reply(self, name: str, way: str, keys: list[str]) -> tuple[int, bytes]:
        asked_for = f"{name} {way} {keys}"
        chance = random.Random(f"{self.seed}{asked_for}")
        drawing = Drawing(chance, TYPES, trouble=self.trouble, bad=self.bad)
        if chance.randrange(1000) < self.trouble / 4:
            return 500, ENVELOPE.format(names="", inside=FAULT).encode()
        output = self.types.get_element(f"{{urn:drawn}}Got{name}")
        inside = (
            self.batch(name, output, way, keys)
            if way in ("many", "group")
            else drawing.element(output.qname.text, output.type)
        )
        if chance.randrange(1000) < self.trouble / 4:
            inside = chance.choice(["", f"{inside}<x id='a'/>", inside.replace("<t:Got", "<o:Got", 1)])
        self.sent[asked_for] = inside
        text = repaired(inside) if asked_for in self.repaired else spoiled(inside)
        return 200, ENVELOPE.format(names=f'xmlns:t="urn:drawn" {NAMESPACES}', inside=text).encode()

    def batch(self, name: str, output: Any, way: str, keys: list[str]) -> str:
        items = dict(output.type.elements)["items"]
        texts = []
        for key in keys:
            drawing = Drawing(random.Random(f"{self.seed}{name}{way}{key}"), TYPES, trouble=self.trouble, bad=self.bad)
            for _ in range(drawing.chance.randrange(3 if way == "group" else 2)):
                texts.append(drawing.element(items.qname.text, items.type, depth=1, id=key))
        more = right(dict(output.type.elements)["more"].qname.text)
        inside = f"<{more}>{''.join(texts)}</{more}>" if way == "group" else "".join(texts)
        return f"<t:Got{name}>{inside}</t:Got{name}>"


@asynccontextmanager
async def upstream(drawn: Drawn, folder: Path) -> AsyncIterator[tuple[Upstream, Any]]:
    wsdl, made = folder / "drawn.wsdl", Upstream()
    wsdl.write_text(drawn.wsdl)
    async with serving(made) as url:
        connector: Any = connect("api", Options.model_validate({"address": str(wsdl), "endpoint": url}))
        connector.max_records = connector.window = None  # it is called without policies around it
        connector.has_empty_lists = False
        try:
            await connector.start()
            made.types = connector._loader._attempt.value._decoders._schema
            yield made, connector
        finally:
            await connector.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what nobody awaits after a failure
@pytest.mark.soak
@pytest.mark.parametrize(("trouble", "bad"), [(0, 0), (10, 0), (50, 0), (0, 10), (5, 3)])
async def test_the_same_bytes(trouble: int, bad: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nil, other types, other namespaces, elements twice, none or new, values out of range or none, failing calls."""
    fits, done = counted(monkeypatch, FormDecoder), Comparisons()
    for seed in seeds(8, fresh=3, short=2):
        await compare_seed(seed, trouble, bad, tmp_path, done)
    done.check(soak=150, short=30)
    assert len(fits) > scaled(100, 20), "almost nothing was read as records"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as above
async def test_a_reply_that_two_fields_read_in_two_ways(tmp_path: Path) -> None:
    """A fresh seed found it: one field reads it as plain Python, where a wrong value spoils it, the other as records."""
    done = Comparisons()
    await compare_seed(961784293, 0, 10, tmp_path, done)
    assert done.good > 5


async def compare_seed(seed: int, trouble: int, bad: int, folder: Path, done: Comparisons) -> None:
    """A dozen drawn queries over one drawn schema."""
    drawn = draw_schema(seed)
    with capture_logs():
        async with upstream(drawn, folder) as (server, connector):
            connector.has_empty_lists = seed % 2 == 1
            ours, theirs = engines(drawn.schema, connector)
            for number in range(12):
                server.seed, server.trouble, server.bad = seed * 1000 + number, trouble, bad
                await compare_turns(server, ours, theirs, done, partial(is_right_where_repaired, server, theirs))


async def is_right_where_repaired(
    server: Upstream, theirs: Gateway, text: str, variables: dict[str, Any], actual: dict[str, Any]
) -> bool:
    """Whether graphql-core says the same when some of the replies are as their types say.

    A value of the wrong type spoils a whole reply that is read as plain Python, and no other where nobody asks for it.
    Two fields that make the same call may read its reply each in one of these ways: then our errors are some of those
    that graphql-core has when less is repaired, and all of those that it has when more is.
    """
    told, found = shown(actual), list[set[str]]()
    try:
        for some in subsets([asked_for for asked_for, inside in server.sent.items() if "\1" in inside]):
            server.repaired = frozenset(some)
            expected = await asked(theirs, text, variables)
            if data_of(actual) == data_of(expected):
                found.append(shown(expected))
    finally:
        server.repaired = frozenset()
    return any(each <= told for each in found) and any(each >= told for each in found)


def subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    assert len(names) < 7, names
    return chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1))
