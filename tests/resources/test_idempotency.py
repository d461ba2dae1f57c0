"""Idempotency-Key: a request that is repeated has one effect."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, func, select

from app.database import table_of
from app.resources import idempotency
from app.resources.idempotency import KeptAnswer
from tests.conftest import Templates, client_of
from tests.factories import CARITAS, LIGA, body_of, items_of

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

    async def test_is_not_replayed_to_a_lesser_role(self, app: FastAPI, callers: Callers, templates: Templates) -> None:
        body = body_of("goals")
        assert (await post(callers["coordinator"], "a", body, "/v1/goals")).status_code == 201
        city = (await callers["admin"].get("/v1/keys", params={"role": "coordinator"})).json()["items"][0]["partner_id"]
        lesser = await callers["admin"].post("/v1/keys", json={"partner_id": city, "role": "reader"})
        async with client_of(app, lesser.json()["key"]) as reader:
            answer = await post(reader, "a", body, "/v1/goals")
        assert (answer.status_code, answer.json()["rule"]) == (403, "role")


class TestOtherRequest:
    async def test_with_the_same_key_is_refused(self, callers: Callers) -> None:
        assert (await post(callers["admin"], "a", body_of("sub-measures"))).status_code == 201
        answer = await post(callers["admin"], "a", body_of("sub-measures", title="Anders"))
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")
        answer = await post(callers["admin"], "a", body_of("goals"), "/v1/goals")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")


class TestKey:
    @pytest.mark.parametrize("key", ["", " ", '"', '""', "a b", "ä", "a" * 256, '"a', "a\\"])
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

        assert await app.state.database.read(kept) == 1
