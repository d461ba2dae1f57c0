"""`/v1/objections`"""

from typing import Any

import httpx

from tests.databases import any_database
from tests.factories import CARITAS, CITY, LIGA, NOWHERE, errors_of, items_of, make, patch, rule_of
from tests.problems import problem_of
from tests.proposals.evidence import Callers
from tests.tables import rows_of

PATH = "/v1/objections"
TEXT = "Die Berufsschulen haben noch kein Angebot."


def body_of(subject_id: str, **fields: Any) -> dict[str, Any]:
    """What an objection sends."""
    return {"subject_type": "sub_measure", "subject_id": subject_id, "text": TEXT, **fields}


async def object_to(client: httpx.AsyncClient, subject_id: str, **fields: Any) -> dict[str, Any]:
    """Raise an objection and return it."""
    answer = await client.post(PATH, json=body_of(subject_id, **fields))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


class TestStory:
    async def test_the_city_says_completed_the_lead_objects_and_the_public_sees_both(self, callers: Callers) -> None:
        city, caritas, liga = callers["coordinator"], callers["contributor"], callers["other_contributor"]
        anyone = callers["anonymous"]
        measure = await make(city, "sub-measures", status="completed", progress_percent=100, lead_partner_id=CARITAS)
        made = await object_to(caritas, measure["id"], field="status")
        assert (made["state"], made["raised_by_id"], made["answer"]) == ("open", CARITAS, None)
        assert await contested(anyone, measure) == (1, 1)
        assert [each["text"] for each in await items_of(anyone, "objections", subject_id=measure["id"])] == [TEXT]

        for client, changes, rule in (
            (city, {"state": "withdrawn"}, "ownership"),
            (liga, {"state": "settled"}, "ownership"),
            (liga, {"answer": "Doch."}, "side"),
            (caritas, {"answer": "Doch."}, "side"),
        ):
            assert rule_of(await patch(client, "objections", made, **changes)) == rule
        answer = await patch(city, "objections", made, answer="Sie kommen im Herbst dazu.")
        assert (answer.status_code, answer.json()["answered_by_id"]) == (200, CITY)
        assert await contested(anyone, measure) == (1, 1), "answered is not settled"

        proposal = {
            "subject_type": "sub_measure",
            "subject_id": measure["id"],
            "changes": {"status": "in_progress", "progress_percent": 80},
            "reason": TEXT,
            "objection_ids": [made["id"]],
        }
        proposal = (await city.post("/v1/proposals", json=proposal)).json()
        assert await contested(anyone, measure) == (1, 1)
        confirmed = await patch(caritas, "proposals", proposal, state="confirmed")
        assert confirmed.status_code == 200, confirmed.text
        settled = (await anyone.get(f"{PATH}/{made['id']}")).json()
        assert (settled["state"], settled["answer"]) == ("settled", "Sie kommen im Herbst dazu.")
        history = (await anyone.get(f"{PATH}/{made['id']}/history")).json()["items"]
        assert [(each["action"], each["proposal_id"]) for each in history] == [
            ("created", None),
            ("updated", None),
            ("corrected", proposal["id"]),
        ]
        assert await contested(anyone, measure) == (0, 0)
        problem_of(await patch(caritas, "objections", settled, state="withdrawn"), 409, "frozen")
        deleted = await callers["admin"].delete(f"{PATH}/{made['id']}", headers={"If-Match": "*"})
        problem_of(deleted, 405, "method-not-allowed")
        assert "DELETE" not in deleted.headers["allow"]


async def contested(client: httpx.AsyncClient, measure: dict[str, Any]) -> tuple[int, int]:
    """How many open objections the rows of the reports tell of: of the sub-measure, and of its goal."""
    rows = await rows_of(client, "progress/sub-measures", goal_id=measure["goal_id"])
    (row,) = (each for each in rows if each["sub_measure_id"] == measure["id"])
    (goal,) = await rows_of(client, "progress", goal_id=measure["goal_id"])
    return row["open_objections"], goal["contested"]


@any_database
class TestObjection:
    async def test_is_raised_to_a_field_that_there_is(self, callers: Callers) -> None:
        client = callers["contributor"]
        measure = (await make(callers["admin"], "sub-measures"))["id"]
        for fields, error in (
            ({"field": "colour"}, ("#/field", "unknown_field")),
            ({"answer": "Ja."}, ("#/answer", "not_yet")),
            ({"state": "settled"}, ("#/state", "not_a_first_state")),
            ({"subject_id": NOWHERE}, ("#/subject_id", "unknown_reference")),
            ({"subject_type": "objection"}, ("#/subject_type", "enum")),
            ({"text": " "}, ("#/text", "invisible_text")),
        ):
            assert errors_of(await client.post(PATH, json=body_of(measure) | fields)) == [error]

    async def test_is_withdrawn_or_called_settled_by_who_raised_it(self, callers: Callers) -> None:
        measure = (await make(callers["admin"], "sub-measures"))["id"]
        for state in ("withdrawn", "settled"):
            made = await object_to(callers["contributor"], measure)
            answer = await patch(callers["contributor"], "objections", made, state=state)
            assert (answer.status_code, answer.json()["state"]) == (200, state)

    async def test_has_an_answer_that_nobody_else_rewrites(self, callers: Callers) -> None:
        measure = (await make(callers["admin"], "sub-measures"))["id"]
        made = await object_to(callers["coordinator"], measure)
        answer = (await patch(callers["contributor"], "objections", made, answer="Doch.")).json()
        assert rule_of(await patch(callers["other_contributor"], "objections", answer, answer="Nein.")) == "ownership"
        taken = (await patch(callers["contributor"], "objections", answer, answer=None)).json()
        assert (taken["answer"], taken["answered_by_id"]) == (None, None)
        assert (await patch(callers["other_contributor"], "objections", taken, answer="Nein.")).status_code == 200

    async def test_is_settled_only_by_a_proposal_for_its_subject(self, callers: Callers) -> None:
        first, other = [await make(callers["admin"], "sub-measures") for _ in range(2)]
        made = await object_to(callers["contributor"], first["id"])
        body = {
            "subject_type": "sub_measure",
            "subject_id": other["id"],
            "changes": {"summary": "Neu"},
            "reason": "Neu",
            "objection_ids": [made["id"]],
        }
        refused = await callers["coordinator"].post("/v1/proposals", json=body)
        assert errors_of(refused) == [("#/objection_ids/0", "other_subject")]

    async def test_is_found_by_what_it_is_about(self, callers: Callers) -> None:
        first, other = [await make(callers["admin"], "sub-measures") for _ in range(2)]
        made = await object_to(callers["contributor"], first["id"])
        await object_to(callers["other_contributor"], other["id"])
        withdrawn = await object_to(callers["contributor"], other["id"])
        await patch(callers["contributor"], "objections", withdrawn, state="withdrawn")
        for name, value, count in (
            ("subject_id", first["id"], 1),
            ("subject_type", "sub_measure", 3),
            ("subject_type", "need", 0),
            ("state", "open", 2),
            ("partner_id", LIGA, 1),
            ("goal_id", first["goal_id"], 3 if first["goal_id"] == other["goal_id"] else 1),
            ("agreement_id", made["agreement_id"], 3),
        ):
            assert len(await items_of(callers["anonymous"], "objections", **{name: value})) == count, name
