"""What developers write about a websocket is checked where they write it."""

from __future__ import annotations

import pytest

from connectors.errors import DefinitionError
from connectors.websocket.endpoints import websocket

ticker = websocket("ticker")


def test_a_subscription_is_safe_and_knows_its_parameters() -> None:
    """Names for people, parameters for checks."""
    message = {"op": "sub", "sym": "{sku}", "depth": "{depth?}"}
    ticks = ticker.subscribe(message, topic="sym", matches="sku", socket="own")
    assert ticks.name == "ticker: subscribe sym"
    assert ticks.parameters == {"sku": True, "depth": False}
    assert ticks.operation.is_safe


def test_a_question_may_have_effects() -> None:
    """safe=False keeps it from being shared, cached or asked twice."""
    buy = ticker.request({"op": "buy", "sku": "{sku}"}, safe=False, each=4)
    assert (buy.operation.is_safe, buy.operation.is_idempotent, buy.each) == (False, False, 4)
    assert buy.name == "ticker: request buy"


def test_a_message_is_never_safe() -> None:
    """Policies must not repeat it."""
    assert not ticker.send().operation.is_idempotent
    assert ticker.send({"op": "x", "body": "{message}", "n": "{n}"}).parameters == {"n": True}


@pytest.mark.parametrize(
    ("define", "words"),
    [
        (lambda: ticker.subscribe({"a": "{x}", "b": "{y}"}, topic="a"), "write matches= with one of them"),
        (lambda: ticker.subscribe({"a": "{x}"}, topic="a", matches="y"), "write matches= with one of them"),
        (lambda: ticker.subscribe({"a": "b"}, topic="a"), r"parameters \(none\)"),
        (lambda: ticker.subscribe({"a": "{x?}"}, topic="a"), "is optional, and a topic must be given"),
        (lambda: ticker.subscribe({"a": "{x}"}), "write topic="),
        (
            lambda: ticker.subscribe({"a": "{x}", "token": "{token}"}, topic="a", matches="x"),
            r"differ in \{token\} would receive each other's stream.*write socket=\"own\"",
        ),
        (
            lambda: ticker.subscribe({"a": "{x}"}, topic="a", topic_case="lower"),
            "write one of exact, insensitive, uuid",
        ),
        (lambda: ticker.subscribe({"a": "b"}, items="a[]"), "goes through a list"),
        (lambda: ticker.subscribe({"a": "b"}, socket="mine"), 'write "shared" or "own"'),
        (
            lambda: ticker.subscribe({"a": "{x}"}, topic="a", unsubscribe={"b": "{y}"}),
            r"unsubscribe= has the parameter \{y\}",
        ),
        (lambda: ticker.request({"a": "{x}"}, cancel={"b": "{y}"}), r"cancel= has the parameter \{y\}"),
        (lambda: ticker.request({"a": "{x}"}, id="a.id"), 'id="a.id" leads through "a"'),
        (lambda: ticker.request({"a": "{x"}), "has no partner"),
    ],
)
def test_a_mistake_names_its_line_and_the_way_out(define, words: str) -> None:
    """Found when the file is imported, not when somebody subscribes."""
    with pytest.raises(DefinitionError, match=words) as caught:
        define()
    assert "test_endpoints.py:" in str(caught.value)
