"""What contributors may write: what their own partner leads or organises, before and after the write."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.language import Language
from tests.databases import any_database, only_sqlite
from tests.factories import CARITAS, CITY, LIGA, body_of, delete, make, measure_id, patch
from tests.kinds import POSTED
from tests.problems import problem_of
from tests.schemas import body_schema, takes_null

Callers = Mapping[str, httpx.AsyncClient]

# Whatever can change hands, and can be nobody's.
OWNED = [
    (path, str(kind.owner))
    for path, kind in POSTED.items()
    if kind.owner and takes_null(body_schema(path, "patch")["properties"].get(kind.owner, {}))
]


def refused(answer: httpx.Response, rule: str) -> None:
    """Check that an answer is a refusal by this rule, in words that name what is missing."""
    document = problem_of(answer, 403, "forbidden")
    assert document["rule"] == rule


async def unchanged(callers: Callers, path: str, resource: Mapping[str, Any]) -> None:
    """Check that a resource is as it was."""
    answer = await callers["admin"].get(f"/v1/{path}/{resource['id']}")
    assert (answer.status_code, answer.json()) == (200, resource)


def named(path: str, name: str) -> dict[str, str]:
    """A name in the field that people know a resource of this kind by."""
    return {POSTED[path].named_by: name}


@any_database
@pytest.mark.parametrize(("path", "owner"), OWNED)
class TestContributors:
    async def test_write_what_is_their_partners(self, callers: Callers, path: str, owner: str) -> None:
        made = await make(callers["contributor"], path, **{owner: CARITAS})
        answer = await patch(callers["contributor"], path, made, **named(path, "Neu"), **{owner: CARITAS})
        assert (answer.status_code, answer.json()["version"]) == (200, 2)
        assert (await delete(callers["contributor"], path, answer.json())).status_code == 204

    async def test_write_what_others_gave_to_their_partner(self, callers: Callers, path: str, owner: str) -> None:
        made = await make(callers["operator"], path, **{owner: LIGA})
        given = await patch(callers["operator"], path, made, **{owner: CARITAS})
        assert given.status_code == 200
        refused(await patch(callers["other_contributor"], path, given.json(), **named(path, "Zu spät")), "ownership")
        assert (await patch(callers["contributor"], path, given.json(), **named(path, "Jetzt"))).status_code == 200

    @pytest.mark.parametrize("other", [LIGA, CITY, None])
    async def test_create_nothing_for_others(self, callers: Callers, path: str, owner: str, other: str | None) -> None:
        answer = await callers["contributor"].post(f"/v1/{path}", json=body_of(path, **{owner: other}))
        refused(answer, "ownership")
        assert owner in answer.json()["detail"]

    async def test_create_nothing_that_nobody_owns(self, callers: Callers, path: str, owner: str) -> None:
        body = body_of(path)
        assert owner not in body
        refused(await callers["contributor"].post(f"/v1/{path}", json=body), "ownership")

    @pytest.mark.parametrize("other", [LIGA, None])
    async def test_change_nothing_of_others(self, callers: Callers, path: str, owner: str, other: str | None) -> None:
        made = await make(callers["operator"], path, **{owner: other})
        refused(await patch(callers["contributor"], path, made, **named(path, "Fremd")), "ownership")
        refused(await delete(callers["contributor"], path, made), "ownership")
        await unchanged(callers, path, made)

    @pytest.mark.parametrize("other", [LIGA, None])
    async def test_take_nothing(self, callers: Callers, path: str, owner: str, other: str | None) -> None:
        made = await make(callers["operator"], path, **{owner: other})
        refused(await patch(callers["contributor"], path, made, **{owner: CARITAS}), "ownership")
        await unchanged(callers, path, made)

    @pytest.mark.parametrize("other", [LIGA, None])
    async def test_give_nothing_away(self, callers: Callers, path: str, owner: str, other: str | None) -> None:
        made = await make(callers["contributor"], path, **{owner: CARITAS})
        refused(await patch(callers["contributor"], path, made, **{owner: other}), "ownership")
        await unchanged(callers, path, made)

    async def test_are_told_of_the_rule_before_the_version(self, callers: Callers, path: str, owner: str) -> None:
        """A refusal does not depend on what the caller knows of the resource."""
        made = await make(callers["operator"], path, **{owner: LIGA})
        address = f"/v1/{path}/{made['id']}"
        for headers in ({}, {"If-Match": '"7"'}, {"If-Match": '"1"'}):
            for method in ("PATCH", "DELETE"):
                body = named(path, "Fremd") if method == "PATCH" else None
                answer = await callers["contributor"].request(method, address, json=body, headers=headers)
                refused(answer, "ownership")

    async def test_lose_the_right_with_the_resource(self, callers: Callers, path: str, owner: str) -> None:
        made = await make(callers["contributor"], path, **{owner: CARITAS})
        taken = await patch(callers["operator"], path, made, **{owner: LIGA})
        assert taken.status_code == 200
        refused(await patch(callers["contributor"], path, taken.json(), **named(path, "Zu spät")), "ownership")
        await unchanged(callers, path, taken.json())

    async def test_are_refused_by_role_without_the_role(self, callers: Callers, path: str, owner: str) -> None:
        own = await make(callers["operator"], path, **{owner: LIGA})
        refused(await patch(callers["reader"], path, own, **named(path, "Neu")), "role")
        refused(await callers["reader"].post(f"/v1/{path}", json=body_of(path, **{owner: LIGA})), "role")


class TestRules:
    @pytest.mark.parametrize(
        ("path", "part"),
        [
            ("sub-measures", {"lead_partner_id": LIGA, "supporting_partner_ids": [CARITAS]}),
            ("consultation-events", {"organiser_id": LIGA, "participants": [{"partner_id": CARITAS}]}),
        ],
    )
    async def test_give_nothing_to_those_who_take_part(self, callers: Callers, path: str, part: dict[str, Any]) -> None:
        """Support and participation are no ownership."""
        made = await make(callers["operator"], path, **part)
        refused(await patch(callers["contributor"], path, made, title="Fremd"), "ownership")

    async def test_name_the_role_that_is_needed(self, callers: Callers) -> None:
        cases = (
            ("goals", "coordinator"),
            ("topics", "coordinator"),
            ("partners", "operator"),
            ("agreements", "operator"),
        )
        for path, role in cases:
            answer = await callers["contributor"].post(f"/v1/{path}", json=body_of(path))
            refused(answer, "role")
            assert role in answer.json()["detail"]

    async def test_hold_in_any_language(self, callers: Callers) -> None:
        words_of: Mapping[Language, str] = {"de": "Rolle", "en": "role"}
        for language, words in words_of.items():
            answer = await callers["reader"].post(
                "/v1/goals", json=body_of("goals"), headers={"Accept-Language": language}
            )
            document = problem_of(answer, 403, "forbidden", language)
            assert document["rule"] == "role"
            assert words in document["detail"]

    async def test_come_before_what_is_wrong_with_the_content(self, callers: Callers) -> None:
        refused(await callers["reader"].post("/v1/goals", json={"title": ""}), "role")
        refused(
            await callers["contributor"].post(
                "/v1/sub-measures",
                json=body_of("sub-measures", lead_partner_id=LIGA, supporting_partner_ids=[CITY[:-1] + "0"]),
            ),
            "ownership",
        )

    async def test_hold_for_dresdens_own_measures(self, callers: Callers) -> None:
        """What the seed loaded is nobody's but the coordination's."""
        measure = (await callers["admin"].get(f"/v1/sub-measures/{measure_id(1, 1)}")).json()
        assert measure["lead_partner_id"] != CARITAS
        refused(await patch(callers["contributor"], "sub-measures", measure, summary="Neu"), "ownership")
        assert (await patch(callers["coordinator"], "sub-measures", measure, summary="Neu")).status_code == 200

    async def test_are_those_of_the_key_and_not_of_the_partner(self, callers: Callers) -> None:
        """Two keys of one partner have the rights that each was given."""
        made = await make(callers["operator"], "sub-measures", lead_partner_id=LIGA)
        refused(await patch(callers["reader"], "sub-measures", made, title="Neu"), "role")
        assert (await patch(callers["other_contributor"], "sub-measures", made, title="Neu")).status_code == 200


@only_sqlite
class TestRefusals:
    """What is refused makes no other writer wait: on SQLite there is one connection that writes, and somebody has it."""

    async def test_do_not_wait_for_other_writers(self, app: FastAPI, callers: Callers) -> None:
        need = await make(callers["operator"], "needs", raised_by_id=LIGA)
        event = await make(callers["operator"], "consultation-events", organiser_id=LIGA)
        decision = await make(callers["operator"], "decisions")
        indicator = await make(callers["operator"], "indicators")
        attempts = (
            ("POST", "needs", body_of("needs", raised_by_id=LIGA), "ownership"),
            ("POST", "goals", body_of("goals"), "role"),
            ("PATCH", f"needs/{need['id']}", {"title": "Anders"}, "ownership"),
            ("DELETE", f"needs/{need['id']}", None, "ownership"),
            ("PUT", f"decisions/{decision['id']}/statements/{LIGA}", {"position": "object"}, "ownership"),
            ("DELETE", f"decisions/{decision['id']}/statements/{LIGA}", None, "ownership"),
            ("PUT", f"indicators/{indicator['id']}/observations/2025-02-28", {"value": 7}, "ownership"),
            ("PUT", f"consultation-events/{event['id']}/participants/{LIGA}", {"attendance": "absent"}, "ownership"),
        )
        async with app.state.runtime.database.transaction() as session:
            await session.execute(text("SELECT 1"))
            for method, address, body, rule in attempts:
                headers = {"Idempotency-Key": "again"} if method == "POST" else {"If-Match": "*"}
                headers = {} if method == "PUT" else headers
                answer = await callers["contributor"].request(method, f"/v1/{address}", headers=headers, json=body)
                refused(answer, rule)
