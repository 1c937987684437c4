"""Values that `via` makes: texts with fields in them, functions of fields, constants; batched like other keys."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import strawberry

from bff.authoring import SchemaError, constant, frontend, key, via
from bff.authoring.keys import Constant, parse_key_text
from connectors.contract import Call, Reply
from connectors.errors import DefinitionError
from connectors.forms import fit_json
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

rows = endpoint("shop: rows")
by_reference = batched("fhir: patient", parameter="reference", key="reference")
of_status = endpoint("fhir: orders", {"patient": True, "status": True, "limit": False}, each=4)


@strawberry.type
class Patient:
    name: str


@strawberry.type
class Row:
    id: int | None
    kind: strawberry.Private[str]
    patient: Patient | None = via(by_reference, reference="{kind}/{id}", description="Whose row it is.")
    upper: Patient | None = via(by_reference, reference=key(lambda self: self.name(), needs=("id", "kind")))
    orders: list[str] | None = via(of_status, patient="id", status=constant("OPEN"), limit=5)

    def name(self) -> str:
        return f"{self.kind.upper()}/{self.id}"


@strawberry.type
class Query:
    rows: list[Row] = via(rows)


schema = frontend(query=Query)
ROWS = [{"id": 1, "kind": "Patient"}, {"id": None, "kind": "Patient"}, {"id": 2, "kind": "Group"}]


def answer(call: Call) -> Reply:
    found: Any = ROWS
    if call.operation.upstream == "fhir":
        found = [{"reference": each, "name": f"n {each}"} for each in call.keys] or [
            str(sorted(call.arguments.items()))
        ]
    return Reply(
        json.dumps(found).encode(), decode=msgspec.json.decode, fit=lambda form, body, at: fit_json(form, body, at)
    )


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_made_keys_are_batched(engine: Any) -> None:
    """In one call, and not for an object in which a part of the key is null."""
    fhir = FakeUpstream(answer)
    app = gateway(schema, options={"engine": engine}, shop=FakeUpstream(answer), fhir=fhir)
    for _ in range(3):
        fhir.calls.clear()
        body: Any = (await ask(app, "{ rows { patient { name } } }")).body()
        assert body["data"]["rows"] == [
            {"patient": {"name": "n Patient/1"}},
            {"patient": None},
            {"patient": {"name": "n Group/2"}},
        ]
        assert [call.keys for call in fhir.calls] == [("Patient/1", "Group/2")]
        body = (await ask(app, "{ rows { upper { name } } }")).body()
        assert [each["upper"] and each["upper"]["name"] for each in body["data"]["rows"]] == [
            "n PATIENT/1",
            None,
            "n GROUP/2",
        ]


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_constants_may_be_texts(engine: Any) -> None:
    """Other values need no `constant`."""
    app = gateway(schema, options={"engine": engine}, shop=FakeUpstream(answer), fhir=FakeUpstream(answer))
    body: Any = (await ask(app, "{ rows { orders } }")).body()
    assert body["data"]["rows"][0] == {"orders": ["[('limit', 5), ('patient', 1), ('status', 'OPEN')]"]}


def test_the_description_of_a_field_is_in_the_schema() -> None:
    """As that of other fields."""
    assert '"""Whose row it is."""' in schema.as_str()


@strawberry.type
class Wrong:
    id: int
    patient: str | None = via(by_reference, reference="Patient/{ide}")
    fixed: str | None = via(by_reference, reference=constant("Patient/1"))


def test_mistakes_are_found_when_the_schema_is_built() -> None:
    """With the nearest name."""

    @strawberry.type
    class Root:
        wrong: Wrong | None = None

    with pytest.raises(SchemaError) as caught:
        frontend(query=Root)
    assert 'reference="ide" is not a field of this type; did you mean "id"?' in caught.value.problems[0]
    assert "must come from a field" in caught.value.problems[1]
    with pytest.raises(DefinitionError, match="needs a field"):
        key(lambda self: 1, needs=())
    with pytest.raises(DefinitionError, match="no partner"):
        parse_key_text("Patient/{id")
    assert parse_key_text("{{a}}") == Constant("{a}")
