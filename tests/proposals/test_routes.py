"""`/v1/proposals`"""

from typing import Any

import httpx
import pytest

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.databases import any_database
from tests.dresden import goal_id
from tests.factories import CARITAS, CITY, LIGA, NOWHERE, errors_of, items_of, make, patch, rule_of, topic_id
from tests.problems import problem_of
from tests.proposals.evidence import Callers, recorded

PATH = "/v1/proposals"
REASON = "Der Stadtrat hat erst in der zweiten Sitzung entschieden."


def body_of(subject_id: str, changes: Any, kind: str = "decision", **fields: Any) -> dict[str, Any]:
    """What a proposal sends."""
    return {"subject_type": kind, "subject_id": subject_id, "changes": changes, "reason": REASON, **fields}


async def propose(client: httpx.AsyncClient, subject_id: str, changes: Any, **fields: Any) -> dict[str, Any]:
    """Make a proposal and return it."""
    answer = await client.post(PATH, json=body_of(subject_id, changes, **fields))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def answered(client: httpx.AsyncClient, proposal: dict[str, Any], **changes: Any) -> httpx.Response:
    """Say what becomes of a proposal."""
    return await patch(client, "proposals", proposal, **changes)


@any_database
class TestStory:
    async def test_a_wrong_day_is_corrected_by_both_sides(self, callers: Callers, settings: Settings) -> None:
        record = await recorded(callers)
        city, liga, anyone = callers["coordinator"], callers["other_contributor"], callers["anonymous"]
        address, id = record.addresses["decision"], record.id_of("decision")
        before = (await anyone.get(address)).json()
        refused = await patch(city, "decisions", before, decided_on="2025-05-16")
        assert problem_of(refused, 409, "frozen")["fields"] == ["decided_on"]

        proposal = await propose(city, id, {"decided_on": "2025-05-16"}, evidence_url="https://ratsinfo.dresden.de/1")
        assert (proposal["state"], proposal["based_on_version"], proposal["visibility"]) == ("open", 2, "public")
        assert (proposal["proposed_by_id"], proposal["agreement_id"]) == (CITY, before["agreement_id"])
        assert (await anyone.get(address)).json() == before, "proposed is not corrected"
        for own in ("coordinator", "admin"):
            assert rule_of(await answered(callers[own], proposal, state="confirmed")) == "side"
        assert rule_of(await answered(liga, proposal, state="withdrawn")) == "ownership"

        confirmed = await answered(liga, proposal, state="confirmed", answer="So war es.")
        assert confirmed.status_code == 200, confirmed.text
        assert (confirmed.json()["answered_by_id"], confirmed.json()["state"]) == (LIGA, "confirmed")
        assert confirmed.json()["answered_at"] is not None
        after = (await anyone.get(address)).json()
        assert after == before | {"decided_on": "2025-05-16", "version": 3, "updated_at": after["updated_at"]}
        involvement = (await anyone.get(f"{address}/involvement")).json()
        assert (involvement["decision_on"], involvement["lead_days"]) == ("2025-05-16", 65)

        history = (await anyone.get(f"{address}/history")).json()["items"]
        assert [each["data"]["decided_on"] for each in history] == [None, "2025-05-15", "2025-05-16"]
        last = history[-1]
        assert (last["action"], last["changed_fields"], last["by"]) == (
            "corrected",
            ["decided_on"],
            {"partner_id": LIGA},
        )
        assert (await anyone.get(f"{PATH}/{last['proposal_id']}")).json()["reason"] == REASON
        assert [each["proposal_id"] for each in history] == [None, None, proposal["id"]]
        feed = (await anyone.get("/v1/changes", params={"limit": 500})).json()["items"]
        assert [each["resource_id"] for each in feed if each["action"] == "corrected"] == [id]
        assert (await verify_and_note(settings)).faults == []

        for client in (city, liga):
            again = await answered(client, confirmed.json(), state="withdrawn")
            assert problem_of(again, 409, "frozen")["fields"] == ["state"]
        deleted = await callers["admin"].delete(f"{PATH}/{proposal['id']}", headers={"If-Match": "*"})
        problem_of(deleted, 405, "method-not-allowed")
        assert "DELETE" not in deleted.headers["allow"]

    async def test_what_a_partner_is_said_to_have_attended_is_corrected_against_the_states(
        self, callers: Callers
    ) -> None:
        """Steps between states, and whose words something is, do not stand in the way; all other rules do."""
        record = await recorded(callers)
        city, caritas = callers["coordinator"], callers["contributor"]
        event = record.id_of("event")
        proposal = await propose(caritas, event, {"status": "planned"}, kind="consultation_event")
        refused = await city.post(
            PATH, json=body_of(event, {"starts_at": "2999-01-01T09:00:00Z"}, "consultation_event")
        )
        assert ("#/changes/status", "in_future") in errors_of(refused)
        assert (await answered(city, proposal, state="confirmed")).status_code == 200
        assert (await city.get(record.addresses["event"])).json()["status"] == "planned"
        involvement = (await city.get(f"{record.addresses['decision']}/involvement")).json()
        assert involvement["first_heard_on"] != "2025-03-12"
        statement = (await city.get(record.addresses["statement"])).json()
        proposal = await propose(city, statement["id"], {"position": "support"}, kind="statement")
        assert (await answered(caritas, proposal, state="confirmed")).status_code == 200
        observation = (await city.get(record.addresses["observation"])).json()
        proposal = await propose(caritas, observation["id"], {"value": 47}, kind="observation")
        assert (await answered(city, proposal, state="confirmed")).status_code == 200
        assert (await city.get(record.addresses["observation"])).json()["value"] == 47

    async def test_a_stale_one_can_be_proposed_again(self, callers: Callers) -> None:
        record = await recorded(callers)
        city, liga, id = callers["coordinator"], callers["other_contributor"], record.id_of("decision")
        changes = {"decided_on": "2025-05-16"}
        proposal = await propose(liga, id, changes)
        decision = (await city.get(record.addresses["decision"])).json()
        assert (await patch(city, "decisions", decision, description="Mehr dazu.")).status_code == 200
        refused = await answered(city, proposal, state="confirmed")
        assert problem_of(refused, 409, "stale-proposal")["current_version"] == 3
        assert (await city.get(f"{PATH}/{proposal['id']}")).json() == proposal, "nothing of it happened"
        assert (await answered(liga, proposal, state="withdrawn")).status_code == 200
        again = await propose(liga, id, changes)
        assert (await answered(city, again, state="confirmed")).status_code == 200

    async def test_a_rejected_one_says_why(self, callers: Callers) -> None:
        record = await recorded(callers)
        city, liga, id = callers["coordinator"], callers["other_contributor"], record.id_of("decision")
        proposal = await propose(liga, id, {"decided_on": "2025-05-16"})
        for answer in ({}, {"answer": " "}):
            assert errors_of(await answered(city, proposal, state="rejected", **answer)) == [
                ("#/answer", "answer_required")
            ]
        for client, state in ((city, "open"), (liga, "withdrawn")):
            refused = await answered(client, proposal, state=state, answer="Nein.")
            assert errors_of(refused) == [("#/answer", "not_answered")]
        rejected = await answered(city, proposal, state="rejected", answer="Die Niederschrift sagt es anders.")
        assert (rejected.status_code, rejected.json()["answered_by_id"]) == (200, CITY)
        assert (await city.get(record.addresses["decision"])).json()["decided_on"] == "2025-05-15"


