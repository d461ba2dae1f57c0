"""`/v1/consultation-events/{id}/participants`"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.resources.ids import named_id
from tests.databases import any_database
from tests.factories import (
    CARITAS,
    CITY,
    LIGA,
    NOWHERE,
    changes_after,
    delete,
    end_of_feed,
    errors_of,
    items_of,
    make,
    patch,
    referrers_of,
    rule_of,
)
from tests.problems import problem_of

PATH = "consultation-events"
ANY = {"If-Match": "*"}
Callers = Mapping[str, httpx.AsyncClient]

ACCEPTED: dict[str, Any] = {"attendance": "accepted", "delegates": 3}


def address_of(event: Mapping[str, Any] | str, partner_id: str = CARITAS) -> str:
    """Where the participation of a partner stands."""
    id = event if isinstance(event, str) else event["id"]
    return f"/v1/{PATH}/{id}/participants/{partner_id}"


def entry(partner_id: str, **fields: Any) -> dict[str, Any]:
    """A participation as an event shows it."""
    return {"partner_id": partner_id, "role": "participant", "attendance": "invited", "delegates": None} | fields


async def read(client: httpx.AsyncClient, event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as it is now."""
    answer = await client.get(f"/v1/{PATH}/{event['id']}")
    assert answer.status_code == 200, answer.text
    now: dict[str, Any] = answer.json()
    return now


