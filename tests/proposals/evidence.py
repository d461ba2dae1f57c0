"""A register with one of everything that is on record, and what of it must stay as it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from app.decisions.rules import EVIDENCE
from app.needs.rules import WORDS
from app.sub_measures.rules import AS_AGREED
from tests.factories import AGREEMENT, CARITAS, LIGA, make, patch
from tests.schemas import resolved

Callers = Mapping[str, httpx.AsyncClient]

HELD = "2025-03-12"
DECIDED = {"status": "decided", "decided_on": "2025-05-15", "result": "Beschlossen."}
KEPT: Mapping[str, tuple[str, ...]] = {
    "decision": (*EVIDENCE, "status"),
    "event": ("starts_at", "timezone", "status"),
    "statement": ("position", "text", "documents", "submitted_at"),
    "report": ("state", "summary", "period_from", "period_to", "progress_percent", "status", "obstacles"),
    "observation": ("value", "state", "comment", "source", "on"),
    "need": WORDS,
    "measure": AS_AGREED,
    "agreement": ("hearing",),
}
"""What stays of each, written out where the code does not name it."""


@dataclass(frozen=True)
class Record:
    """Where everything on record is."""

    addresses: Mapping[str, str]

    def id_of(self, name: str) -> str:
        """The id at which something is."""
        return self.addresses[name].split("/")[3]

    async def evidence(self, client: httpx.AsyncClient) -> dict[str, Any]:
        """All that must stay as it is."""
        found: dict[str, Any] = {}
        for name, address in self.addresses.items():
            answer = await client.get(address)
            assert answer.status_code == 200, (name, answer.text)
            found[name] = {field: answer.json()[field] for field in KEPT[name]}
            if name == "event":
                attendance = {each["partner_id"]: each["attendance"] for each in answer.json()["participants"]}
                found[name]["attendance"] = {partner: attendance.get(partner) for partner in (LIGA, CARITAS)}
        involvement = await client.get(f"{self.addresses['decision']}/involvement")
        return {**found, "involvement": involvement.json()}


async def recorded(callers: Callers) -> Record:
    """A decision that Liga and Caritas were heard before, an accepted report and more of what is on record."""
    city, caritas = callers["admin"], callers["contributor"]
    attended = [{"partner_id": each, "attendance": "attended"} for each in (LIGA, CARITAS)]
    event = await make(
        city, "consultation-events", starts_at=f"{HELD}T09:00:00+01:00", status="held", participants=attended
    )
    asked = {"involved_partner_ids": [LIGA, CARITAS], "consultation_event_ids": [event["id"]]}
    decision = await make(city, "decisions", announced_on="2025-01-13", **asked)
    statement = f"/v1/decisions/{decision['id']}/statements/{CARITAS}"
    assert (await caritas.put(statement, json={"position": "object", "text": "Nein."})).status_code == 201
    assert (await patch(city, "decisions", decision, **DECIDED)).status_code == 200
    measure = await make(city, "sub-measures", status="agreed", lead_partner_id=CARITAS)
    report = await make(
        caritas, "progress-reports", sub_measure_id=measure["id"], partner_id=CARITAS, state="submitted"
    )
    assert (await patch(city, "progress-reports", report, state="accepted")).status_code == 200
    indicator = await make(city, "indicators", goal_id=None, sub_measure_id=measure["id"])
    observation = f"/v1/indicators/{indicator['id']}/observations/2025-02-28"
    assert (await city.put(observation, json={"value": 46, "state": "final"})).status_code == 201
    need = await make(caritas, "needs", raised_by_id=CARITAS)
    assert (await patch(city, "needs", need, status="answered", response="Ja.")).status_code == 200
    return Record(
        {
            "decision": f"/v1/decisions/{decision['id']}",
            "event": f"/v1/consultation-events/{event['id']}",
            "statement": statement,
            "report": f"/v1/progress-reports/{report['id']}",
            "observation": observation,
            "need": f"/v1/needs/{need['id']}",
            "measure": f"/v1/sub-measures/{measure['id']}",
            "agreement": f"/v1/agreements/{AGREEMENT}",
        }
    )


def others(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values that a field of the contract might take, most of them other ones than it has."""
    kind = resolved(schema)
    if "anyOf" in schema:
        yield None
    if "enum" in kind:
        yield from {kind["enum"][0], kind["enum"][-1]}
        return
    texts = {"date": "2025-01-02", "date-time": "2025-01-02T09:00:00Z", "uuid": LIGA, "uri": "https://example.org/x"}
    match kind.get("type"):
        case "string":
            yield texts.get(kind.get("format", ""), "Anders")
        case "boolean":
            yield from (True, False)
        case "integer" | "number":
            yield 7
        case "array":
            yield []
            yield from ([each] for each in others(kind["items"]) if each is not None)
        case "object":
            yield {
                name: next(iter(others(each)))
                for name, each in kind.get("properties", {}).items()
                if name in kind.get("required", ())
            }