@any_database
class TestCreateProposal:
    @pytest.mark.parametrize(
        ("changes", "errors"),
        [
            ({}, [("#/changes", "changes_or_redaction")]),
            ([], [("#/changes", "dict_type")]),
            ({"decided": "2025-05-16"}, [("#/changes/decided", "extra_forbidden")]),
            ({"version": 7}, [("#/changes/version", "extra_forbidden")]),
            ({"decided_on": 7}, [("#/changes/decided_on", "date_format")]),
            ({"title": None}, [("#/changes/title", "string_type")]),
            ({"decided_on": None}, [("#/changes/decided_on", "day_required")]),
            ({"decided_on": "2999-01-01"}, [("#/changes/decided_on", "in_future")]),
            ({"topic_ids": [NOWHERE]}, [("#/changes/topic_ids/0", "unknown_reference")]),
            ({"decided_on": "2025-05-15"}, [("#/changes", "no_change")]),
        ],
    )
    async def test_refuses_what_the_subject_would_refuse(
        self, callers: Callers, changes: Any, errors: list[tuple[str, str]]
    ) -> None:
        decision = await make(callers["admin"], "decisions", status="decided", decided_on="2025-05-15")
        refused = await callers["contributor"].post(PATH, json=body_of(decision["id"], changes))
        assert errors_of(refused) == errors
        assert await items_of(callers["admin"], "proposals") == []

    async def test_is_about_something_in_an_agreement(self, callers: Callers) -> None:
        client = callers["contributor"]
        need = (await make(client, "needs", raised_by_id=CARITAS))["id"]
        parties = [{"partner_id": CITY, "side": "authority"}]
        other = (await make(callers["keeper"], "agreements", parties=parties))["id"]
        for kind, id, fields, error in (
            ("partner", CARITAS, {}, ("#/subject_type", "enum")),
            ("proposal", NOWHERE, {}, ("#/subject_type", "only_redacted")),
            ("need", NOWHERE, {}, ("#/subject_id", "unknown_reference")),
            ("decision", need, {}, ("#/subject_id", "unknown_reference")),
            ("need", need, {"state": "confirmed"}, ("#/state", "not_a_first_state")),
        ):
            refused = await client.post(PATH, json=body_of(id, {"title": "Neu"}, kind, **fields))
            assert error in errors_of(refused), kind
        elsewhere = await callers["admin"].post(PATH, json=body_of(need, {"title": "Neu"}, "need", agreement_id=other))
        assert errors_of(elsewhere) == [("#/subject_id", "other_agreement")]

    async def test_is_refused_where_nobody_could_answer_it(self, callers: Callers) -> None:
        """A partner on another side needs a key that works and allows to answer, and must not have ended."""
        keeper, city = callers["keeper"], callers["coordinator"]
        other = await make(keeper, "partners")
        parties = [{"partner_id": CITY, "side": "authority"}, {"partner_id": other["id"], "side": "associations"}]
        agreement = (await make(keeper, "agreements", parties=parties))["id"]
        decision = (await make(city, "decisions", agreement_id=agreement, involved_partner_ids=[]))["id"]
        body = body_of(decision, {"title": "Neu"})
        assert (await city.post(PATH, json=body)).status_code == 201
        assert (await patch(keeper, "partners", other, dissolved_on="2025-01-31")).status_code == 200
        assert errors_of(await city.post(PATH, json=body)) == [("#/agreement_id", "nobody_answers")]

    async def test_is_refused_where_it_puts_words_in_a_third_mouth(self, callers: Callers) -> None:
        """Neither who proposes nor who confirms it said them: that is told at once, not when it is to be confirmed."""
        need = (await make(callers["contributor"], "needs", raised_by_id=CARITAS))["id"]
        for caller, changes, status in (
            ("other_contributor", {"title": "Anders"}, 403),
            ("other_contributor", {"status": "acknowledged"}, 201),
            ("coordinator", {"title": "Anders"}, 201),
            ("contributor", {"title": "Anders"}, 201),
        ):
            answer = await callers[caller].post(PATH, json=body_of(need, changes, "need"))
            assert answer.status_code == status, answer.text
            assert status == 201 or rule_of(answer) == "ownership"

    async def test_is_never_more_visible_than_its_subject(self, callers: Callers) -> None:
        client = callers["contributor"]
        need = await make(client, "needs", raised_by_id=CARITAS)
        shown = await propose(client, need["id"], {"title": "Neu"}, kind="need")
        hidden = (await patch(client, "needs", need, visibility="partners")).json()
        assert (await callers["anonymous"].get(f"{PATH}/{shown['id']}")).status_code == 404, "narrowed with it"
        made = await propose(client, need["id"], {"title": "Neu"}, kind="need")
        assert (made["visibility"], made["based_on_version"]) == ("partners", hidden["version"])
        refused = await client.post(PATH, json=body_of(need["id"], {"title": "Neu"}, "need", visibility="public"))
        assert errors_of(refused) == [("#/visibility", "too_visible")]

    async def test_keeps_its_subject_from_being_deleted(self, callers: Callers) -> None:
        client = callers["contributor"]
        need = await make(client, "needs", raised_by_id=CARITAS)
        made = await propose(client, need["id"], {"title": "Neu"}, kind="need")
        refused = await client.delete(f"/v1/needs/{need['id']}", headers={"If-Match": "*"})
        assert problem_of(refused, 409, "in-use")["referrers"] == [{"resource": "proposals", "id": made["id"]}]


