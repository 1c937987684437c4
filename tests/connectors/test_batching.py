"""The options of a batch, how the reply to it is dealt to its keys, and Direct, the scope without a gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors import graphql, grpc, rest, soap
from connectors.batching import InKeyOrder, deal, single_reply
from connectors.contract import Operation, Reply
from connectors.endpoint import Batch, Endpoint
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamFailed

READ = Operation(upstream="catalog", name="products")


def endpoint(*, at: str | None = None, many_at: str | None = None, single: bool = True, **batch: Any) -> Endpoint:
    batching = Batch(**{"parameter": "id", **batch}) if batch else None
    return Endpoint(READ, {"id": True, "lang": False}, at=at, many_at=many_at, batch=batching, has_single_form=single)


def dealt(one: Endpoint, data: Any, *keys: Any) -> list[Any]:
    return [answer.data for answer in deal(one, Reply(data), keys) if isinstance(answer, Reply)]


def _rest(one: bool, **options: Any) -> Endpoint:
    return rest("up").get("/a/{id}", many=None if one else "/a?id={id}", **options)


def _graphql(one: bool, **options: Any) -> Endpoint:
    return graphql("up").query("a(id: $id)", many=None if one else "list", **options)


def _grpc(one: bool, **options: Any) -> Endpoint:
    return grpc("up").unary("p.S/M", {"id": "{id}"}, many=None if one else {"ids": "{id}"}, **options)


def _soap(one: bool, **options: Any) -> Endpoint:
    return soap("up").call("Get", message={"Id": "{id}"}, many=None if one else {"Ids": "{id}"}, **options)


KINDS: dict[str, Callable[..., Endpoint]] = {"rest": _rest, "graphql": _graphql, "grpc": _grpc, "soap": _soap}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("one", "options", "hint"),
    [
        (True, {"group": True}, "group= is an option of batches and there is no "),
        (True, {"batch": "id"}, "batch= is an option of batches and there is no "),
        (False, {"key": "id", "limit": 0}, "limit=0 is less than 1; write 1 or more"),
        (True, {"each": 0}, "each=0 is less than 1; write 1 or more"),
        (False, {"key": "id", "key_case": "lower"}, "key_case='lower' is not an option; write one of \"exact\", "),
        (True, {"key_case": "insensitive"}, "key_case= is an option of batches and there is no "),
    ],
)
def test_every_kind_has_the_same_rule_for_batches(kind: str, one: bool, options: dict[str, Any], hint: str) -> None:
    """In the same words, with the author's line."""
    with pytest.raises(DefinitionError, match=r"test_batching\.py:") as caught:
        KINDS[kind](one, **options)
    assert hint in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_batches_alike(kind: str) -> None:
    """The same options make the same batch."""
    made = KINDS[kind](False, key="item.id", group=True, limit=7)
    assert made.batch == Batch(parameter="id", key=("item", "id"), group=True, limit=7)


@pytest.mark.parametrize("kind", KINDS)
def test_grouping_needs_a_key_where_a_reply_cannot_hold_a_list_for_each_value(kind: str) -> None:
    """JSON can: as a map of lists, or a list of lists. Messages and elements hold records only."""
    if kind in ("rest", "graphql"):
        made = KINDS[kind](False, group=True)
        assert made.batch == Batch(parameter="id", group=True)
    else:
        with pytest.raises(DefinitionError, match="group=True needs key=, the path in each record"):
            KINDS[kind](False, group=True)


def test_records_are_dealt_by_key() -> None:
    """In the order asked, whatever order they came in; what did not come is None."""
    records = [{"id": 3, "t": "c"}, {"id": 1, "t": "a"}, {"id": 9, "t": "not asked"}]
    assert dealt(endpoint(key=("id",)), records, 1, 2, 3) == [{"id": 1, "t": "a"}, None, {"id": 3, "t": "c"}]


