"""`/v1/decisions/{id}/statements`"""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.clock import Clock
from tests.databases import any_database
from tests.dresden import ASSOCIATIONS
from tests.factories import (
    CARITAS,
    CITY,
    LIGA,
    NOWHERE,
    changes_after,
    delete,
    end_of_feed,
    errors_of,
    history_of,
    items_of,
    make,
    patch,
    referrers_of,
    rule_of,
)
from tests.problems import problem_of
from tests.schemas import defaults_of, own_filters

Callers = Mapping[str, httpx.AsyncClient]

DOCUMENTS = [
    {"title": "Stellungnahme", "url": "https://liga.de/stellungnahme.pdf", "media_type": "application/pdf"},
    {"title": "Anlage", "url": "https://liga.de/anlage", "media_type": None},
]
WORDS: dict[str, Any] = {"position": "support_with_changes", "text": "Mit mehr Plätzen.", "documents": DOCUMENTS}
OTHER_WORDS: dict[str, Any] = {"position": "object", "text": "Lieber nicht.", "documents": DOCUMENTS[:1]}


def address_of(decision: Mapping[str, Any] | str, partner_id: str = CARITAS) -> str:
    """Where the statement of a partner stands."""
    id = decision if isinstance(decision, str) else decision["id"]
    return f"/v1/decisions/{id}/statements/{partner_id}"


async def say(
    client: httpx.AsyncClient, decision: Mapping[str, Any], partner_id: str = CARITAS, **fields: Any
) -> dict[str, Any]:
    """Say something new to a decision and return the statement."""
    answer = await client.put(address_of(decision, partner_id), json={"position": "support", **fields})
    assert answer.status_code == 201, answer.text
    statement: dict[str, Any] = answer.json()
    return statement


async def reply(client: httpx.AsyncClient, statement: Mapping[str, Any], **answer: Any) -> httpx.Response:
    """Answer a statement, as the city would."""
    address = address_of(statement["decision_id"], statement["partner_id"])
    return await client.patch(address, json=answer, headers={"If-Match": f'"{statement["version"]}"'})


async def answered(client: httpx.AsyncClient, statement: Mapping[str, Any], **answer: Any) -> dict[str, Any]:
    """A statement that is answered now."""
    replied = await reply(client, statement, **answer)
    assert replied.status_code == 200, replied.text
    now: dict[str, Any] = replied.json()
    return now


async def decide(client: httpx.AsyncClient, decision: Mapping[str, Any]) -> dict[str, Any]:
    """Make a decision."""
    answer = await patch(client, "decisions", decision, status="decided", decided_on="2025-05-15")
    assert answer.status_code == 200, answer.text
    decided: dict[str, Any] = answer.json()
    return decided


async def unchanged(client: httpx.AsyncClient, statement: Mapping[str, Any]) -> None:
    """Check that a statement is as it was."""
    answer = await client.get(address_of(statement["decision_id"], statement["partner_id"]))
    assert (answer.status_code, answer.json()) == (200, statement)


