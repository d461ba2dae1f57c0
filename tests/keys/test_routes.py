"""`/v1/keys`, and what keys do."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from app.access.keys import is_well_formed, new_key
from app.access.models import ApiKey
from app.database import table_of
from app.settings import Settings
from tests.conftest import client_of, running
from tests.factories import CARITAS, LIGA, NOWHERE, errors_of

Callers = Mapping[str, httpx.AsyncClient]


async def issue(callers: Callers, **fields: object) -> dict[str, str]:
    """A new key."""
    answer = await callers["admin"].post("/v1/keys", json={"partner_id": LIGA, "role": "contributor", **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def status_with(app: FastAPI, key: str) -> int:
    """What a request with this key is answered."""
    async with client_of(app, key) as client:
        return (await client.get("/v1/goals")).status_code


class TestCreateKey:
    async def test_shows_the_key_once(self, app: FastAPI, callers: Callers) -> None:
        made = await issue(callers, description="Nachts")
        assert is_well_formed(made["key"])
        assert made["key"].startswith(made["prefix"])
        assert await status_with(app, made["key"]) == 200
        answer = await callers["admin"].get(f"/v1/keys/{made['id']}")
        assert answer.json() == {
            **{name: value for name, value in made.items() if name != "key"},
            "last_used_on": datetime.now(UTC).date().isoformat(),
        }
        assert answer.headers["cache-control"] == "no-store"
        assert made["key"] not in (await callers["admin"].get("/v1/keys")).text

    async def test_refuses_partners_that_are_not_there_and_ends_that_have_passed(self, callers: Callers) -> None:
        answer = await callers["admin"].post("/v1/keys", json={"partner_id": NOWHERE, "role": "reader"})
        assert errors_of(answer) == [("#/partner_id", "unknown_reference")]
        body = {"partner_id": LIGA, "role": "reader", "expires_at": "2020-01-01T00:00:00Z"}
        assert errors_of(await callers["admin"].post("/v1/keys", json=body)) == [("#/expires_at", "in_the_past")]

    async def test_keeps_no_answer(self, callers: Callers) -> None:
        answer = await callers["admin"].post(
            "/v1/keys", json={"partner_id": LIGA, "role": "reader"}, headers={"Idempotency-Key": "a"}
        )
        assert (answer.status_code, answer.json()["errors"][0]["header"]) == (400, "Idempotency-Key")


class TestListKeys:
    async def test_goes_page_by_page_and_filters(self, callers: Callers) -> None:
        made = [(await issue(callers, partner_id=CARITAS, role="reader"))["id"] for _ in range(3)]
        page = (await callers["admin"].get("/v1/keys", params={"limit": 4})).json()
        assert len(page["items"]) == 4
        following = (await callers["admin"].get("/v1/keys", params={"cursor": page["next_cursor"]})).json()
        assert [key["id"] for key in following["items"]][-3:] == made
        assert following["next_cursor"] is None
        found = (await callers["admin"].get("/v1/keys", params={"partner_id": CARITAS, "role": "reader"})).json()
        assert [key["id"] for key in found["items"]] == made


class TestRotateKey:
    async def test_lets_the_old_key_work_until_the_overlap_ends(self, app: FastAPI, callers: Callers) -> None:
        old = await issue(callers)
        answer = await callers["admin"].post(f"/v1/keys/{old['id']}/rotation", json={"overlap_hours": 1})
        new = answer.json()
        assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/keys/{new['id']}")
        assert (new["partner_id"], new["role"]) == (old["partner_id"], old["role"])
        assert await status_with(app, old["key"]) == await status_with(app, new["key"]) == 200
        kept = (await callers["admin"].get(f"/v1/keys/{old['id']}")).json()
        left = datetime.fromisoformat(kept["expires_at"]) - datetime.now(UTC)
        assert timedelta(minutes=59) < left <= timedelta(hours=1)

    async def test_without_an_overlap_ends_the_old_key(self, app: FastAPI, callers: Callers) -> None:
        old = await issue(callers)
        answer = await callers["admin"].post(f"/v1/keys/{old['id']}/rotation", json={"overlap_hours": 0})
        assert answer.status_code == 201
        assert await status_with(app, old["key"]) == 401

    async def test_is_not_for_what_is_revoked_or_never_was(self, callers: Callers) -> None:
        old = await issue(callers)
        assert (await callers["admin"].delete(f"/v1/keys/{old['id']}")).status_code == 204
        for id in (old["id"], NOWHERE):
            assert (await callers["admin"].post(f"/v1/keys/{id}/rotation", json={})).status_code == 404
            assert (await callers["admin"].delete(f"/v1/keys/{id}")).status_code == 404


class TestRevokeKey:
    async def test_acts_at_once_in_every_process(self, app: FastAPI, callers: Callers, settings: Settings) -> None:
        made = await issue(callers)
        async with running(settings) as replica:
            assert await status_with(replica, made["key"]) == 200
            assert (await callers["admin"].delete(f"/v1/keys/{made['id']}")).status_code == 204
            assert await status_with(replica, made["key"]) == 401
            assert await status_with(app, made["key"]) == 401
        revoked = (await callers["admin"].get(f"/v1/keys/{made['id']}")).json()["revoked_at"]
        assert datetime.fromisoformat(revoked) <= datetime.now(UTC)


class TestWrongKey:
    async def test_is_refused(self, app: FastAPI, callers: Callers) -> None:
        key = (await issue(callers))["key"]
        for header in (
            f"Bearer {new_key()}",
            f"Bearer {key[:-1]}{'0' if key[-1] != '0' else '1'}",
            f"Bearer {key} ",
            f"Basic {key}",
            key,
            "Bearer",
            "",
            f"Bearer {'a' * 10_000}",
        ):
            answer = await callers["anonymous"].get("/v1/goals", headers={"Authorization": header})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), header
        twice = [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {key}")]
        assert (await callers["anonymous"].get("/v1/goals", headers=twice)).status_code == 401

    async def test_is_one_that_has_expired(self, app: FastAPI, callers: Callers) -> None:
        made = await issue(callers, expires_at="2999-01-01T00:00:00Z")
        assert await status_with(app, made["key"]) == 200
        async with app.state.database.transaction() as session:
            past = datetime.now(UTC) - timedelta(seconds=1)
            await session.execute(
                update(ApiKey).where(table_of(ApiKey).c.prefix == made["prefix"]).values(expires_at=past)
            )
        assert await status_with(app, made["key"]) == 401

    @given(st.integers(min_value=0, max_value=54), st.sampled_from("ABCabc019-_"))
    def test_with_one_wrong_letter_is_told_without_a_look_into_the_database(self, place: int, letter: str) -> None:
        key = new_key()
        changed = key[:place] + letter + key[place + 1 :]
        assert is_well_formed(key)
        assert is_well_formed(changed) == (changed == key)


class TestSecrecy:
    async def test_is_kept_in_the_database_and_in_the_log(
        self, app: FastAPI, callers: Callers, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            made = await issue(callers)
            assert await status_with(app, made["key"]) == 200
            assert await status_with(app, made["key"] + "x") == 401
        secret = made["key"][12:]
        assert secret not in caplog.text
        assert secret not in "".join(str(record.__dict__) for record in caplog.records)

        def everything(connection: Connection) -> str:
            return str(connection.execute(select(table_of(ApiKey))).all())

        assert secret not in await app.state.database.read(everything)