class TestPutParticipant:
    @any_database
    async def test_lets_a_partner_answer_for_itself(self, callers: Callers) -> None:
        others = [entry(CITY, role="host", attendance="attended", delegates=5), entry(LIGA, attendance="declined")]
        event = await make(
            callers["operator"],
            PATH,
            organiser_id=CITY,
            participants=[others[0], entry(CARITAS), others[1]],
            agenda_items=[{"title": "Eins"}],
        )
        answer = await callers["contributor"].put(address_of(event), json=ACCEPTED)
        assert answer.status_code == 200
        assert answer.json() == {
            **event,
            "participants": [others[0], entry(CARITAS, **ACCEPTED), others[1]],
            "version": 2,
            "updated_at": answer.json()["updated_at"],
        }
        assert answer.headers["etag"] == '"2"'
        assert answer.headers["content-location"] == f"/v1/{PATH}/{event['id']}"
        assert "location" not in answer.headers
        assert (await callers["anonymous"].get(answer.headers["content-location"])).json() == answer.json()

    async def test_adds_one_that_was_not_invited_behind_the_others(self, callers: Callers) -> None:
        event = await make(callers["operator"], PATH, participants=[entry(LIGA), entry(CITY)])
        answer = await callers["contributor"].put(address_of(event), json={"attendance": "accepted"})
        assert answer.status_code == 200
        assert answer.json()["participants"] == [entry(LIGA), entry(CITY), entry(CARITAS, attendance="accepted")]
        assert await items_of(callers["anonymous"], PATH, partner_id=CARITAS) == [answer.json()]

    @any_database
    async def test_keeps_what_is_not_given(self, callers: Callers) -> None:
        event = await make(callers["operator"], PATH, participants=[entry(CARITAS, role="moderator", **ACCEPTED)])
        answer = await callers["contributor"].put(address_of(event), json={"attendance": "declined"})
        assert answer.json()["participants"] == [entry(CARITAS, role="moderator", attendance="declined", delegates=3)]

    async def test_changes_nothing_when_the_same_is_said_again(self, callers: Callers) -> None:
        event = await make(callers["operator"], PATH, participants=[entry(CARITAS, **ACCEPTED), entry(LIGA)])
        cursor = await end_of_feed(callers["admin"])
        answer = await callers["contributor"].put(address_of(event), json=ACCEPTED)
        assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"1"', event)
        assert await changes_after(callers["admin"], cursor) == ([], cursor)

    @any_database
    async def test_tells_the_feed_whose_key_changed_the_event(self, callers: Callers) -> None:
        event = await make(callers["operator"], PATH)
        cursor = await end_of_feed(callers["anonymous"])
        answer = await callers["contributor"].put(address_of(event), json=ACCEPTED)
        (change,), _ = await changes_after(callers["anonymous"], cursor)
        assert (change["resource_type"], change["action"]) == ("consultation_event", "updated")
        assert (change["changed_fields"], change["data"]) == (["participants"], answer.json())
        assert change["by"] == {"partner_id": CARITAS}

    @any_database
    async def test_lets_the_organiser_invite_and_say_who_was_there(self, callers: Callers) -> None:
        event = await make(callers["operator"], PATH, organiser_id=CARITAS)
        organiser, liga = callers["contributor"], callers["other_contributor"]
        invited = await organiser.put(address_of(event, LIGA), json={"role": "host"})
        assert invited.json()["participants"] == [entry(LIGA, role="host")]
        assert (await liga.put(address_of(event, LIGA), json=ACCEPTED)).status_code == 200
        again = await organiser.put(address_of(event, LIGA), json={"attendance": "invited"})
        assert rule_of(again) == "ownership", "it answered"
        there = await organiser.put(address_of(event, LIGA), json={"attendance": "attended"})
        assert there.json()["participants"] == [entry(LIGA, role="host", attendance="attended", delegates=3)]

    @any_database
    @pytest.mark.parametrize(
        ("caller", "partner_id", "said"),
        [
            # The partner: neither invited by itself, nor that it was there.
            ("contributor", CARITAS, {}),
            ("contributor", CARITAS, {"attendance": "invited"}),
            ("contributor", CARITAS, {"attendance": "attended"}),
            ("contributor", CARITAS, {"attendance": "absent"}),
            ("contributor", CARITAS, {"attendance": "accepted", "role": "host"}),
            # The organiser: not what the partner says.
            ("other_contributor", CARITAS, {"attendance": "accepted"}),
            ("other_contributor", CITY, {"attendance": "declined"}),
            ("other_contributor", CITY, {"delegates": 2}),
            # A coordinator of another party: nothing for others, and the same for itself.
            ("coordinator", CARITAS, {"attendance": "attended"}),
            ("coordinator", CARITAS, {"attendance": "accepted"}),
            ("admin", LIGA, {}),
            ("coordinator", CITY, {"attendance": "attended"}),
        ],
    )
    async def test_keeps_the_words_of_each_from_the_others(
        self, callers: Callers, caller: str, partner_id: str, said: dict[str, Any]
    ) -> None:
        event = await make(callers["operator"], PATH, organiser_id=LIGA, participants=[entry(CITY, **ACCEPTED)])
        assert rule_of(await callers[caller].put(address_of(event, partner_id), json=said)) == "ownership"
        assert await read(callers["admin"], event) == event

    @any_database
    async def test_lets_nobody_become_the_organiser_of_what_another_one_organises(self, callers: Callers) -> None:
        event = await make(callers["coordinator"], PATH, organiser_id=LIGA)
        for caller in ("coordinator", "admin"):
            for organiser in (CITY, None):
                refused = await patch(callers[caller], PATH, event, organiser_id=organiser)
                assert (rule_of(refused), refused.json()["writers"]) == ("ownership", ["partner"])
        assert (await patch(callers["coordinator"], PATH, event, title="Anders")).status_code == 200

    @any_database
    async def test_lets_any_coordinator_invite_where_nobody_organises(self, callers: Callers) -> None:
        event = await make(callers["operator"], PATH, organiser_id=None)
        for said in ({}, {"attendance": "attended"}):
            answer = await callers["coordinator"].put(address_of(event, LIGA), json=said)
            assert (answer.status_code, answer.json()["participants"]) == (200, [entry(LIGA, **said)])

    @any_database
    @pytest.mark.parametrize("organiser_id", [CITY, LIGA, None])
    async def test_refuses_to_answer_for_others(self, callers: Callers, organiser_id: str | None) -> None:
        event = await make(callers["operator"], PATH, organiser_id=organiser_id, participants=[entry(LIGA)])
        for partner_id in (LIGA, CITY, NOWHERE):
            answer = await callers["contributor"].put(address_of(event, partner_id), json=ACCEPTED)
            assert rule_of(answer) == "ownership"
        answer = await callers["reader"].put(address_of(event, LIGA), json=ACCEPTED)
        assert rule_of(answer) == "role"
        assert await read(callers["admin"], event) == event

    @any_database
    async def test_honours_if_match_when_it_is_sent(self, callers: Callers) -> None:
        event = await make(callers["operator"], PATH)
        answer = await callers["contributor"].put(address_of(event), json=ACCEPTED, headers={"If-Match": '"2"'})
        assert problem_of(answer, 412, "precondition-failed")["current_etag"] == '"1"'
        assert await read(callers["admin"], event) == event
        for tag, version in (('"1"', 2), ("*", 3)):
            body = {"attendance": "accepted", "delegates": version}
            answer = await callers["contributor"].put(address_of(event), json=body, headers={"If-Match": tag})
            assert (answer.status_code, answer.json()["version"]) == (200, version)

    async def test_loses_no_answer_of_several_at_the_same_time(self, client: httpx.AsyncClient) -> None:
        event = await make(client, PATH, participants=[entry(CITY)])
        slugs = ("awo-dresden", "caritas-dresden", "diakonie-dresden", "drk-dresden", "liga-dresden")
        partners = [str(named_id("partners", slug)) for slug in slugs]
        answers = await asyncio.gather(
            *(client.put(address_of(event, partner_id), json=ACCEPTED) for partner_id in partners)
        )
        assert sorted((answer.status_code, answer.json()["version"]) for answer in answers) == [
            (200, version) for version in range(2, 7)
        ]
        first, *added = (await read(client, event))["participants"]
        assert first == entry(CITY)
        assert sorted(each["partner_id"] for each in added) == sorted(partners)

    @any_database
    async def test_is_not_found_where_there_is_no_such_event_or_partner(self, client: httpx.AsyncClient) -> None:
        event = await make(client, PATH)
        for address in (address_of(NOWHERE), address_of(event, NOWHERE), address_of(event, event["id"])):
            problem_of(await client.put(address, json=ACCEPTED), 404, "not-found")
        assert await read(client, event) == event
        assert (await delete(client, PATH, event)).status_code == 204
        problem_of(await client.put(address_of(event), json=ACCEPTED), 410, "gone")

    @any_database
    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    async def test_refuses_an_address_that_is_none(self, client: httpx.AsyncClient, method: str) -> None:
        event = await make(client, PATH)
        body = ACCEPTED if method == "PUT" else None
        for address, parameter in ((address_of(event, "caritas"), "partner_id"), (address_of("fachtag"), "id")):
            assert errors_of(await client.request(method, address, json=body)) == [(parameter, "uuid_format")]

    @any_database
    async def test_refuses_what_is_no_participation(self, client: httpx.AsyncClient) -> None:
        event = await make(client, PATH)
        for body, error in (
            ({"role": "guest"}, ("#/role", "enum")),
            ({"attendance": None}, ("#/attendance", "enum")),
            ({"delegates": -1}, ("#/delegates", "greater_than_equal")),
            ({"partner_id": CARITAS}, ("#/partner_id", "extra_forbidden")),
        ):
            assert errors_of(await client.put(address_of(event), json=body)) == [error]
        assert await read(client, event) == event

    @any_database
    async def test_refuses_more_partners_than_an_event_holds(self, client: httpx.AsyncClient) -> None:
        partners = [(await make(client, "partners"))["id"] for _ in range(200)]
        event = await make(client, PATH, participants=[{"partner_id": partner} for partner in partners])
        answer = await client.put(address_of(event), json=ACCEPTED)
        assert errors_of(answer) == [("#/participants", "too_long")]
        assert await read(client, event) == event
        answer = await client.put(address_of(event, partners[0]), json=ACCEPTED)
        assert (answer.status_code, answer.json()["version"]) == (200, 2)


