"""Idempotency-Key: a request that is repeated has one effect."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, func, select, update
from sqlmodel import col

from app.database.postgresql import LIMITS
from app.database.tables import table_of
from app.resources import idempotency
from app.resources.kept_answers import KeptAnswer
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.databases import only_postgresql
from tests.factories import CARITAS, CITY, LIGA, NOWHERE, body_of, delete, end_of_feed, items_of, patch
from tests.problems import problem_of

Callers = Mapping[str, httpx.AsyncClient]
PATH = "/v1/sub-measures"


async def post(client: httpx.AsyncClient, key: str, body: object, path: str = PATH) -> httpx.Response:
    """A POST with a key."""
    return await client.post(path, json=body, headers={"Idempotency-Key": key})


class TestSameRequest:
    async def test_is_answered_as_before(self, callers: Callers) -> None:
        body = body_of("sub-measures", lead_partner_id=CARITAS)
        first = await post(callers["contributor"], '"a"', body)
        again = await post(callers["contributor"], "a", dict(reversed(body.items())))
        assert (first.status_code, again.status_code) == (201, 201)
        for name in ("etag", "location", "content-type"):
            assert again.headers[name] == first.headers[name]
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        history = (await callers["admin"].get(f"{first.headers['location']}/history")).json()
        assert len(history["items"]) == 1

    async def test_is_its_callers_own(self, callers: Callers) -> None:
        first = await post(callers["contributor"], "a", body_of("sub-measures", lead_partner_id=CARITAS))
        other = await post(callers["other_contributor"], "a", body_of("sub-measures", lead_partner_id=LIGA))
        assert (first.status_code, other.status_code) == (201, 201)
        assert first.json()["id"] != other.json()["id"]

    async def test_at_the_same_time_has_one_effect(self, callers: Callers) -> None:
        before = len(await items_of(callers["admin"], "sub-measures"))
        body = body_of("sub-measures")
        answers = await asyncio.gather(*(post(callers["admin"], "twin", body) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19
        assert len(await items_of(callers["admin"], "sub-measures")) == before + 1

    async def test_is_judged_afresh_after_a_refusal(self, callers: Callers) -> None:
        body = body_of("sub-measures", number=1)
        assert (await post(callers["admin"], "a", body)).status_code == 409
        assert (await post(callers["admin"], "a", body_of("sub-measures", title=""))).status_code == 422
        assert (await post(callers["admin"], "a", body | {"number": 99})).status_code == 201

    async def test_is_not_replayed_to_a_lesser_role(self, app: FastAPI, callers: Callers) -> None:
        body = body_of("goals")
        assert (await post(callers["coordinator"], "a", body, "/v1/goals")).status_code == 201
        city = (await callers["keeper"].get("/v1/keys", params={"role": "coordinator"})).json()["items"][0][
            "partner_id"
        ]
        lesser = await callers["keeper"].post("/v1/keys", json={"partner_id": city, "role": "reader"})
        async with client_of(app, lesser.json()["key"]) as reader:
            answer = await post(reader, "a", body, "/v1/goals")
        assert (answer.status_code, answer.json()["rule"]) == (403, "role")

    async def test_is_in_the_feed_once(self, callers: Callers) -> None:
        body = body_of("sub-measures")
        assert (await post(callers["admin"], "a", body)).status_code == 201
        end = await end_of_feed(callers["admin"])
        again = await post(callers["admin"], "a", body)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
        assert again.headers["cache-control"] == "no-store"
        assert await end_of_feed(callers["admin"]) == end

    async def test_is_answered_as_before_whatever_became_of_the_resource(self, callers: Callers) -> None:
        body = body_of("sub-measures")
        first = await post(callers["admin"], "a", body)
        changed = await patch(callers["admin"], "sub-measures", first.json(), title="Anders")
        assert (await post(callers["admin"], "a", body)).content == first.content
        assert (await delete(callers["admin"], "sub-measures", changed.json())).status_code == 204
        again = await post(callers["admin"], "a", body)
        assert (again.status_code, again.content, again.headers["etag"]) == (201, first.content, '"1"')
        assert (await callers["admin"].get(first.headers["location"])).status_code == 410

    async def test_is_replayed_to_the_partners_other_keys_of_that_role_or_a_larger_one(
        self, app: FastAPI, callers: Callers
    ) -> None:
        """A key that was rotated between a request and its retry must not make a second resource."""
        body = body_of("sub-measures", lead_partner_id=CARITAS)
        first = await post(callers["contributor"], "a", body)
        assert first.status_code == 201
        for role in ("contributor", "coordinator", "admin"):
            made = await callers["keeper"].post("/v1/keys", json={"partner_id": CARITAS, "role": role})
            async with client_of(app, made.json()["key"]) as client:
                again = await post(client, "a", body)
            assert (again.status_code, again.content) == (201, first.content)
            assert again.headers["idempotent-replayed"] == "true"

    async def test_is_not_kept_when_it_was_refused(self, app: FastAPI, callers: Callers) -> None:
        """By the role, by the ownership, by a rule, by a duplicate: once that is mended, the same key goes through."""
        body = body_of("sub-measures", lead_partner_id=LIGA)
        assert (await post(callers["reader"], "a", body)).status_code == 403
        assert (await post(callers["contributor"], "a", body)).status_code == 403
        assert (await post(callers["other_contributor"], "a", body | {"starts_on": "x"})).status_code == 422
        assert (await post(callers["other_contributor"], "a", body | {"goal_id": NOWHERE})).status_code == 422
        assert (await post(callers["other_contributor"], "a", body | {"number": 1})).status_code == 409
        assert await kept(app) == []
        answer = await post(callers["other_contributor"], "a", body)
        assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)
        assert await kept(app) == [("a", 201)]

    async def test_at_the_same_time_is_refused_alike(self, app: FastAPI, callers: Callers) -> None:
        """Whoever waited for a twin that failed is judged for itself."""
        body = body_of("sub-measures", number=1)
        answers = await asyncio.gather(*(post(callers["admin"], "twin", body) for _ in range(8)))
        assert [answer.status_code for answer in answers] == [409] * 8
        assert {answer.json()["type"] for answer in answers} == {"/problems/duplicate"}
        assert await kept(app) == []

    async def test_is_forgotten_after_24_hours_and_not_before(self, app: FastAPI, callers: Callers) -> None:
        body = body_of("sub-measures")
        first = await post(callers["admin"], "a", body)
        assert (await post(callers["admin"], "b", body_of("sub-measures"))).status_code == 201
        await age(app, "a", timedelta(hours=23, minutes=59))
        again = await post(callers["admin"], "a", body)
        assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
        await age(app, "a", timedelta(hours=24, seconds=1))
        later = await post(callers["admin"], "a", body)
        assert (later.status_code, "idempotent-replayed" in later.headers) == (201, False)
        assert later.json()["id"] != first.json()["id"]
        for key in ("a", "b"):
            await age(app, key, timedelta(hours=25))
        own = body_of("sub-measures", lead_partner_id=CARITAS)
        assert (await post(callers["contributor"], "c", own)).status_code == 201
        assert await kept(app) == [("c", 201)]


async def kept(app: FastAPI) -> list[tuple[str, int]]:
    """The keys of all answers that are kept, and their status."""
    columns = table_of(KeptAnswer).c
    statement = select(columns.key, columns.status).order_by(columns.key)
    return [
        (key, status)
        for key, status in await app.state.runtime.database.read(lambda each: each.execute(statement).all())
    ]


async def age(app: FastAPI, key: str, by: timedelta) -> None:
    """Let an answer have been given this long ago."""
    async with app.state.runtime.database.transaction() as session:
        statement = update(KeptAnswer).where(col(KeptAnswer.key) == key)
        await session.execute(statement.values(created_at=datetime.now(UTC) - by))


class TestOtherRequest:
    async def test_with_the_same_key_is_refused(self, callers: Callers) -> None:
        assert (await post(callers["admin"], "a", body_of("sub-measures"))).status_code == 201
        answer = await post(callers["admin"], "a", body_of("sub-measures", title="Anders"))
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")
        answer = await post(callers["admin"], "a", body_of("goals"), "/v1/goals")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")


class TestTwinInFlight:
    # On SQLite the twin stands in line for the one connection that writes, and then gets the first one's answer.
    @only_postgresql
    async def test_is_told_when_it_takes_too_long(
        self, settings: Settings, templates: Templates, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(LIMITS, "lock_timeout", "200")
        connection = await asyncpg.connect(settings.database_url)
        try:
            async with running(settings) as app, client_of(app, templates.keys["admin"]) as client:
                async with connection.transaction():
                    await connection.execute(
                        "INSERT INTO idempotency_key (partner_id, key, role, fingerprint, created_at, headers)"
                        " VALUES ($1, 'a', 'admin', '', now(), '{}')",
                        CITY,
                    )
                    answer = await post(client, "a", body_of("sub-measures", title="Zwilling"))
                    problem_of(answer, 409, "request-in-progress")
                    assert answer.headers["retry-after"] == "1"
                    await connection.execute("DELETE FROM idempotency_key")
                assert await items_of(client, "sub-measures", q="Zwilling") == []
                assert (await post(client, "a", body_of("sub-measures", title="Zwilling"))).status_code == 201
        finally:
            await connection.close()


class TestKey:
    @pytest.mark.parametrize(
        "key", ["", " ", '"', '""', "a b", "ä", "a" * 256, "a" * 258, "a" * 5000, '"' + "a" * 256 + '"', '"a', "a\\"]
    )
    async def test_that_is_none_is_refused(self, callers: Callers, key: str) -> None:
        headers = [(b"Idempotency-Key", key.encode("latin-1"))]
        answer = await callers["admin"].post(PATH, json=body_of("sub-measures"), headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["header"]) == (400, "Idempotency-Key")

    async def test_needs_a_caller(self, callers: Callers) -> None:
        assert (await post(callers["anonymous"], "a", body_of("sub-measures"))).status_code == 401

    async def test_is_forgotten_after_a_day(
        self, app: FastAPI, callers: Callers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body = body_of("sub-measures")
        first = await post(callers["admin"], "a", body)
        monkeypatch.setattr(idempotency, "KEPT", timedelta(0))
        second = await post(callers["admin"], "a", body)
        assert second.status_code == 201
        assert second.json()["id"] != first.json()["id"]

        def kept(connection: Connection) -> int:
            return connection.execute(select(func.count()).select_from(table_of(KeptAnswer))).scalar_one()

        assert await app.state.runtime.database.read(kept) == 1
