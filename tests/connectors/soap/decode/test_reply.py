"""From an HTTP response to a Reply or an UpstreamError."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamFault, UpstreamUnavailable
from connectors.soap.decode.anything import decode_anything
from connectors.soap.decode.elements import Undecodable
from connectors.soap.decode.reply import Bounds, make_reply
from connectors.soap.schema import Method
from connectors.soap.schema_facts import Facts
from connectors.soap.schema_types import Types
from connectors.transport import HttpReply
from tests.connectors.soap.world import ENV_11, envelope

OPERATION = Operation(upstream="warehouse", name="GetStock")
FAULT = f'<s:Fault xmlns:s="{ENV_11}"><faultcode>s:Server</faultcode><faultstring>no s3cret-1</faultstring></s:Fault>'

BOUNDS = Bounds(8_000_000, 1_000_000)


def method(*, has_output: bool = True, decode: Any = lambda body: len(body)) -> Method:
    return Method(
        client=None,
        operation=None,
        types=Types(None, Facts()),
        url="",
        is_soap_12=False,
        headers={},
        has_output=has_output,
        decode=decode,
        fill_form=None,
        decode_other=decode_anything,
        odd_names=None,
    )


async def reply(body: bytes, status: int = 200, called: Method | None = None) -> Any:
    response = HttpReply(status, {"content-type": "text/xml"}, body)
    return await make_reply(OPERATION, called or method(), response, ["s3cret-1"], BOUNDS)


async def test_a_reply_is_decoded_when_its_data_is_asked_for() -> None:
    """The envelope is parsed before."""
    made = await reply(envelope("<a/><b/>"))
    assert (made.data, made.status) == (2, 200)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (envelope(FAULT), 500, UpstreamFault),
        (envelope(FAULT), 200, UpstreamFault),
        (b"<html/>", 200, UpstreamBadReply),
        (b"", 200, UpstreamBadReply),
        (envelope(FAULT), 503, UpstreamUnavailable),
        (b"busy", 503, UpstreamUnavailable),
    ],
)
async def test_what_is_no_reply(body: bytes, status: int, error: type[UpstreamError]) -> None:
    """A fault counts with the statuses that faults may have; other statuses speak for themselves."""
    with pytest.raises(error) as caught:
        await reply(body, status)
    assert "s3cret" not in str(caught.value)


async def test_an_empty_reply_is_one_where_nothing_is_expected() -> None:
    """By the WSDL, or by the status."""
    assert (await reply(b"", called=method(has_output=False))).data is None
    assert (await reply(b"", 202)).data is None


async def test_content_that_cannot_be_decoded_is_a_bad_reply() -> None:
    """So is one that is nested without end."""
    for error in (Undecodable("lacks x"), RecursionError()):

        def decode(body: Any, error: Exception = error) -> Any:
            raise error

        with pytest.raises(UpstreamBadReply):
            _ = (await reply(envelope("<a/>"), called=method(decode=decode))).data


async def test_an_unknown_charset_is_named() -> None:
    """Where the XML cannot be read without it."""
    response = HttpReply(
        200, {"content-type": "text/xml; charset=x-klingon"}, envelope("<a>caf\xe9</a>").decode().encode("latin-1")
    )
    with pytest.raises(UpstreamBadReply, match="x-klingon"):
        await make_reply(OPERATION, method(), response, [], BOUNDS)


@pytest.mark.parametrize("text", [b"caf\xe9", b"caf\xc3", b"a\x0bb", b"a&#x1;b", b"a&#8;b", b"a&#xD800;b"])
async def test_a_text_that_xml_does_not_allow_is_lost_alone(text: bytes) -> None:
    """Bytes that are not UTF-8, control characters, references to them; of a fault, only the words are changed."""

    def decode(body: Any) -> Any:
        return {child.tag: child.text for child in body}

    body = envelope("<a>TEXT</a><b>1&amp;&#233;</b>").replace(b"TEXT", text)
    data = (await reply(body, called=method(decode=decode))).data
    assert (type(data["a"]), data["b"]) == (UpstreamBadReply, "1&\xe9")
    fault = envelope(FAULT.replace("no s3cret-1", "TEXT")).replace(b"TEXT", text)
    with pytest.raises(UpstreamFault) as caught:
        await reply(fault, 500)
    assert "\ufffd" in caught.value.quoted


async def test_what_is_no_xml_stays_unreadable() -> None:
    """Whatever else is in it."""
    with pytest.raises(UpstreamBadReply, match="not well-formed"):
        await reply(envelope("<a>\x01</b>"))