@any_database
class TestListProposals:
    async def test_has_a_case_for_each_filter(self, callers: Callers) -> None:
        admin = callers["admin"]
        first, other = [
            await make(callers["operator"], "needs", topic_id=topic_id("health"), raised_by_id=partner_id)
            for partner_id in (LIGA, CARITAS)
        ]
        measure = await make(admin, "sub-measures")
        made = await propose(admin, first["id"], {"title": "Neu"}, kind="need")
        by_caritas = await propose(callers["contributor"], other["id"], {"title": "Neu"}, kind="need")
        about_goal = await propose(admin, measure["id"], {"summary": "Neu"}, kind="sub_measure")
        await answered(admin, about_goal, state="withdrawn")
        for name, value, another in (
            ("subject_type", "sub_measure", "need"),
            ("subject_id", measure["id"], first["id"]),
            ("state", "withdrawn", "open"),
        ):
            found = await items_of(admin, "proposals", **{name: value})
            assert [each["id"] for each in found] == [about_goal["id"]], name
            both = await items_of(admin, "proposals", **{name: [value, another]})
            assert made["id"] in {each["id"] for each in both}, name
        found = await items_of(admin, "proposals", partner_id=CARITAS)
        assert [each["id"] for each in found] == [by_caritas["id"]]
        found = await items_of(admin, "proposals", goal_id=measure["goal_id"])
        assert [each["id"] for each in found] == [about_goal["id"]]
        found = await items_of(admin, "proposals", agreement_id=made["agreement_id"])
        assert len(found) == 3
        feed = (await admin.get("/v1/changes", params={"goal_id": measure["goal_id"], "type": "proposal"})).json()
        assert {each["resource_id"] for each in feed["items"]} == {about_goal["id"]}

    async def test_finds_by_a_goal_what_is_about_objections_and_proposals_about_it(self, callers: Callers) -> None:
        """However far that goes, as in the feed."""
        city, anyone = callers["admin"], callers["anonymous"]
        measure = await make(city, "sub-measures")
        about = {"subject_type": "sub_measure", "subject_id": measure["id"], "text": "So ist es nicht."}
        objection = (await city.post("/v1/objections", json=about)).json()
        made: list[str] = []
        for kind, subject, field in (("objection", objection["id"], "text"), ("proposal", None, "reason")):
            redaction = {"fields": [field], "legal_basis": "Art. 17 (1) (a) GDPR"}
            erasing = await propose(city, subject or made[0], {}, kind=kind, redaction=redaction)
            made.append(erasing["id"])
        found = await items_of(anyone, "proposals", goal_id=measure["goal_id"], sort="created_at")
        assert [each["id"] for each in found] == made
        assert await items_of(anyone, "proposals", goal_id=goal_id(5)) == []
        feed = (await anyone.get("/v1/changes", params={"goal_id": measure["goal_id"], "type": "proposal"})).json()
        assert [each["resource_id"] for each in feed["items"]] == made
        found = await items_of(anyone, "objections", goal_id=measure["goal_id"])
        assert [each["id"] for each in found] == [objection["id"]]