def test_keys_are_compared_by_their_text() -> None:
    """An ID is text in GraphQL and often a number upstream."""
    assert dealt(endpoint(key=("id",)), [{"id": 7}], "7") == [{"id": 7}]
    assert dealt(endpoint(key=("id",)), [{"id": "7"}], 7) == [{"id": "7"}]


def test_the_first_of_equal_records_counts() -> None:
    """Not the last, so that an upstream's order of relevance holds."""
    assert dealt(endpoint(key=("id",)), [{"id": 1, "n": 1}, {"id": 1, "n": 2}], 1) == [{"id": 1, "n": 1}]


def test_a_key_can_be_deep_in_the_record() -> None:
    """A dotted path."""
    assert dealt(endpoint(key=("product", "id")), [{"product": {"id": 1}}], 1) == [{"product": {"id": 1}}]


def test_groups_have_a_list_each() -> None:
    """Also an empty one."""
    records = [{"id": 1, "n": 1}, {"id": 2, "n": 2}, {"id": 1, "n": 3}]
    grouped = dealt(endpoint(key=("id",), group=True), records, 1, 2, 3)
    assert grouped == [[{"id": 1, "n": 1}, {"id": 1, "n": 3}], [{"id": 2, "n": 2}], []]


def test_a_mapping_is_dealt_by_its_keys() -> None:
    """Without a key path, a JSON object is answers by value."""
    assert dealt(endpoint(limit=5), {"1": "a", "2": "b"}, 2, 3) == ["b", None]
    assert dealt(endpoint(group=True), {"1": ["a"]}, 1, 3) == [["a"], []]


def test_a_list_without_a_key_is_in_the_order_asked() -> None:
    """A record for each key, null where there is none."""
    assert dealt(endpoint(limit=5), ["a", None], 1, 2) == ["a", None]
    assert dealt(endpoint(group=True), [["a"], None], 1, 2) == [["a"], []]


def test_a_list_of_another_length_is_refused() -> None:
    """Nobody gets another's answer."""
    with pytest.raises(UpstreamBadReply, match="2 keys"):
        dealt(endpoint(limit=5), ["a"], 1, 2)


@pytest.mark.parametrize("data", [{"id": 1}, "text", 5, True])
def test_another_shape_is_refused(data: Any) -> None:
    """Expected were records."""
    with pytest.raises(UpstreamBadReply, match="list of records"):
        dealt(endpoint(key=("id",)), data, 1)


def test_nothing_at_the_path_is_refused() -> None:
    """The endpoint's `at` leads nowhere: that is no empty list."""
    with pytest.raises(UpstreamBadReply, match="nothing at items"):
        dealt(endpoint(at="items", key=("id",)), {"products": []}, 1)


def test_no_reply_at_all_is_nothing_for_each() -> None:
    """204 for a batch."""
    assert dealt(endpoint(key=("id",)), None, 1, 2) == [None, None]
    assert dealt(endpoint(key=("id",), group=True), None, 1) == [[]]


def test_a_batch_may_have_its_own_path() -> None:
    """`many_at` where it differs from `at`."""
    assert dealt(endpoint(at="item", many_at="items", key=("id",)), {"items": [{"id": 1}]}, 1) == [{"id": 1}]


def test_answers_keep_status_and_headers() -> None:
    """Caches look at them."""
    (reply,) = deal(endpoint(key=("id",)), Reply([], status=200, headers={"age": "1"}), [1])
    assert (reply.status, reply.headers) == (200, {"age": "1"})


def test_a_single_reply_is_pointed_at_its_part() -> None:
    """Without decoding it."""
    reply = single_reply(endpoint(at="items.0"), Reply(b"...", decode=lambda _: {"items": ["a", "b"]}))
    assert reply.payload == b"..."
    assert reply.data == "a"


def test_a_path_that_leads_nowhere_is_null() -> None:
    """An optional part that is not there."""
    assert single_reply(endpoint(at="items.7"), Reply({"items": []})).data is None
    assert single_reply(endpoint(at="a.b"), Reply({"a": 5})).data is None


