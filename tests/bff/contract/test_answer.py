"""The response map, as the specification and the proposals for incremental delivery have it."""

from __future__ import annotations

from bff.contract import Answer, Part


def test_the_map_of_an_answer() -> None:
    """Errors first, empty entries left out, data also when it is null."""
    assert Answer(data={"a": 1}).body() == {"data": {"a": 1}}
    assert Answer().body() == {"data": None}
    body = Answer(data=None, errors=[{"message": "m"}], extensions={"x": 1}).body()
    assert list(body.items()) == [("errors", [{"message": "m"}]), ("data", None), ("extensions", {"x": 1})]


def test_a_request_error_has_no_data() -> None:
    """Nothing ran (GraphQL specification, section 7.1)."""
    assert Answer(errors=[{"message": "m"}], was_executed=False, status=400).body() == {"errors": [{"message": "m"}]}


def test_only_the_first_part_has_data_of_its_own() -> None:
    """The others have it in what is delivered."""
    first = Part(data={"a": 1}, delivery={"hasNext": True}, is_first=True)
    later = Part(delivery={"incremental": [{"data": {"b": 2}}], "hasNext": False})
    assert first.body() == {"data": {"a": 1}, "hasNext": True}
    assert later.body() == {"incremental": [{"data": {"b": 2}}], "hasNext": False}
