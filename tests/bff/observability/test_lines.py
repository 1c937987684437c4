"""Events as lines: JSON and text, one line each, whatever they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.observability.lines import ConsoleFormat, JsonFormat, UpstreamText, escape_controls, write_out
from bff.observability.redaction import Redactor

JSON = JsonFormat(Redactor())
CONSOLE = ConsoleFormat(Redactor(), has_colours=False)
AT = datetime(2026, 11, 29, 12, 30, 1, tzinfo=UTC)


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError


def loop() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def event(**fields: Any) -> dict[str, Any]:
    return {"timestamp": AT, "level": "warning", "event": "slow", **fields}


def test_a_line_of_json() -> None:
    """Time in UTC, level, event, values."""
    line = JSON(event(seconds=1.5, path=["a", 0], name="Zoë"))
    assert (
        line
        == '{"timestamp":"2026-11-29T12:30:01Z","level":"warning","event":"slow","seconds":1.5,"path":["a",0],"name":"Zoë"}\n'.encode()
    )


def test_a_line_of_text() -> None:
    """Values with spaces are quoted, exceptions are indented."""
    line = CONSOLE(event(seconds=1.5, detail="no reply", path=["a", 0], exception="one\ntwo")).decode()
    assert line == '2026-11-29T12:30:01Z warning  slow seconds=1.5 detail="no reply" path=["a",0]\n    one\n    two\n'


@pytest.mark.parametrize(
    "value", [2**70, -(2**70), 10**500, "\ud800", loop(), Unprintable(), float("nan"), {1: 2}, b"\xff", {("a", 1): 2}]
)
def test_any_value_can_be_written(value: object) -> None:
    """What JSON cannot say becomes text."""
    assert orjson.loads(JSON(event(value=value)))["event"] == "slow"
    assert CONSOLE(event(value=value)).endswith(b"\n")


@pytest.mark.parametrize("format_event", [JSON, CONSOLE])
def test_secrets_are_hidden(format_event: Any) -> None:
    """In fields, headers and exception texts."""
    line = format_event(event(cookie="hunter2", detail="Bearer hunter2", exception="E: password='hunter2'"))
    assert b"hunter2" not in line


ATTACKS = [
    "x\n2026-11-29 [info] forged",
    "\x1b[2J",
    "\x9b2J",
    "a\u2028b",
    "\r",
    "\x08\x08",
    "\u202eevil",
    "\x7f",
    "\x00",
]


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("format_event", [JSON, CONSOLE])
def test_control_characters_are_escaped(format_event: Any, text: str) -> None:
    """A value neither begins a line nor moves the cursor: in values, names, the event and exceptions."""
    line = format_event(event(value=text, nested=[{text: text}], **{text: 1})).decode()
    assert line.count("\n") == 1
    assert escape_controls(line[:-1]) == line[:-1]
    forged = CONSOLE(event(exception=text)).decode().splitlines()
    assert all(line.startswith("    ") for line in forged[1:])


@given(text=st.text(max_size=50))
def test_json_says_what_was_said(text: str) -> None:
    """Escapes lose nothing."""
    found = orjson.loads(JSON(event(value=f"+{text}")))["value"]
    assert found == f"+{text}".encode("utf-8", "backslashreplace").decode() or "***" in found


def test_a_line_is_bounded() -> None:
    """Whatever was put into it."""
    assert len(JSON(event(value="x" * 1_000_000, others=["y" * 1000] * 100_000))) < 300_000


def test_what_upstreams_say_is_shown_by_choice() -> None:
    """Their words and values; exceptions become text in both cases."""
    fields = {"text": UpstreamText("Ann"), "code": 1, "exc_info": ValueError("'Ann'"), "problem": KeyError("Ann")}
    assert write_out(fields, shows_values=False) == {
        "code": 1,
        "exception": "ValueError: '...'",
        "problem": "KeyError: '...'",
    }
    shown = write_out(fields, shows_values=True)
    assert (shown["text"], shown["problem"]) == ("Ann", "KeyError: 'Ann'")
    assert write_out({"exc_info": None}, shows_values=True) == {}
