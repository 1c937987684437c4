"""Forms: records from bytes, all or nothing, and only what is wanted of them."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from connectors.forms import Fills, Form, Part, Record, Unfit, fit_json, record_class
from connectors.messages.paths import EACH

User = record_class("User", [Part("name", "name", str)])
Post = record_class(
    "Post",
    [
        Part("id", "id", str | int),
        Part("note", "note", str | None, default=None),
        Part("user", "user", User | None, default=None),
        Part("views", "viewCount", int, default=3, rivals=("view_count",)),
    ],
)


def _fit(type_: Any, payload: bytes, *at: str) -> Any:
    return fit_json(Form(type_), payload, at)


def test_records_hold_what_is_wanted() -> None:
    """Under their own names, with defaults for what is missing; the rest is skipped, whatever it is."""
    [post] = _fit(list[Post], b'[{"more": [{"x": 1e3}], "id": 7, "user": {"age": 3, "name": "Ada"}, "viewCount": 9}]')
    assert isinstance(post, Record)
    assert (post.id, post.note, post.user.name, post.views) == (7, None, "Ada", 9)
    [post] = _fit(list[Post], b'[{"id": "a"}]')
    assert (post.id, post.user, post.views) == ("a", None, 3)


def test_order_and_repeats_are_as_in_plain_json() -> None:
    """The last of several values of one name counts."""
    post = _fit(Post, b'{"viewCount": 1, "id": 1, "id": 2}')
    assert (post.id, post.views) == (2, 1)


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b'{"id": null}',
        b'{"id": 1.5}',
        b'{"id": true}',
        b'{"id": 1, "note": 7}',
        b'{"id": 1, "user": []}',
        b'{"id": 1, "user": {}}',
        b'{"id": 1, "user": {"name": null}}',
        b'{"id": 1, "viewCount": null}',
        b'{"id": 1, "viewCount": "9"}',
        b'{"id": 1, "viewCount": 9.0}',
        b"null",
        b"[]",
        b"7",
        b'{"id": 1',
        b'{"id": 1} x',
        b'{"id": "\xff"}',
        b"",
        b'{"id": 1, "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_does_not_fit_is_unfit(payload: bytes) -> None:
    """Types and nulls are checked, nothing is converted; and no other exception comes of what is no JSON."""
    with pytest.raises(Unfit):
        _fit(Post, payload)


@pytest.mark.parametrize("rival", [b"9", b"null", b'"x"'])
def test_a_rival_is_unfit(rival: bytes) -> None:
    """Under another name than the one that was learnt: only the exact way knows which of them counts."""
    with pytest.raises(Unfit):
        _fit(Post, b'{"id": 1, "view_count": ' + rival + b"}")
    with pytest.raises(Unfit):
        _fit(Post, b'{"viewCount": 1, "id": 1, "view_count": ' + rival + b"}")


def test_one_record_that_does_not_fit_spoils_the_reply() -> None:
    """All or nothing."""
    with pytest.raises(Unfit):
        _fit(list[Post], b'[{"id": 1}, {"id": 2}, {"id": null}]')
    assert [post and post.id for post in _fit(list[Post | None], b'[{"id": 1}, null]')] == [1, None]


def test_records_deeper_in_the_reply() -> None:
    """At a path of names; what stands beside it is skipped."""
    payload = b'{"total": 2, "data": {"more": null, "items": [{"id": 1}, {"id": 2}]}}'
    assert [post.id for post in _fit(list[Post], payload, "data", "items")] == [1, 2]


@pytest.mark.parametrize(
    ("payload", "at"),
    [
        (b'{"items": [[{"id": 1}]]}', ("items", "0")),
        (b'{"0": [{"id": 1}]}', ("0",)),
        (b'{"-1": [{"id": 1}]}', ("-1",)),
        (b"{}", ("items",)),
        (b'{"items": null}', ("items",)),
        (b'{"data": null}', ("data", "items")),
        (b"null", ("items",)),
        (b'[{"items": []}]', ("items",)),
    ],
)
def test_a_path_that_is_not_there_is_unfit(payload: bytes, at: tuple[str, ...]) -> None:
    """So that the exact way says what is there; it also knows whether 0 is a name or the first item."""
    with pytest.raises(Unfit):
        _fit(list[Post], payload, *at)


def test_a_decoder_is_made_once_for_each_path() -> None:
    """It costs a thousand times what one small reply does."""
    form = Form(list[Post])
    assert form.decoder(("a",)) is form.decoder(("a",))
    assert form.decoder(("a",)) is not form.decoder(("b",))
    assert form.decoder(()).decode(b"[]") == []


def test_forms_that_take_anything_say_so() -> None:
    """At any depth: limits on the depth of what comes must then be seen to by others."""
    open_one = record_class("Open", [Part("it", "it", Any, None)])
    outer = record_class("Outer", [Part("inner", "inner", list[open_one | None] | None, None)])  # type: ignore[valid-type]
    assert [Form(type_).is_open for type_ in (Post, list[Post], open_one, list[outer])] == [False, False, True, True]


@pytest.mark.parametrize(
    "parts",
    [
        [Part("a", "x", str), Part("b", "x", str)],
        [Part("a", "x", str, rivals=("y",)), Part("b", "y", str)],
        [Part("a", "x", str, rivals=("y",)), Part("b", "z", str, rivals=("y",))],
        [Part("a", "x", dict[Any, list[object] | set[str]])],
    ],
)
def test_what_cannot_be_a_form_is_told(parts: list[Part]) -> None:
    """Two parts of one name, and types that msgspec does not take; when it is made or first used."""
    with pytest.raises((ValueError, TypeError)):
        Form(record_class("Bad", parts)).decoder(())


def test_records_are_not_tracked_by_the_garbage_collector() -> None:
    """There are thousands of them, and they are never in a cycle."""
    [post] = _fit(list[Post], b'[{"id": 1, "user": {"name": "Ada"}}]')
    assert (gc.is_tracked(post), gc.is_tracked(post.user)) == (False, False)


def test_only_json_is_followed_through_lists() -> None:
    """Forms of messages and elements are filled where each step is a field."""
    fills: Fills[int] = Fills(lambda type_, at: len(at))
    form = Form(list[User])
    assert fills.of(form, ("users",)) == 1
    for at in ((EACH,), ("groups", EACH, "users")):
        with pytest.raises(Unfit):
            fills.of(form, at)
    assert fit_json(form, b'{"g": [{"u": {"name": "a"}}]}', ("g", EACH, "u")) == [User(name="a")]
