"""Redaction: a corpus of lines, mappings and lists of headers, and the property that no planted secret survives."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.observability.redaction import HIDDEN, MAX_ITEMS, MAX_TEXT, NAMES, Redactor

HERE = Path(__file__).parent
_MARKED = re.compile(r"<<(.*?)>>")
PLANTED = st.text(string.ascii_letters + string.digits, min_size=8, max_size=40).map(lambda text: "Zq7" + text)


def lines(name: str) -> list[str]:
    return [line for line in (HERE / name).read_text().splitlines() if line and not line.startswith("# ")]


@dataclass
class Login:
    """An object that prints its values."""

    user: str
    password: str


@pytest.mark.parametrize("line", lines("secrets.txt"))
def test_a_planted_secret_does_not_survive(line: str) -> None:
    """Nor does a part of it, in a text, in JSON, and as what an exception says."""
    secret = _MARKED.search(line)
    assert secret is not None
    clean = Redactor().redact_text(_MARKED.sub(r"\1", line))
    assert HIDDEN in clean
    for part in re.findall(r"[\w.~-]{6,}", secret[1]):
        assert part not in clean


@pytest.mark.parametrize("line", lines("secrets.txt"))
def test_what_is_redacted_stays_so(line: str) -> None:
    """Twice is as once, so that a line may pass two processes."""
    once = Redactor().redact_text(_MARKED.sub(r"\1", line))
    assert Redactor().redact_text(once) == once


@pytest.mark.parametrize("line", lines("readable.txt"))
def test_an_ordinary_line_stays(line: str) -> None:
    """A log that hides too much is turned off."""
    assert Redactor().redact_text(line) == line


@pytest.mark.parametrize("name", [*NAMES, "X-Api-Key", "api_key", "Set-Cookie", "userPassword", b"authorization"])
def test_names_in_mappings_and_headers(name: str | bytes) -> None:
    """At any depth, whatever is below them."""
    clean = Redactor().redact({"a": [{name: {"deep": "hunter2"}}], "b": ((name, "hunter2"), ["ok", "fine"])})
    assert "hunter2" not in str(clean)
    assert clean["b"][1] == ["ok", "fine"]


def test_numbers_that_count_stay() -> None:
    """A PIN does not."""
    assert Redactor().redact({"max_tokens": 5, "session_count": 2, "token": 1234, "tokens": None}) == {
        "max_tokens": 5,
        "session_count": 2,
        "token": HIDDEN,
        "tokens": None,
    }


@pytest.mark.parametrize(
    "value",
    [
        Login("ann", "hunter2"),
        {"login": Login("ann", "hunter2")},
        [Login("ann", "hunter2")],
        MappingProxyType({"password": "hunter2"}),
        b"password=hunter2",
        {"password=hunter2": 1},
        RuntimeError("password=hunter2"),
    ],
)
def test_objects_become_text(value: object) -> None:
    """And their text is redacted as any other."""
    assert "hunter2" not in str(Redactor().redact(value))


def test_secrets_of_the_configuration() -> None:
    """Wherever they stand, also as in a URL; those that are too short to mean anything stay."""
    redactor = Redactor()
    redactor.add_secrets(["pa ss/wörd", "abc", "demo-partner-key"])
    redactor.add_secrets(["another one"])
    text = "it was pa ss/wörd, pa%20ss%2Fw%C3%B6rd, abc, demo-partner-key and another one"
    assert redactor.redact_text(text) == "it was ***, ***, abc, *** and ***"


def test_further_names() -> None:
    """By `log.redact`."""
    redactor = Redactor(["iban", "social-number"])
    assert (
        redactor.redact_text("iban=DE02120300000000202051 social_number: 99, name=Ann")
        == "iban=*** social_number: ***, name=Ann"
    )
    assert redactor.redact({"Social Number": "99"}) == {"Social Number": HIDDEN}


def test_size_is_bounded() -> None:
    """Of texts, of containers, of nesting; and a list that holds itself ends."""
    redactor = Redactor()
    endless: list[Any] = []
    endless.append(endless)
    assert len(redactor.redact("x" * 10 * MAX_TEXT)) < MAX_TEXT + 100
    assert len(redactor.redact(list(range(10_000)))) == MAX_ITEMS + 1
    assert len(redactor.redact({str(i): i for i in range(10_000)})) == MAX_ITEMS + 1
    assert "..." in str(redactor.redact(endless))


FORMS: list[Callable[[str], Any]] = [
    lambda secret: f"Authorization: Bearer {secret}",
    lambda secret: {"headers": {"Authorization": f"Bearer {secret}"}},
    lambda secret: {"headers": [(b"cookie", secret.encode())]},
    lambda secret: {"headers": [["x-api-key", secret]]},
    lambda secret: f"failed at https://user:{secret}@host/path",
    lambda secret: f"GET /x?a=1&token={secret}&b=2",
    lambda secret: f"Login(password={secret!r}, x=1)",
    lambda secret: orjson.dumps({"secret": secret}).decode(),
    lambda secret: orjson.dumps({"body": orjson.dumps({"secret": secret}).decode()}).decode(),
    lambda secret: {"a": {"b": [{"c": {"client_secret": [secret]}}]}},
    lambda secret: str({"password": secret}),
    lambda secret: str([("set-cookie", secret)]),
    lambda secret: f"eyJhbGciOiJIUzI1NiJ9.{secret}.{secret}",
]


@given(secret=PLANTED, form=st.sampled_from(FORMS), before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_planted_secret_survives(secret: str, form: Callable[[str], Any], before: str, after: str) -> None:
    """In any of the forms, within any text."""
    planted = form(secret)
    value = f"{before} {planted} {after}" if isinstance(planted, str) else {before: planted, after + "2": [planted]}
    assert secret not in str(Redactor().redact(value))


@given(secret=st.text(min_size=4, max_size=30), before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_configured_secret_survives(secret: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    redactor = Redactor()
    redactor.add_secrets([secret])
    clean = redactor.redact_text(before + secret + after)
    assert secret not in clean.replace(HIDDEN, "\0") or secret in (before + "\0" + after)