class TestListStatements:
    async def test_stands_in_the_order_in_which_they_were_first_said(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        path = f"decisions/{decision['id']}/statements"
        for partner_id in (LIGA, CARITAS, CITY):
            await say(client, decision, partner_id)
        assert (await client.put(address_of(decision, LIGA), json={"position": "object"})).status_code == 200
        assert [each["partner_id"] for each in await items_of(client, path, limit=1)] == [LIGA, CARITAS, CITY]
        for sort, partners in (
            ("-submitted_at", [CITY, CARITAS, LIGA]),
            ("created_at", [LIGA, CARITAS, CITY]),
            ("-created_at", [CITY, CARITAS, LIGA]),
            ("updated_at", [CARITAS, CITY, LIGA]),
            ("-updated_at", [LIGA, CITY, CARITAS]),
        ):
            assert [each["partner_id"] for each in await items_of(client, path, limit=2, sort=sort)] == partners, sort

    async def test_shows_those_of_one_decision(self, client: httpx.AsyncClient) -> None:
        decision, other = await make(client, "decisions"), await make(client, "decisions")
        statement = await say(client, decision)
        assert await items_of(client, f"decisions/{decision['id']}/statements") == [statement]
        assert await items_of(client, f"decisions/{other['id']}/statements") == []

    async def test_filters_by_each_of_its_fields(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        path = f"decisions/{decision['id']}/statements"
        one = await say(client, decision, LIGA, position="object")
        one = await answered(client, one, taken_up="not_adopted", reason="Zu teuer")
        two = await say(client, decision, CARITAS, position="no_objection", text="Größe")
        two = await answered(client, two, taken_up="adopted")
        await say(client, decision, CITY, position="support")
        cases = {
            "partner_id": (LIGA, CARITAS),
            "position": ("object", "no_objection"),
            "taken_up": ("not_adopted", "adopted"),
        }
        assert cases.keys() == own_filters("decisions/{id}/statements") - {"id"}
        for name, (first, second) in cases.items():
            assert await items_of(client, path, **{name: first}) == [one], name
            assert await items_of(client, path, **{name: second}) == [two], name
            assert await items_of(client, path, **{name: [first, second]}) == [one, two], name
        assert await items_of(client, path, q="zu teu") == [one]
        assert await items_of(client, path, q="GRÖSSE") == [two]

    @any_database
    async def test_is_not_found_where_there_is_no_such_decision(self, callers: Callers) -> None:
        problem_of(await callers["admin"].get(f"/v1/decisions/{NOWHERE}/statements"), 404, "not-found")
        hidden = await make(callers["operator"], "decisions", visibility="partners")
        address = f"/v1/decisions/{hidden['id']}/statements"
        assert (await callers["reader"].get(address)).json()["items"] == []
        problem_of(await callers["anonymous"].get(address), 404, "not-found")
        assert (await delete(callers["admin"], "decisions", hidden)).status_code == 204
        problem_of(await callers["reader"].get(address), 410, "gone")
        problem_of(await callers["anonymous"].get(address), 404, "not-found")

    async def test_leaves_out_what_is_for_partners(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        path = f"decisions/{decision['id']}/statements"
        hidden = await say(callers["contributor"], decision, CARITAS, visibility="partners")
        shown = await say(callers["other_contributor"], decision, LIGA)
        assert await items_of(callers["anonymous"], path) == [shown]
        assert await items_of(callers["reader"], path) == [hidden, shown]


class TestGetStatement:
    @any_database
    async def test_answers_with_the_version_that_the_caller_may_know(self, callers: Callers) -> None:
        statement = await say(callers["admin"], await make(callers["operator"], "decisions"))
        address = address_of(statement["decision_id"])
        answer = await callers["anonymous"].get(address)
        assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, statement, '"1"')
        known = await callers["anonymous"].get(address, headers={"If-None-Match": '"1"'})
        assert (known.status_code, known.content) == (304, b"")

    @any_database
    async def test_is_not_found_where_nothing_was_said(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        for address in (address_of(decision), address_of(decision, NOWHERE), address_of(NOWHERE)):
            problem_of(await client.get(address), 404, "not-found")

    @any_database
    async def test_hides_what_is_for_partners(self, callers: Callers) -> None:
        statement = await say(callers["admin"], await make(callers["operator"], "decisions"), visibility="partners")
        address = address_of(statement["decision_id"])
        problem_of(await callers["anonymous"].get(address), 404, "not-found")
        assert (await callers["reader"].get(address)).json() == statement

    @any_database
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    async def test_refuses_an_address_that_is_none(self, client: httpx.AsyncClient, method: str) -> None:
        decision = await make(client, "decisions")
        body = {"position": "support"} if method == "PUT" else None
        for address, parameter in (
            (address_of(decision, "caritas"), "partner_id"),
            (address_of("entscheidung"), "id"),
        ):
            answer = await client.request(method, address, json=body)
            assert errors_of(answer) == [(parameter, "uuid_format")]


class TestPutStatement:
    async def test_creates_what_was_not_said_before(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        address = address_of(decision)
        answer = await callers["contributor"].put(address, json={"position": "no_objection"})
        assert (answer.status_code, answer.headers["etag"], answer.headers["location"]) == (201, '"1"', address)
        assert (await callers["anonymous"].get(answer.headers["location"])).json() == answer.json()
        made = answer.json()
        assert made.pop("created_at") == made.pop("updated_at")
        assert made.pop("submitted_at").endswith("Z")
        made.pop("id")
        assert made == {
            **defaults_of("decisions/{id}/statements/{partner_id}"),
            "version": 1,
            "visibility": "public",
            "decision_id": decision["id"],
            "partner_id": CARITAS,
            "position": "no_objection",
            "documents": [],
            "entered_by_id": None,
            "received_on": None,
            "answered_on": None,
            "taken_up": None,
            "reason": None,
        }

    async def test_replaces_what_was_said(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        statement = await say(callers["contributor"], decision, **WORDS)
        answer = await callers["contributor"].put(address_of(decision), json=OTHER_WORDS)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        assert "location" not in answer.headers
        assert answer.json() == {
            **statement,
            **OTHER_WORDS,
            "version": 2,
            "updated_at": answer.json()["updated_at"],
        }
        answer = await callers["contributor"].put(address_of(decision), json={"position": "object"})
        assert answer.json() == {
            **statement,
            "position": "object",
            "text": None,
            "documents": [],
            "version": 3,
            "updated_at": answer.json()["updated_at"],
        }

    async def test_changes_nothing_when_the_same_is_said_again(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        statement = await say(callers["contributor"], decision, **WORDS)
        cursor = await end_of_feed(callers["admin"])
        for headers in ({}, {"If-Match": '"1"'}):
            answer = await callers["contributor"].put(address_of(decision), json=WORDS, headers=headers)
            assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"1"', statement)
        assert await changes_after(callers["admin"], cursor) == ([], cursor)

    @any_database
    async def test_honours_if_match_when_it_is_sent(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        address = address_of(decision)
        for tag in ('"1"', "*"):
            problem_of(await client.put(address, json=WORDS, headers={"If-Match": tag}), 412, "precondition-failed")
        assert (await client.get(address)).status_code == 404
        statement = await say(client, decision, **WORDS)
        answer = await client.put(address, json=OTHER_WORDS, headers={"If-Match": '"2"'})
        assert problem_of(answer, 412, "precondition-failed")["current_etag"] == '"1"'
        await unchanged(client, statement)
        for tag, version in (('"1"', 2), ("*", 3)):
            body = {"position": "support", "text": f"Fassung {version}"}
            answer = await client.put(address, json=body, headers={"If-Match": tag})
            assert (answer.status_code, answer.json()["version"]) == (200, version)

    async def test_is_new_once_when_many_say_it_at_the_same_time(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        answers = await asyncio.gather(*(client.put(address_of(decision), json=WORDS) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert [answer.json() for answer in answers] == [answers[0].json()] * 8
        assert await history_of(client, address_of(decision)) == [("created", 1)]

    async def test_gives_each_of_several_at_the_same_time_its_version(self, client: httpx.AsyncClient) -> None:
        address = address_of(await make(client, "decisions"))
        bodies = [{"position": "support", "text": f"Fassung {number}"} for number in range(8)]
        answers = await asyncio.gather(*(client.put(address, json=body) for body in bodies))
        versions = {answer.json()["version"]: answer.status_code for answer in answers}
        assert versions == {1: 201} | dict.fromkeys(range(2, 9), 200)
        assert [answer.json()["text"] for answer in answers] == [body["text"] for body in bodies]
        assert len(await history_of(client, address)) == 8

    @any_database
    async def test_is_not_found_where_there_is_no_such_decision_or_partner(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        for address in (address_of(NOWHERE), address_of(decision, NOWHERE), address_of(decision, decision["id"])):
            problem_of(await client.put(address, json=WORDS), 404, "not-found")
        assert (await delete(client, "decisions", decision)).status_code == 204
        problem_of(await client.put(address_of(decision), json=WORDS), 410, "gone")

    @any_database
    async def test_refuses_what_is_no_statement(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        for body, error in (
            ({}, ("#/position", "missing")),
            ({"position": "maybe"}, ("#/position", "enum")),
            ({"position": "support", "partner_id": LIGA}, ("#/partner_id", "extra_forbidden")),
            ({"position": "support", "submitted_at": "2025-01-01T00:00:00Z"}, ("#/submitted_at", "extra_forbidden")),
            ({"position": "support", "visibility": None}, ("#/visibility", "enum")),
        ):
            assert errors_of(await client.put(address_of(decision), json=body)) == [error]
        assert (await client.get(address_of(decision))).status_code == 404

    @any_database
    async def test_is_the_right_of_the_partner(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        for caller, partner_id, rule in (
            ("contributor", LIGA, "ownership"),
            ("contributor", CITY, "ownership"),
            ("other_contributor", CARITAS, "ownership"),
            ("reader", LIGA, "role"),
        ):
            assert rule_of(await callers[caller].put(address_of(decision, partner_id), json=WORDS)) == rule
        assert await items_of(callers["admin"], f"decisions/{decision['id']}/statements") == []
        statement = await say(callers["coordinator"], decision, LIGA, **WORDS)
        assert rule_of(await callers["contributor"].put(address_of(decision, LIGA), json=OTHER_WORDS)) == "ownership"
        await unchanged(callers["admin"], statement)
        answer = await callers["other_contributor"].put(address_of(decision, LIGA), json=OTHER_WORDS)
        assert (answer.status_code, answer.json()["version"]) == (200, 2)

    @any_database
    async def test_keeps_the_answer_of_the_city(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        said = await say(callers["contributor"], decision)
        now = await answered(callers["coordinator"], said, taken_up="partly", reason="Zur Hälfte.")
        answer = await callers["contributor"].put(address_of(decision), json=WORDS)
        assert answer.json() == now | WORDS | {"version": 3, "updated_at": answer.json()["updated_at"]}
        answer = await callers["contributor"].put(address_of(decision), json={**WORDS, "taken_up": "adopted"})
        assert errors_of(answer) == [("#/taken_up", "extra_forbidden")]

    @any_database
    async def test_keeps_the_words_once_the_decision_is_made(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        statement = await say(callers["contributor"], decision, **WORDS)
        await decide(callers["admin"], decision)
        for changed in (["position"], ["text"], ["documents"], ["position", "text", "documents"]):
            body = {**WORDS, **{name: OTHER_WORDS[name] for name in changed}}
            answer = await callers["contributor"].put(address_of(decision), json=body)
            assert problem_of(answer, 409, "frozen")["fields"] == changed
        await unchanged(callers["admin"], statement)
        answer = await callers["contributor"].put(address_of(decision), json=WORDS)
        assert (answer.status_code, answer.json()) == (200, statement)

    @any_database
    async def test_is_taken_late_for_a_decision_that_is_made(self, callers: Callers) -> None:
        decision = await decide(callers["admin"], await make(callers["operator"], "decisions"))
        statement = await say(callers["contributor"], decision, **WORDS)
        problem_of(await callers["contributor"].put(address_of(decision), json=OTHER_WORDS), 409, "frozen")
        await unchanged(callers["admin"], statement)

    @any_database
    async def test_is_as_visible_as_its_decision_when_it_does_not_say(self, client: httpx.AsyncClient) -> None:
        for visibility in ("public", "partners"):
            decision = await make(client, "decisions", visibility=visibility)
            assert (await say(client, decision))["visibility"] == visibility

    @any_database
    async def test_is_never_more_visible_than_its_decision(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions", visibility="partners")
        too_visible = {**WORDS, "visibility": "public"}
        assert errors_of(await client.put(address_of(decision), json=too_visible)) == [("#/visibility", "too_visible")]
        statement = await say(client, decision, **WORDS)
        assert errors_of(await client.put(address_of(decision), json=too_visible)) == [("#/visibility", "too_visible")]
        await unchanged(client, statement)
        public = await make(client, "decisions")
        assert (await say(client, public, visibility="partners"))["visibility"] == "partners"


class TestUpdateStatement:
    @any_database
    @pytest.mark.parametrize("taken_up", ["not_adopted", "partly"])
    async def test_asks_for_the_reason_of_what_is_not_adopted_as_a_whole(
        self, client: httpx.AsyncClient, taken_up: str
    ) -> None:
        statement = await say(client, await make(client, "decisions"))
        for reason in ({}, {"reason": None}, {"reason": ""}):
            answer = await reply(client, statement, taken_up=taken_up, **reason)
            assert errors_of(answer) == [("#/reason", "reason_required")]
        now = await answered(client, statement, taken_up=taken_up, reason="Kein Geld.")
        assert (now["taken_up"], now["reason"]) == (taken_up, "Kein Geld.")
        assert errors_of(await reply(client, now, reason=None)) == [("#/reason", "reason_required")]
        assert (await answered(client, now, taken_up="adopted", reason=None))["reason"] is None

    @any_database
    async def test_lets_only_the_authority_answer(self, callers: Callers) -> None:
        statement = await say(callers["contributor"], await make(callers["operator"], "decisions"))
        given: dict[str, Any]
        for given in ({"taken_up": "adopted"}, {"reason": "Weil."}):
            refused = await reply(callers["contributor"], statement, **given)
            assert (rule_of(refused), refused.json()["writers"]) == ("role", ["authority"])
        now = await answered(callers["coordinator"], statement, taken_up="adopted", reason="Gut.")
        for given in ({"taken_up": None}, {"reason": None}, {"taken_up": "partly"}):
            assert rule_of(await reply(callers["contributor"], now, **given)) == "role"
        await unchanged(callers["admin"], now)

    @any_database
    async def test_lets_nobody_but_the_partner_say_the_rest(self, callers: Callers) -> None:
        statement = await say(callers["contributor"], await make(callers["operator"], "decisions"), **WORDS)
        for words in (OTHER_WORDS, {"text": None}, {"visibility": "partners"}):
            for caller in ("coordinator", "admin"):
                refused = await reply(callers[caller], statement, taken_up="adopted", **words)
                assert (rule_of(refused), refused.json()["writers"]) == ("ownership", ["partner"])
        await unchanged(callers["admin"], statement)
        assert (await answered(callers["contributor"], statement, **OTHER_WORDS))["text"] == OTHER_WORDS["text"]

    @any_database
    async def test_tells_the_day_of_the_answer(self, app: FastAPI, callers: Callers) -> None:
        clock = Clock(app)
        clock.set("2025-02-01")
        statement = await say(callers["contributor"], await make(callers["operator"], "decisions"))
        assert statement["answered_on"] is None
        city = callers["coordinator"]
        for day, given, expected in (
            ("2025-02-03", {"taken_up": "adopted"}, "2025-02-03"),
            ("2025-02-04", {"reason": "Gut."}, "2025-02-03"),
            ("2025-02-05", {"taken_up": "partly"}, "2025-02-05"),
            ("2025-02-06", {"taken_up": None}, None),
        ):
            clock.set(day)
            statement = await answered(city, statement, **given)
            assert statement["answered_on"] == expected
        answer = await reply(city, statement, answered_on="2025-01-01")
        assert errors_of(answer) == [("#/answered_on", "extra_forbidden")]

    @any_database
    async def test_can_be_answered_once_the_decision_is_made(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        statement = await say(callers["contributor"], decision, **WORDS)
        await decide(callers["admin"], decision)
        now = await answered(callers["coordinator"], statement, taken_up="not_adopted", reason="Anders beschlossen.")
        assert {name for name in now if now[name] != statement[name]} == {
            *("taken_up", "reason", "answered_on", "version", "updated_at"),
        }

    @any_database
    async def test_needs_the_version_that_the_caller_has_seen(self, client: httpx.AsyncClient) -> None:
        statement = await say(client, await make(client, "decisions"))
        address = address_of(statement["decision_id"])
        problem_of(await client.patch(address, json={"taken_up": "adopted"}), 428, "precondition-required")
        problem_of(await reply(client, {**statement, "version": 2}, taken_up="adopted"), 412, "precondition-failed")
        nothing = address_of(statement["decision_id"], LIGA)
        answer = await client.patch(nothing, json={"taken_up": "adopted"}, headers={"If-Match": "*"})
        problem_of(answer, 404, "not-found")
        await unchanged(client, statement)


class TestStatementOnPaper:
    @any_database
    async def test_is_entered_once_and_then_the_partners(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        entered = await say(callers["coordinator"], decision, LIGA, **WORDS)
        assert entered["entered_by_id"] == CITY
        address = address_of(decision, LIGA)
        for caller, rule in (("coordinator", "ownership"), ("admin", "ownership"), ("contributor", "ownership")):
            assert rule_of(await callers[caller].put(address, json=OTHER_WORDS)) == rule
            assert rule_of(await callers[caller].delete(address, headers={"If-Match": "*"})) == rule
        await unchanged(callers["admin"], entered)
        answer = await callers["other_contributor"].put(address, json=WORDS)
        assert answer.json() == entered | {
            "entered_by_id": None,
            "version": 2,
            "updated_at": answer.json()["updated_at"],
        }
        again = await callers["other_contributor"].put(address, json=WORDS)
        assert again.json() == answer.json()

    @any_database
    async def test_is_answered_as_any_other(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        entered = await say(callers["coordinator"], decision, LIGA, **WORDS)
        now = await answered(callers["coordinator"], entered, taken_up="adopted")
        assert (now["entered_by_id"], now["taken_up"]) == (CITY, "adopted")


class TestStatementOnBehalf:
    @any_database
    async def test_speaks_for_members_that_are_asked(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions", involved_partner_ids=[LIGA, CARITAS, CITY])
        diakonie = next(each for each in ASSOCIATIONS if each not in (LIGA, CARITAS))
        address, liga = address_of(decision, LIGA), callers["other_contributor"]
        for members, places in (
            ([CITY], [0]),
            ([CARITAS, diakonie], [1]),
            ([LIGA], [0]),
            ([CITY, CARITAS, diakonie], [0, 2]),
        ):
            answer = await liga.put(address, json={**WORDS, "on_behalf_of_ids": members})
            assert errors_of(answer) == [(f"#/on_behalf_of_ids/{place}", "not_an_asked_member") for place in places]
        answer = await liga.put(address, json={**WORDS, "on_behalf_of_ids": [CARITAS]})
        assert (answer.status_code, answer.json()["on_behalf_of_ids"]) == (201, [CARITAS])
        # A dissenting member says so itself, and who is asked can change: what was said stays.
        assert (await say(callers["contributor"], decision, position="object"))["position"] == "object"
        assert (await patch(callers["admin"], "decisions", decision, involved_partner_ids=[LIGA])).status_code == 200
        answer = await liga.put(address, json={**OTHER_WORDS, "on_behalf_of_ids": [CARITAS]})
        assert (answer.status_code, answer.json()["on_behalf_of_ids"]) == (200, [CARITAS])

    @any_database
    async def test_is_what_umbrella_associations_alone_do(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        answer = await callers["contributor"].put(address_of(decision), json={**WORDS, "on_behalf_of_ids": [LIGA]})
        assert errors_of(answer) == [("#/on_behalf_of_ids/0", "not_an_asked_member")]


class TestDeleteStatement:
    async def test_takes_it_back(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        await say(callers["contributor"], decision)
        address = address_of(decision)
        answer = await callers["contributor"].delete(address, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.content) == (204, b"")
        for caller in ("anonymous", "contributor"):
            problem_of(await callers[caller].get(address), 410, "gone")
        problem_of(await callers["contributor"].delete(address, headers={"If-Match": '"1"'}), 410, "gone")
        assert await items_of(callers["admin"], f"decisions/{decision['id']}/statements") == []

    async def test_can_be_said_again_with_the_version_after_the_last(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        address = address_of(decision)
        first = await say(callers["contributor"], decision, **WORDS)
        assert (await callers["contributor"].put(address, json=OTHER_WORDS)).json()["version"] == 2
        assert (await callers["contributor"].delete(address, headers={"If-Match": '"2"'})).status_code == 204
        stale = await callers["contributor"].put(address, json=WORDS, headers={"If-Match": '"2"'})
        problem_of(stale, 412, "precondition-failed")
        answer = await callers["contributor"].put(address, json=WORDS)
        assert (answer.status_code, answer.headers["etag"], answer.headers["location"]) == (201, '"4"', address)
        assert answer.json()["id"] == first["id"]
        assert answer.json()["submitted_at"] > first["submitted_at"]
        assert answer.json()["created_at"] > first["created_at"]
        assert (await callers["anonymous"].get(address)).json() == answer.json()
        assert await history_of(callers["anonymous"], address) == [
            ("created", 1),
            ("updated", 2),
            ("deleted", 3),
            ("created", 4),
        ]
        assert (await callers["contributor"].delete(address, headers={"If-Match": '"4"'})).status_code == 204
        problem_of(await callers["anonymous"].get(address), 410, "gone")

    @any_database
    async def test_needs_the_version_that_the_caller_has_seen(self, client: httpx.AsyncClient) -> None:
        statement = await say(client, await make(client, "decisions"))
        address = address_of(statement["decision_id"])
        problem_of(await client.delete(address), 428, "precondition-required")
        answer = await client.delete(address, headers={"If-Match": '"2"'})
        assert problem_of(answer, 412, "precondition-failed")["current_etag"] == '"1"'
        await unchanged(client, statement)

    @any_database
    async def test_is_not_found_where_nothing_was_said(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        for address in (address_of(decision), address_of(decision, NOWHERE), address_of(NOWHERE)):
            problem_of(await client.delete(address, headers={"If-Match": "*"}), 404, "not-found")

    @any_database
    async def test_is_the_right_of_the_partner(self, callers: Callers) -> None:
        statement = await say(callers["admin"], await make(callers["operator"], "decisions"), LIGA)
        address = address_of(statement["decision_id"], LIGA)
        for caller, rule in (("contributor", "ownership"), ("reader", "role")):
            for headers in ({}, {"If-Match": '"1"'}):
                assert rule_of(await callers[caller].delete(address, headers=headers)) == rule
        await unchanged(callers["admin"], statement)
        for caller in ("coordinator", "admin"):
            assert rule_of(await callers[caller].delete(address, headers={"If-Match": '"1"'})) == "ownership"
        await unchanged(callers["admin"], statement)
        assert (await callers["other_contributor"].delete(address, headers={"If-Match": '"1"'})).status_code == 204

    @any_database
    async def test_keeps_what_is_answered(self, callers: Callers) -> None:
        """Whoever took it back would take the city's words with it."""
        statement = await say(callers["contributor"], await make(callers["operator"], "decisions"))
        now = await answered(callers["coordinator"], statement, taken_up="adopted")
        for caller in ("contributor", "coordinator", "admin"):
            answer = await callers[caller].delete(address_of(now["decision_id"]), headers={"If-Match": '"2"'})
            assert answer.status_code == 403
        await unchanged(callers["admin"], now)

    @any_database
    async def test_refuses_once_the_decision_is_made(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        statement = await say(callers["contributor"], decision)
        await decide(callers["admin"], decision)
        answer = await callers["contributor"].delete(address_of(decision), headers={"If-Match": '"1"'})
        assert "fields" not in problem_of(answer, 409, "frozen")
        await unchanged(callers["admin"], statement)


class TestDecisionsWithStatements:
    async def test_are_not_deleted_before_their_statements(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions")
        statement = await say(client, decision)
        answer = await delete(client, "decisions", decision)
        assert referrers_of(answer) == {("statements", statement["id"])}
        await client.delete(address_of(decision), headers={"If-Match": '"1"'})
        assert (await delete(client, "decisions", decision)).status_code == 204

    async def test_take_them_out_of_the_view_of_the_public(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        shown = [
            await answered(
                callers["operator"], await say(callers["operator"], decision, partner_id, **WORDS), taken_up="adopted"
            )
            for partner_id in (LIGA, CARITAS)
        ]
        hidden = await say(callers["admin"], decision, CITY, visibility="partners")
        other = await say(callers["admin"], await make(callers["operator"], "decisions"))
        public, partners = await end_of_feed(callers["anonymous"]), await end_of_feed(callers["admin"])
        narrowed = await patch(callers["coordinator"], "decisions", decision, visibility="partners")
        assert (narrowed.status_code, narrowed.json()["version"]) == (200, 2)
        for statement in shown:
            address = address_of(decision, statement["partner_id"])
            problem_of(await callers["anonymous"].get(address), 404, "not-found")
            now = (await callers["reader"].get(address)).json()
            assert now == {**statement, "version": 3, "visibility": "partners", "updated_at": now["updated_at"]}
        await unchanged(callers["admin"], hidden)
        await unchanged(callers["anonymous"], other)
        left, _ = await changes_after(callers["anonymous"], public)
        assert {(each["resource_id"], each["action"], each["data"]) for each in left} == {
            (each["id"], "deleted", None) for each in (decision, *shown)
        }
        seen, _ = await changes_after(callers["admin"], partners)
        assert [each["position"] for each in seen] == list(range(seen[0]["position"], seen[0]["position"] + 3))
        assert [(each["resource_type"], each["action"], each["changed_fields"]) for each in seen] == [
            ("decision", "updated", ["visibility"]),
            ("statement", "updated", ["visibility"]),
            ("statement", "updated", ["visibility"]),
        ]
        assert {each["by"]["partner_id"] for each in seen} == {CITY}

    @any_database
    async def test_keep_them_for_partners_when_they_are_for_everyone_again(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        await say(callers["contributor"], decision, **WORDS)
        narrowed = await patch(callers["admin"], "decisions", decision, visibility="partners")
        await patch(callers["admin"], "decisions", narrowed.json(), visibility="public")
        assert await items_of(callers["anonymous"], f"decisions/{decision['id']}/statements") == []
        answer = await callers["contributor"].put(address_of(decision), json={**WORDS, "visibility": "public"})
        assert (answer.status_code, answer.json()["version"]) == (200, 3)
        assert await items_of(callers["anonymous"], f"decisions/{decision['id']}/statements") == [answer.json()]

    @any_database
    async def test_stay_with_them_for_everyone_when_they_are_made(self, callers: Callers) -> None:
        decision = await make(callers["operator"], "decisions")
        await say(callers["contributor"], decision, **WORDS)
        decided = await decide(callers["admin"], decision)
        answer = await patch(callers["admin"], "decisions", decided, visibility="partners")
        assert problem_of(answer, 409, "frozen")["fields"] == ["visibility"]
        assert (await callers["anonymous"].get(address_of(decision))).json()["visibility"] == "public"


class TestReceivedOn:
    """A letter that came in time and was entered late."""

    async def test_is_said_by_who_keeps_the_register_until_the_decision_is_made(
        self, app: FastAPI, callers: Callers, settings: Settings
    ) -> None:
        """Never by its partner; what stands then is corrected by two sides. Both days are in the history, with who said so."""
        operator, caritas = callers["keeper"], callers["contributor"]
        decision = await make(callers["operator"], "decisions", announced_on="2025-02-03", decides_on="2025-05-15")
        clock = Clock(app)
        clock.set("2025-03-03")
        statement = await say(callers["coordinator"], decision, **WORDS)
        came = {"received_on": "2025-02-20"}
        for caller, rule in (("coordinator", "role"), ("contributor", "role"), ("umbrella", "role")):
            assert rule_of(await reply(callers[caller], statement, **came)) == rule
        for day in ("2025-03-03", "2025-04-01", "2025-02-02"):
            assert errors_of(await reply(operator, statement, received_on=day)) == [("#/received_on", "not_between")]
        now = await answered(operator, statement, **came)
        assert (now["received_on"], now["submitted_at"]) == ("2025-02-20", statement["submitted_at"])
        (*_, entry) = (await caritas.get(f"{address_of(decision)}/history")).json()["items"]
        assert (entry["changed_fields"], entry["by"]) == (["received_on"], {"partner_id": CITY})
        own = (await caritas.put(address_of(decision), json=WORDS)).json()
        assert (own["received_on"], own["entered_by_id"]) == ("2025-02-20", None), "its own words change nothing of it"
        body = {**WORDS, "received_on": "2025-02-10"}
        assert errors_of(await caritas.put(address_of(decision), json=body)) == [("#/received_on", "extra_forbidden")]
        clock.set("2025-05-16")
        await decide(callers["operator"], decision)
        answer = await reply(operator, own, received_on="2025-02-10")
        assert problem_of(answer, 409, "frozen")["fields"] == ["received_on"]
        body = {"subject_type": "statement", "subject_id": own["id"], "reason": "Poststempel"}
        body["changes"] = {"received_on": "2025-02-10"}
        proposal = await caritas.post("/v1/proposals", json=body)
        assert proposal.status_code == 201, proposal.text
        confirmed = await patch(callers["coordinator"], "proposals", proposal.json(), state="confirmed")
        assert confirmed.status_code == 200, confirmed.text
        assert (await caritas.get(address_of(decision))).json()["received_on"] == "2025-02-10"
        assert (await verify_and_note(settings)).faults == []

    @any_database
    async def test_is_not_said_of_the_own_partner_nor_by_what_is_entered_when_all_is_over(
        self, app: FastAPI, callers: Callers
    ) -> None:
        operator, clock = callers["keeper"], Clock(app)
        decision = await make(callers["operator"], "decisions", announced_on="2025-02-03", decides_on="2025-02-27")
        statement = await say(operator, decision, CITY)
        assert rule_of(await reply(operator, statement, received_on="2025-02-20")) == "ownership"
        clock.set("2025-05-16")
        await decide(callers["operator"], decision)
        body = {"decision_id": decision["id"], "partner_id": CARITAS, "position": "object", "received_on": "2025-02-20"}
        answer = await operator.put("/v1/statements/external/post/1", json=body)
        assert problem_of(answer, 409, "frozen")["fields"] == ["received_on"]