def lost(operation: Operation = READ) -> UpstreamFailed:
    return UpstreamFailed(operation, "no luck")


def test_a_failed_record_is_the_answer_to_its_key_alone() -> None:
    """In a list in the order asked, the others get theirs."""
    failed = lost()
    (good, bad) = deal(endpoint(limit=5), Reply(["a", failed]), [1, 2])
    assert isinstance(good, Reply)
    assert good.data == "a"
    assert bad is failed


def test_a_failed_record_without_its_key_concerns_every_key_without_one() -> None:
    """To say "nothing there" would be a lie that caches keep."""
    failed = lost()
    answers = deal(endpoint(key=("id",)), Reply([{"id": 1}, failed, {"id": failed}]), [1, 2, 3])
    assert isinstance(answers[0], Reply)
    assert answers[1:] == [failed, failed]


def test_a_failed_list_is_raised() -> None:
    """There is nothing to deal."""
    with pytest.raises(UpstreamFailed):
        deal(endpoint(at="items", key=("id",)), Reply({"items": lost()}), [1])


def test_records_in_key_order_need_no_key_in_them() -> None:
    """The connector asked for each of them by itself."""
    assert dealt(endpoint(key=("id",)), InKeyOrder([{"t": "a"}, None]), 1, 2) == [{"t": "a"}, None]


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """What is left out, as the metrics hear it."""
    heard: list[tuple[str, str, int]] = []
    monkeypatch.setattr("connectors.reports._counters", {"losses": lambda *loss: heard.append(loss)})
    return heard


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("asked", "sent"), [("7", 7.0), (7, 7.0), (7, "7"), ("7", 7), (2**53 + 1, str(2**53 + 1))])
def test_keys_are_equal_as_people_mean_it(kind: str, asked: Any, sent: Any) -> None:
    """In batches of every kind."""
    assert dealt(KINDS[kind](one=False, key="id"), [{"id": sent}], asked) == [{"id": sent}]


@pytest.mark.parametrize(("asked", "sent"), [(7, "7.00"), ("7.0", 7), (-7, "-7.0"), ("7.0", "7.000")])
def test_a_decimal_as_text_is_its_number(losses: list[tuple[str, str, int]], asked: Any, sent: Any) -> None:
    """As xs:decimal is sent. Texts that are equal come first."""
    one = endpoint(key=("id",))
    assert dealt(one, [{"id": sent}], asked, 8) == [{"id": sent}, None]
    assert dealt(one, [{"id": "1.0"}, {"id": "1"}], "1", "1.0") == [{"id": "1"}, {"id": "1.0"}]
    assert losses == []
    assert dealt(one, [{"id": "7.5"}, {"id": "1.7.0"}], "7", "1.7") == [None, None]
    assert losses == [("catalog", "records", 2)]


def test_a_decimal_as_text_in_a_key_of_several_parts() -> None:
    """Each part alone."""
    records = [{"ward": "1.00", "bed": "2.0"}, {"ward": "1", "bed": "3.00"}]
    one = rest("up").get(many="/beds?at={ward}:{bed}", key=("ward", "bed"))
    assert dealt(one, records, (1, 2), ("1", 3)) == records


