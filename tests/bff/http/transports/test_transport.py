"""The sequence of guards, over a transport of a test: each in its order, and none that a transport can leave out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bff.contract import ANONYMOUS, Answer, Caller, FrontendCard, Problem, Refused, Request
from bff.http.asgi import Exchange, Message
from bff.http.options import Options, Timeouts
from bff.http.transports.table import make_transports
from bff.http.transports.transport import Admitted, Transport, find_transport, serve_request


class Story:
    """A gateway and a transport that note what happens; `refuses` names the step that refuses."""

    def __init__(self, refuses: str = "") -> None:
        self.steps: list[str] = []
        self.refuses = refuses
        self.cards = [
            FrontendCard(name="web", has_identity=True),
            FrontendCard(name="shop", origins=("https://a.example",)),
        ]

    def note(self, step: str) -> None:
        """A step happens."""
        self.steps.append(step)
        if step == self.refuses:
            raise Problem.BAD_REQUEST.refusal(step)

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> FrontendCard:
        self.note("choose")
        return self.cards[0]

    async def admit(self, head: Request) -> Caller:
        self.note("admit")
        return ANONYMOUS

    async def answer(self, request: Request) -> Answer:
        self.note("answer")
        return Answer(data={})

    def readiness(self) -> Mapping[str, str]:
        return {}


class Forgetful(Transport[str]):
    """Knows nothing of guards."""

    def __init__(self, story: Story) -> None:
        self.story = story

    def matches(self, exchange: Exchange) -> bool:
        return True

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        self.story.note("check")

    async def read(self, exchange: Exchange, card: FrontendCard) -> str:
        self.story.note("read")
        return "{ a }"

    async def respond(self, admitted: Admitted, message: str) -> None:
        self.story.note("respond")
        await admitted.answer(Request(frontend=admitted.card.name, query=message))


def exchange(method: str = "POST", **headers: str) -> Exchange:
    """A request, of which nothing can be received."""

    async def receive() -> Message:
        raise AssertionError("nothing may be read here")

    async def send(message: Message) -> None:
        raise AssertionError(message)

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange({"method": method, "path": "/graphql", "query_string": b""}, receive, send, named, "")


JSON = {"content_type": "application/json"}
ORDER = ["choose", "check", "admit", "read", "respond", "answer"]


async def test_the_order() -> None:
    """The caller is known before a body is read."""
    story = Story()
    await serve_request(Forgetful(story), exchange(**JSON), story, None)
    assert story.steps == ORDER


@pytest.mark.parametrize("step", ORDER)
async def test_a_refusal_ends_it(step: str) -> None:
    """Nothing after it happens."""
    story = Story(refuses=step)
    with pytest.raises(Refused):
        await serve_request(Forgetful(story), exchange(**JSON), story, None)
    assert story.steps == ORDER[: ORDER.index(step) + 1]


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (exchange("GET", sec_fetch_site="cross-site"), "PREFLIGHT_REQUIRED"),
        (exchange("POST", content_type="text/plain"), "PREFLIGHT_REQUIRED"),
        (exchange("POST"), "PREFLIGHT_REQUIRED"),
        (exchange("POST", origin="https://a.example", host="b.example", **JSON), "ORIGIN_FORBIDDEN"),
    ],
    ids=["GET of another site", "form of another site", "no type", "origin of another frontend"],
)
async def test_pages_of_other_sites(one: Exchange, code: str) -> None:
    """Refused for every transport, before anything is read."""
    story = Story()
    with pytest.raises(Refused) as refused:
        await serve_request(Forgetful(story), one, story, None)
    assert refused.value.code == code
    assert "read" not in story.steps


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (exchange("POST", **JSON), "PlainPostTransport"),
        (exchange("POST", content_type="text/plain"), "PostTransport"),
        (exchange("POST", content_type="multipart/form-data; boundary=b"), "UploadTransport"),
        (exchange("GET"), "GetTransport"),
        (exchange("PUT"), "SingleConnection"),
        (exchange("GET", x_graphql_event_stream_token="t"), "SingleConnection"),
        (exchange("HEAD"), "HeadTransport"),
        (exchange("DELETE"), None),
    ],
)
def test_the_table(one: Exchange, name: str | None) -> None:
    """By method, media type and header; the first row that fits."""
    found: Any = find_transport(make_transports(Options(), Timeouts()), one)
    assert (type(found).__name__ if found else None) == name
