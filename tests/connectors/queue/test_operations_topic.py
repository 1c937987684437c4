"""Topics and groups, as authors write them and as calls fill them."""

from __future__ import annotations

import pytest

from connectors.contract import Call, Operation
from connectors.errors import DefinitionError, UpstreamRejected
from connectors.queue.operations_topic import check_group, fill_topic, parse_topic

OPERATION = Operation(upstream="orders", name="subscribe")


def test_parameters_are_tokens() -> None:
    """Numbers are written as text."""
    template = parse_topic("orders.{region}.{id}")
    assert list(template.parameters) == ["region", "id"]
    call = Call(operation=OPERATION, arguments={"region": "eu", "id": 7})
    assert fill_topic(call, template) == "orders.eu.7"


@pytest.mark.parametrize("topic", ["", "a..b", "a b", "a.*", "a.>", "{id?}", "a.\n"])
def test_topics_that_are_none(topic: str) -> None:
    """Wildcards are for subscriptions only."""
    with pytest.raises(DefinitionError):
        parse_topic(topic)


def test_wildcards() -> None:
    """`>` is the last token."""
    assert fill_topic(Call(operation=OPERATION), parse_topic("a.*.>", wildcards=True)) == "a.*.>"
    with pytest.raises(DefinitionError, match="a token, \\* or a last >"):
        parse_topic("a.>.b", wildcards=True)


@pytest.mark.parametrize("value", [None, "", "a.b", "*", ">", "a b", "a\r\nPUB x"])
def test_values_that_would_name_another_topic(value: object) -> None:
    """Nothing is sent."""
    with pytest.raises(UpstreamRejected, match="nothing was sent"):
        fill_topic(Call(operation=OPERATION, arguments={"id": value}), parse_topic("orders.{id}"))


def test_groups() -> None:
    """Names that every broker accepts."""
    assert check_group(None) is None
    assert check_group("mailer-1") == "mailer-1"
    with pytest.raises(DefinitionError, match="is not made of letters"):
        check_group("mail er")