@any_database
async def test_who_was_there_is_taken_back_by_nobody_alone(callers: Callers) -> None:
    """By two steps, the organiser could else delete what a partner had answered, or that it was heard."""
    city, caritas = callers["coordinator"], callers["contributor"]
    event = await make(city, PATH, organiser_id=CITY, participants=[entry(LIGA, attendance="absent"), entry(CARITAS)])
    assert (await caritas.put(address_of(event), json={"attendance": "accepted"})).status_code == 200
    there = (await city.put(address_of(event), json={"attendance": "attended"})).json()
    known = {**there, "external_ids": [{"system": "kalender", "id": "7"}]}
    there = (await patch(city, PATH, there, external_ids=known["external_ids"])).json()
    back = [entry(LIGA, attendance="absent"), entry(CARITAS)]
    body = {name: there[name] for name in ("title", "format", "level", "starts_at", "organiser_id", "agreement_id")}
    external = f"/v1/{PATH}/external/kalender/7"
    for answer in (
        await city.put(address_of(event), json={"attendance": "invited"}),
        await caritas.put(address_of(event), json={"attendance": "declined"}),
        await patch(city, PATH, there, participants=back),
        await city.put(external, json={**body, "participants": back}, headers=ANY),
    ):
        assert problem_of(answer, 409, "transition-not-allowed")["allowed"] == ["absent"], answer.text
        assert CARITAS in answer.json()["detail"]
    for answer in (
        await city.delete(address_of(event), headers=ANY),
        await city.delete(address_of(event, LIGA), headers=ANY),
        await patch(city, PATH, there, participants=[]),
        await city.put(external, json={**body, "participants": []}, headers=ANY),
        await delete(city, PATH, there),
    ):
        assert problem_of(answer, 409, "frozen")["fields"] == ["participants"], answer.text
    line = json.dumps({**body, "external_ids": known["external_ids"], "participants": back})
    params, headers = {"resource": PATH}, {"Content-Type": "application/x-ndjson"}
    imported = (await city.post("/v1/imports", params=params, content=line, headers=headers)).json()
    assert (imported["updated"], imported["failed"]) == (0, 1), imported
    assert await read(city, event) == there
    # Who organises may have miscounted.
    assert (await city.put(address_of(event, LIGA), json={"attendance": "attended"})).status_code == 200

    proposal = {
        "subject_type": "consultation_event",
        "subject_id": event["id"],
        "changes": {"participants": [entry(CARITAS, attendance="accepted")]},
        "reason": "Der Fachtag war an einem anderen Tag.",
    }
    made = (await city.post("/v1/proposals", json=proposal)).json()
    # That it had accepted is its own word.
    assert rule_of(await patch(callers["umbrella"], "proposals", made, state="confirmed")) == "ownership"
    confirmed = await patch(caritas, "proposals", made, state="confirmed")
    assert confirmed.status_code == 200, confirmed.text
    assert (await read(city, event))["participants"] == [entry(CARITAS, attendance="accepted")]