def test_true_is_not_one(losses: list[tuple[str, str, int]]) -> None:
    """And big integers stay exact."""
    products = endpoint(key=("id",))
    assert dealt(products, [{"id": True}, {"id": 2**53}], 1, 2**53 + 1) == [None, None]
    assert losses == [("catalog", "records", 2)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_case_of_keys_by_choice(kind: str) -> None:
    """In every kind."""
    products = KINDS[kind](one=False, key="id", key_case="insensitive")
    assert dealt(products, [{"id": "ABC"}], "abc", "Abc") == [{"id": "ABC"}] * 2
    ids = ["6F9619FF-8B86-D011-B42D-00CF4FC964FF", "6f9619ff8b86d011b42d00cf4fc964ff"]
    assert dealt(KINDS[kind](one=False, key="id", key_case="uuid"), [{"id": ids[0]}], ids[1]) == [{"id": ids[0]}]


def test_records_that_were_not_requested_are_counted(losses: list[tuple[str, str, int]]) -> None:
    """In lists, groups and mappings; a null in a list is no record."""
    assert dealt(endpoint(key=("id",)), [{"id": 1}, None, {"id": 2}, {}], 1, 3) == [{"id": 1}, None]
    assert dealt(endpoint(key=("id",), group=True), [{"id": 1}, {"id": 2}, {"id": 2}], 1) == [[{"id": 1}]]
    assert dealt(endpoint(group=False), {"1": "a", "2": "b"}, 1) == ["a"]
    assert losses == [("catalog", "records", 2), ("catalog", "records", 2), ("catalog", "records", 1)]


def test_further_records_of_a_key_are_counted(losses: list[tuple[str, str, int]]) -> None:
    """The first one is the answer."""
    assert dealt(endpoint(key=("id",)), [{"id": 1, "n": 1}, {"id": 1.0, "n": 2}], "1") == [{"id": 1, "n": 1}]
    assert dealt(endpoint(key=("id",), group=True), [{"id": 1}, {"id": 1}], 1) == [[{"id": 1}, {"id": 1}]]
    assert losses == [("catalog", "duplicates", 1)]


PAIRS: dict[str, Callable[..., Endpoint]] = {
    "rest": lambda: rest("up").get(many="/beds?ward={ward}&bed={bed}", key=("ward", "bed")),
    "grpc": lambda: grpc("up").unary("p.S/M", many={"beds": [{"w": "{ward}", "b": "{bed}"}]}, key=("ward", "bed")),
    "soap": lambda: soap("up").call("Get", many={"Bed": [{"W": "{ward}", "B": "{bed}"}]}, key=("ward", "bed")),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_several_values_can_be_one_key(kind: str) -> None:
    """A record is the answer to the key whose parts it has all."""
    beds = PAIRS[kind]()
    assert beds.batch is not None
    assert beds.batch.split({"bed": 2, "ward": "a", "lang": "de"}) == (("a", 2), {"lang": "de"})
    assert beds.batch.split({"bed": None, "ward": "a"}) == (None, {})
    assert beds.batch.join({"lang": "de"}, ("a", 2)) == {"lang": "de", "ward": "a", "bed": 2}
    records = [{"ward": "a", "bed": 2}, {"ward": "a", "bed": "1"}, {"ward": "b", "bed": 1}, {"ward": "c"}]
    assert dealt(beds, records, ("a", 1), ("a", 2), ("b", 2)) == [records[1], records[0], None]


def test_the_parts_of_a_key_can_be_anywhere_in_a_record() -> None:
    """`batch` names the parameters where the names differ."""
    beds = rest("up").get(
        many="/beds?w={ward}&b={bed}", key=("at.ward", r"bed\.no"), batch=("ward", "bed"), key_case="insensitive"
    )
    records = [{"at": {"ward": "A"}, "bed.no": 1.0}]
    assert dealt(beds, records, ("a", 1)) == records


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"batch": ("ward", "bed")}, "2 parameters are one key, so key= is a tuple"),
        ({"batch": ("ward", "bed"), "key": "ward"}, "2 parameters are one key, so key= is a tuple"),
        ({"batch": ("ward", "bde"), "key": ("ward", "bed")}, 'batch="bde" is not in `many`'),
        ({"batch": ("ward", "bed"), "key": ("ward", "a..b")}, "key='a..b' has an empty name"),
    ],
)
def test_a_key_of_several_parts_that_cannot_work_is_refused(options: Any, hint: str) -> None:
    """With the line."""
    with pytest.raises(DefinitionError, match=r"test_batching\.py:") as caught:
        rest("up").get(many="/beds?w={ward}&b={bed}", **options)
    assert hint in str(caught.value)
