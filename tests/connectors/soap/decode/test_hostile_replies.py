"""SOAP replies within max_reply_size that cost much: linear, counted, and in a thread above 500 kB.

Milliseconds of CPU in the loop before, and after (the longest time that the loop was kept):

    7 MB of empty elements                      229 to parse               refused by max_values
    120,000 records, 7 MB                       parsed and decoded at once 23
    one attachment of 4 MB included 200 times   1,070 MB (computed)        refused
    4,000 parts                                 356, endless               refused above 1,000
    one part of 7,000,000 lines                 2,811                      below 20
    one value of 4 MB referred to 100 times     400 MB (computed)          refused
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.soap.decode.anything import decode_anything
from connectors.soap.decode.multipart import split_parts
from connectors.soap.decode.reply import Bounds, make_reply
from connectors.soap.schema import Method
from connectors.soap.schema_facts import Facts
from connectors.soap.schema_types import Types
from connectors.transport import HttpReply
from tests.connectors.soap.world import envelope
from tests.connectors.watch import BOUND, outcome_of

OPERATION = Operation(upstream="warehouse", name="GetStock")
BOUNDS = Bounds(8_000_000, 1_000_000)
RELATED = "multipart/related; boundary=b"
INCLUDE = '<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:p"/>'


ATTRIBUTES = " ".join(f'a{n}=""' for n in range(600_000))


def walk(element: Any) -> int:
    """As decoders do: a Python call for each element."""
    return 1 + sum(walk(child) for child in element)


METHOD = Method(
    client=None,
    operation=None,
    types=Types(None, Facts()),
    url="",
    is_soap_12=False,
    headers={},
    has_output=True,
    decode=walk,
    fill_form=None,
    decode_other=decode_anything,
    odd_names=None,
)


async def read(body: bytes, content_type: str = "text/xml") -> Any:
    reply = await make_reply(OPERATION, METHOD, HttpReply(200, {"content-type": content_type}, body), [], BOUNDS)
    return await reply.read()


def part(head: str, content: bytes) -> bytes:
    return b"--b\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def referring(count: int, text: str) -> bytes:
    return envelope('<a href="#1"/>' * count + f'<v id="1">{text}</v>')


HOSTILE: dict[str, tuple[bytes, str, type[Exception] | None]] = {
    "empty elements": (envelope("<b/>" * 1_750_000), "text/xml", UpstreamReplyTooLarge),
    "attributes": (
        envelope(f"<b {ATTRIBUTES}/>"),
        "text/xml",
        UpstreamReplyTooLarge,
    ),
    "records": (envelope("<r><a>0123456789</a><b>0123456789</b><c>0123456789</c></r>" * 120_000), "text/xml", None),
    "tags in less than 500 kB": (envelope("<b/>" * 120_000), "text/xml", None),
    "an attachment that is included often": (
        part("a: b", envelope(INCLUDE.join(["<x>"] * 200) + "</x>" * 200)) + part("content-id: <p>", b"x" * 4_000_000),
        RELATED,
        UpstreamReplyTooLarge,
    ),
    "parts": (part("content-id: <p>", b"<x/>") * 100_000, RELATED, UpstreamBadReply),
    "a part of lines": (part("a: b", envelope("<a/>")) + part("content-id: <p>", b"\n" * 7_000_000), RELATED, None),
    "headers of a part": (part("a: b\r\n" * 1_000_000, b""), RELATED, UpstreamBadReply),
    "what looks like delimiters": (part("a: b", envelope("<a/>")) + b"\n--bb" * 1_400_000, RELATED, UpstreamBadReply),
    "references": (referring(100, "x" * 4_000_000), "text/xml", UpstreamBadReply),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_keeps_the_loop(name: str) -> None:
    """Work in threads does not count, except that the loop waits for the interpreter."""
    body, content_type, expected = HOSTILE[name]
    outcome, longest = await outcome_of(lambda: read(body, content_type))
    print(f"{name}: {longest * 1000:.0f} ms")
    assert longest < BOUND
    assert (type(outcome) if isinstance(outcome, Exception) else None) is expected, repr(outcome)[:300]


async def test_what_attachments_make_is_counted() -> None:
    """Up to max_reply_size it is included."""
    body = envelope(f"<x>{INCLUDE}</x>")
    content = part("a: b", body) + part("content-id: <p>", b"x" * 1000) + b"--b--"
    for size, is_accepted in ((1000, True), (999, False)):
        made = make_reply(OPERATION, METHOD, HttpReply(200, {"content-type": RELATED}, content), [], Bounds(size, None))
        if is_accepted:
            assert (await made).payload[0].text == base64.b64encode(b"x" * 1000).decode()
        else:
            with pytest.raises(UpstreamReplyTooLarge):
                await made


def test_encoded_parts() -> None:
    """As their headers say, with line ends of either kind."""
    content = (
        b"preamble\n--b\ncontent-transfer-encoding: base64\ncontent-id: <p>\n\nPHgv\nPg==\n"
        b"--b  \ncontent-transfer-encoding: quoted-printable\ncontent-id: <q>\n\n=3Cx=\n/>\n--b\n\nplain\n--b--\n--b\n\nno part"
    )
    root, attachments, *_ = split_parts(content, RELATED)
    assert root == b"<x/>"
    assert attachments == {"p": b"<x/>", "q": b"<x/>", "": b"plain"}