class TestDeleteParticipant:
    async def test_takes_the_partner_out_and_leaves_the_others(self, callers: Callers) -> None:
        others = [entry(LIGA, delegates=2), entry(CITY, role="host")]
        event = await make(callers["operator"], PATH, participants=[others[0], entry(CARITAS, **ACCEPTED), others[1]])
        answer = await callers["contributor"].delete(address_of(event), headers=ANY)
        assert (answer.status_code, answer.content) == (204, b"")
        now = await read(callers["anonymous"], event)
        assert now == {**event, "participants": others, "version": 2, "updated_at": now["updated_at"]}
        assert await items_of(callers["anonymous"], PATH, partner_id=CARITAS) == []

    async def test_is_not_found_for_one_that_does_not_take_part(self, client: httpx.AsyncClient) -> None:
        event = await make(client, PATH, organiser_id=CARITAS, participants=[entry(LIGA)])
        for address in (address_of(event), address_of(event, NOWHERE), address_of(NOWHERE)):
            problem_of(await client.delete(address, headers=ANY), 404, "not-found")
        assert await read(client, event) == event
        assert (await client.delete(address_of(event, LIGA), headers=ANY)).status_code == 204
        problem_of(await client.delete(address_of(event, LIGA), headers=ANY), 404, "not-found")
        now = await read(client, event)
        assert (now["participants"], now["version"]) == ([], 2)
        assert (await delete(client, PATH, now)).status_code == 204
        problem_of(await client.delete(address_of(event, LIGA), headers=ANY), 410, "gone")

    @any_database
    async def test_is_the_right_of_whose_words_it_holds(self, callers: Callers) -> None:
        event = await make(callers["operator"], PATH, organiser_id=CARITAS, participants=[entry(CITY), entry(CARITAS)])
        for partner_id in (CITY, CARITAS):
            assert (
                rule_of(await callers["other_contributor"].delete(address_of(event, partner_id), headers=ANY))
                == "ownership"
            )
            assert rule_of(await callers["reader"].delete(address_of(event, partner_id), headers=ANY)) == "role"
        assert await read(callers["admin"], event) == event
        assert (await callers["coordinator"].put(address_of(event, CITY), json=ACCEPTED)).status_code == 200
        for caller in ("contributor", "admin"):
            refused = await callers[caller].delete(
                address_of(event, CARITAS if caller == "admin" else CITY), headers=ANY
            )
            assert rule_of(refused) == "ownership"
        assert (await callers["coordinator"].delete(address_of(event, CITY), headers=ANY)).status_code == 204
        assert (await callers["contributor"].delete(address_of(event, CARITAS), headers=ANY)).status_code == 204
        assert (await read(callers["admin"], event))["participants"] == []

    @any_database
    async def test_goes_for_the_event_as_a_whole(self, callers: Callers) -> None:
        """Whoever deleted the event would delete what its participants said."""
        event = await make(callers["contributor"], PATH, organiser_id=CARITAS, participants=[entry(LIGA)])
        answered = await callers["other_contributor"].put(address_of(event, LIGA), json={"attendance": "declined"})
        assert answered.status_code == 200
        for caller in ("contributor", "coordinator", "admin", "other_contributor"):
            assert rule_of(await delete(callers[caller], PATH, answered.json())) == "ownership"
        patched = await patch(callers["contributor"], PATH, answered.json(), participants=[], title="Anders")
        assert rule_of(patched) == "ownership"

    @any_database
    async def test_needs_if_match_with_the_event_s_etag(self, client: httpx.AsyncClient) -> None:
        event = await make(client, PATH, participants=[entry(CARITAS)])
        problem_of(await client.delete(address_of(event)), 428, "precondition-required")
        answer = await client.delete(address_of(event), headers={"If-Match": '"2"'})
        assert problem_of(answer, 412, "precondition-failed")["current_etag"] == '"1"'
        assert await read(client, event) == event
        assert (await client.delete(address_of(event), headers={"If-Match": '"1"'})).status_code == 204

    async def test_frees_the_partner(self, client: httpx.AsyncClient) -> None:
        partner = await make(client, "partners")
        event = await make(client, PATH, participants=[entry(partner["id"])])
        assert referrers_of(await delete(client, "partners", partner)) == {(PATH, event["id"])}
        assert (await client.delete(address_of(event, partner["id"]), headers=ANY)).status_code == 204
        assert (await delete(client, "partners", partner)).status_code == 204
