"""Which failures open breakers and are bridged by stale replies."""

from __future__ import annotations

import pytest

from bff.policies.outbound.trouble import is_trouble
from connectors import errors
from connectors.contract import Operation
from connectors.error_details import AnswerFailure
from connectors.error_reply import ErrorReply
from connectors.errors import UpstreamError, UpstreamFailed, UpstreamFault, UpstreamUnavailable

GET = Operation(upstream="catalog", name="GET /products")
TROUBLE = {
    "UpstreamUnreachable",
    "UpstreamDisconnected",
    "UpstreamTimeout",
    "UpstreamUnavailable",
    "UpstreamFailed",
    "UpstreamFault",
}
ALL = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, UpstreamError)]


@pytest.mark.parametrize("kind", ALL)
def test_trouble_is_of_the_upstream_and_not_of_one_call(kind: type[UpstreamError]) -> None:
    """A call that was refused says nothing of the others."""
    assert is_trouble(kind(GET, "x")) is (kind.__name__ in TROUBLE)


@pytest.mark.parametrize(
    ("code", "is_theirs"),
    [
        ("s:Server", True),
        ("soap:Receiver", True),
        ("", True),
        ("s:Client", False),
        ("Client", False),
        ("s:Client.Authentication", False),
        ("env:Sender", False),
    ],
)
def test_a_fault_that_blames_the_message_is_no_trouble(code: str, is_theirs: bool) -> None:
    """As SOAP 1.1 and 1.2 write it, with any prefix and subcode."""
    assert is_trouble(UpstreamFault(GET, "x", upstream_code=code)) is is_theirs


def test_a_failure_in_a_good_reply_is_no_trouble() -> None:
    """An upstream that reports "no such item" under HTTP 200 works, however often it does."""
    reply = ErrorReply(200, body={"error": "E7"}, details=[AnswerFailure(("error",), "E7")])
    assert not is_trouble(UpstreamFailed(GET, "x", reply=reply))
    assert is_trouble(UpstreamUnavailable(GET, "x", reply=reply))
