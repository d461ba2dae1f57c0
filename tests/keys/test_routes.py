"""`/v1/keys`, and what keys do."""

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Executable, Row, select, text, update
from sqlmodel import SQLModel, col

from app.access.keys import is_well_formed, new_key
from app.access.models import ApiKey
from app.cli.verify import verify_and_note
from app.database.tables import table_of
from app.http.masking import shown
from app.settings import Settings
from tests.clock import Clock
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import (
    AGREEMENT,
    CARITAS,
    CITY,
    LIGA,
    NOWHERE,
    body_of,
    delete,
    errors_of,
    make,
    patch,
    referrers_of,
    rule_of,
)
from tests.problems import problem_of

Callers = Mapping[str, httpx.AsyncClient]


async def issue(callers: Callers, **fields: object) -> dict[str, str]:
    """A new key."""
    answer = await callers["operator"].post("/v1/keys", json={"partner_id": LIGA, "role": "contributor", **fields})
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
        answer = await callers["operator"].get(f"/v1/keys/{made['id']}")
        assert answer.json() == {
            **{name: value for name, value in made.items() if name != "key"},
            "last_used_on": datetime.now(UTC).date().isoformat(),
        }
        assert answer.headers["cache-control"] == "no-store"
        assert made["key"] not in (await callers["operator"].get("/v1/keys")).text

    @any_database
    async def test_refuses_partners_that_are_not_there_and_ends_that_have_passed(self, callers: Callers) -> None:
        answer = await callers["operator"].post("/v1/keys", json={"partner_id": NOWHERE, "role": "reader"})
        assert errors_of(answer) == [("#/partner_id", "unknown_reference")]
        body = {"partner_id": LIGA, "role": "reader", "expires_at": "2020-01-01T00:00:00Z"}
        assert errors_of(await callers["operator"].post("/v1/keys", json=body)) == [("#/expires_at", "in_the_past")]

    async def test_keeps_no_answer(self, callers: Callers) -> None:
        answer = await callers["operator"].post(
            "/v1/keys", json={"partner_id": LIGA, "role": "reader"}, headers={"Idempotency-Key": "a"}
        )
        assert (answer.status_code, answer.json()["errors"][0]["header"]) == (400, "Idempotency-Key")


class TestListKeys:
    async def test_goes_page_by_page_and_filters(self, callers: Callers) -> None:
        made = [(await issue(callers, partner_id=CARITAS, role="reader"))["id"] for _ in range(3)]
        page = (await callers["operator"].get("/v1/keys", params={"limit": 4})).json()
        assert len(page["items"]) == 4
        following = (await callers["operator"].get("/v1/keys", params={"cursor": page["next_cursor"]})).json()
        assert [key["id"] for key in following["items"]][-3:] == made
        assert following["next_cursor"] is None
        found = (await callers["operator"].get("/v1/keys", params={"partner_id": CARITAS, "role": "reader"})).json()
        assert [key["id"] for key in found["items"]] == made


class TestRotateKey:
    @any_database
    async def test_lets_the_old_key_work_until_the_overlap_ends(self, app: FastAPI, callers: Callers) -> None:
        old = await issue(callers)
        answer = await callers["operator"].post(f"/v1/keys/{old['id']}/rotation", json={"overlap_hours": 1})
        new = answer.json()
        assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/keys/{new['id']}")
        assert (new["partner_id"], new["role"]) == (old["partner_id"], old["role"])
        assert await status_with(app, old["key"]) == await status_with(app, new["key"]) == 200
        kept = (await callers["operator"].get(f"/v1/keys/{old['id']}")).json()
        left = datetime.fromisoformat(kept["expires_at"]) - datetime.now(UTC)
        assert timedelta(minutes=59) < left <= timedelta(hours=1)

    async def test_without_an_overlap_ends_the_old_key(self, app: FastAPI, callers: Callers) -> None:
        old = await issue(callers)
        answer = await callers["operator"].post(f"/v1/keys/{old['id']}/rotation", json={"overlap_hours": 0})
        assert answer.status_code == 201
        assert await status_with(app, old["key"]) == 401

    async def test_gives_the_same_rights_and_lengthens_no_life(self, callers: Callers) -> None:
        """Neither key lives longer than the old one would have, whatever the overlap."""
        ends = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
        old = await issue(callers, description="Nachts", expires_at=ends)
        answer = await callers["operator"].post(f"/v1/keys/{old['id']}/rotation", json={"overlap_hours": 720})
        assert answer.status_code == 201
        same = ("partner_id", "role", "description", "expires_at")
        assert [answer.json()[name] for name in same] == [old[name] for name in same]
        assert (await callers["operator"].get(f"/v1/keys/{old['id']}")).json()["expires_at"] == ends

    async def test_is_not_for_what_has_expired(self, app: FastAPI, callers: Callers) -> None:
        old = await issue(callers)
        assert (
            await callers["operator"].post(f"/v1/keys/{old['id']}/rotation", json={"overlap_hours": 0})
        ).status_code == 201
        before = (await callers["operator"].get("/v1/keys")).json()
        problem_of(await callers["operator"].post(f"/v1/keys/{old['id']}/rotation", json={}), 404, "not-found")
        assert (await callers["operator"].get("/v1/keys")).json() == before
        assert (await callers["operator"].delete(f"/v1/keys/{old['id']}")).status_code == 204
        assert await status_with(app, old["key"]) == 401

    async def test_keeps_no_answer(self, callers: Callers) -> None:
        old = await issue(callers)
        answer = await callers["operator"].post(
            f"/v1/keys/{old['id']}/rotation", json={}, headers={"Idempotency-Key": "a"}
        )
        assert (answer.status_code, answer.json()["errors"][0]["header"]) == (400, "Idempotency-Key")

    async def test_is_not_for_what_is_revoked_or_never_was(self, callers: Callers) -> None:
        old = await issue(callers)
        assert (await callers["operator"].delete(f"/v1/keys/{old['id']}")).status_code == 204
        for id in (old["id"], NOWHERE):
            assert (await callers["operator"].post(f"/v1/keys/{id}/rotation", json={})).status_code == 404
            assert (await callers["operator"].delete(f"/v1/keys/{id}")).status_code == 404


class TestRevokeKey:
    async def test_acts_at_once_in_every_process(self, app: FastAPI, callers: Callers, settings: Settings) -> None:
        made = await issue(callers)
        async with running(settings) as replica:
            assert await status_with(replica, made["key"]) == 200
            assert (await callers["operator"].delete(f"/v1/keys/{made['id']}")).status_code == 204
            assert await status_with(replica, made["key"]) == 401
            assert await status_with(app, made["key"]) == 401
        revoked = (await callers["operator"].get(f"/v1/keys/{made['id']}")).json()["revoked_at"]
        assert datetime.fromisoformat(revoked) <= datetime.now(UTC)

    @any_database
    async def test_has_the_one_time_of_its_request_as_making_has(self, app: FastAPI, callers: Callers) -> None:
        now = Clock(app).moment.isoformat().replace("+00:00", "Z")
        made = await issue(callers, expires_at="2025-03-02T00:00:00Z")
        assert (await callers["operator"].delete(f"/v1/keys/{made['id']}")).status_code == 204
        kept = (await callers["operator"].get(f"/v1/keys/{made['id']}")).json()
        assert (kept["created_at"], kept["revoked_at"]) == (now, now)


class TestPartnerWithKeys:
    async def test_can_be_deleted_when_none_of_them_works(self, callers: Callers) -> None:
        partner = await make(callers["operator"], "partners")
        revoked, working = [await issue(callers, partner_id=partner["id"]) for _ in range(2)]
        assert (await callers["operator"].delete(f"/v1/keys/{revoked['id']}")).status_code == 204
        assert referrers_of(await delete(callers["operator"], "partners", partner)) == {("keys", working["id"])}
        for key in (revoked, working):
            assert (await callers["operator"].get(f"/v1/keys/{key['id']}")).status_code == 200, "nothing was half done"
        assert (await callers["operator"].delete(f"/v1/keys/{working['id']}")).status_code == 204
        assert (await delete(callers["operator"], "partners", partner)).status_code == 204
        assert (await callers["operator"].get(f"/v1/keys/{working['id']}")).status_code == 404


class TestWrongKey:
    @any_database
    async def test_is_refused(self, callers: Callers) -> None:
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
        async with app.state.runtime.database.transaction() as session:
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

    async def test_is_one_of_another_register(self, app: FastAPI, templates: Templates) -> None:
        async with templates.fresh("seeded") as other, running(other) as elsewhere:
            async with client_of(elsewhere, templates.keys["operator"]) as client:
                made = (await client.post("/v1/keys", json={"partner_id": LIGA, "role": "admin"})).json()
            assert await status_with(elsewhere, made["key"]) == 200
            assert await status_with(app, made["key"]) == 401


class TestLastUse:
    """The day is noted beside the request, which does not wait for it to succeed."""

    async def test_is_noted_by_the_day(self, app: FastAPI, callers: Callers) -> None:
        made = await issue(callers)
        assert made["last_used_on"] is None
        assert await status_with(app, made["key"]) == 200
        first = (await callers["operator"].get(f"/v1/keys/{made['id']}")).json()["last_used_on"]
        assert first == datetime.now(UTC).date().isoformat()
        await execute(
            app, update(ApiKey).where(col(ApiKey.prefix) == made["prefix"]).values(last_used_on=date(2024, 8, 30))
        )
        assert await status_with(app, made["key"]) == 200
        assert (await callers["operator"].get(f"/v1/keys/{made['id']}")).json()["last_used_on"] == first

    async def test_fails_no_request_when_no_connection_is_free(
        self, settings: Settings, templates: Templates, caplog: pytest.LogCaptureFixture
    ) -> None:
        narrow = settings.model_copy(update={"database_pool_size": 1, "database_pool_timeout": 0.05})
        async with running(narrow) as app:
            async with app.state.runtime.database.transaction() as session:
                await session.execute(select(ApiKey))
                assert await status_with(app, templates.keys["reader"]) == 200
            assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
                f"the use of api_key {await id_of(app, templates)} was not noted: TimeoutError"
            ]
            assert await last_use(app, templates) is None
            assert await status_with(app, templates.keys["reader"]) == 200
            assert await last_use(app, templates) == datetime.now(UTC).date()

    async def test_fails_no_request_when_the_database_refuses_it(
        self, app: FastAPI, templates: Templates, caplog: pytest.LogCaptureFixture
    ) -> None:
        statement = {
            "sqlite": "CREATE TRIGGER busy BEFORE UPDATE ON api_key BEGIN SELECT RAISE(ABORT, 'busy'); END",
            "postgresql": "ALTER TABLE api_key ADD CONSTRAINT busy CHECK (last_used_on IS NULL)",
        }[templates.engine]
        await execute(app, text(statement))
        assert await status_with(app, templates.keys["reader"]) == 200
        warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert warnings == [f"the use of api_key {await id_of(app, templates)} was not noted: IntegrityError"]
        assert await last_use(app, templates) is None


async def execute(app: FastAPI, statement: Executable) -> None:
    """One statement that no caller could send."""
    async with app.state.runtime.database.transaction() as session:
        await session.execute(statement)


async def stored(app: FastAPI, templates: Templates) -> Row[tuple[UUID, date | None]]:
    """The id of the reader's key, and the day on which it was used."""
    columns = table_of(ApiKey).c
    statement = select(columns.id, columns.last_used_on).where(columns.prefix == shown(templates.keys["reader"]))
    row: Row[tuple[UUID, date | None]] = await app.state.runtime.database.read(
        lambda connection: connection.execute(statement).one()
    )
    return row


async def id_of(app: FastAPI, templates: Templates) -> UUID:
    """The id of the reader's key."""
    id: UUID = (await stored(app, templates)).id
    return id


async def last_use(app: FastAPI, templates: Templates) -> date | None:
    """The day on which the reader's key was used."""
    day: date | None = (await stored(app, templates)).last_used_on
    return day


def bytes_of(settings: Settings) -> bytes:
    """Every byte that an SQLite database has on disk; nothing for PostgreSQL."""
    file = settings.database_file
    return b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*")) if file else b""


class TestSecrecy:
    async def test_is_kept_in_every_table_and_every_log(
        self,
        settings: Settings,
        templates: Templates,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        """Every way that a key comes in or goes out, with everything logged that any library can log."""
        secrets = []
        with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="sqlalchemy"):
            async with running(settings) as app:
                async with client_of(app, templates.keys["operator"]) as admin:
                    body = {"partner_id": LIGA, "role": "contributor"}
                    made = (await admin.post("/v1/keys", json=body)).json()
                    rotated = (await admin.post(f"/v1/keys/{made['id']}/rotation", json={})).json()
                    refused = await admin.post("/v1/keys", json=body, headers={"Idempotency-Key": made["key"]})
                    assert refused.status_code == 400
                for key in (made["key"], rotated["key"]):
                    assert await status_with(app, key) == 200
                    assert await status_with(app, key[:-1]) == 401
                    async with client_of(app, key) as client:
                        body = body_of("sub-measures", lead_partner_id=LIGA)
                        headers = {"Idempotency-Key": "kept"}
                        assert (await client.post("/v1/sub-measures", json=body, headers=headers)).status_code == 201
                        assert (await client.get("/v1/keys")).status_code == 403
                    secrets.append(key[12:])

                def everything(connection: Connection) -> str:
                    rows = [connection.execute(select(table)).all() for table in SQLModel.metadata.sorted_tables]
                    return str(rows)

                tables = await app.state.runtime.database.read(everything)
        files = bytes_of(settings)
        logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records) + "".join(capfd.readouterr())
        assert "api_key" in logged
        assert made["prefix"] in tables
        assert (made["prefix"].encode() in files) is (templates.engine == "sqlite")
        for secret in secrets:
            assert secret not in tables
            assert secret not in logged
            assert secret.encode() not in files


class TestCurrentKey:
    @any_database
    async def test_says_whose_it_is_and_where_it_writes(self, callers: Callers) -> None:
        answer = await callers["contributor"].get("/v1/keys/current")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        key = answer.json()
        assert (key["role"], key["partner"]["id"], key["partner"]["slug"]) == (
            "contributor",
            CARITAS,
            "caritas-dresden",
        )
        assert key["last_used_on"] == datetime.now(UTC).date().isoformat()
        [agreement] = (await callers["umbrella"].get("/v1/keys/current")).json()["agreements"]
        assert agreement == {
            "id": AGREEMENT,
            "slug": "dresden-liga-2024",
            "title": agreement["title"],
            "side": "associations",
        }

    async def test_is_told_of_nobody_without_one(self, callers: Callers) -> None:
        answer = await callers["anonymous"].get("/v1/keys/current")
        assert answer.headers["www-authenticate"] == "Bearer"
        problem_of(answer, 401, "unauthorized")


class TestOwnKey:
    async def test_is_replaced_and_revoked_by_whoever_has_it(
        self, app: FastAPI, callers: Mapping[str, httpx.AsyncClient]
    ) -> None:
        made = (await callers["operator"].post("/v1/keys", json={"partner_id": CARITAS, "role": "reader"})).json()
        async with client_of(app, made["key"]) as old:
            answer = await old.post("/v1/keys/current/rotation", json={"overlap_hours": 1})
            assert answer.status_code == 201, answer.text
            new = answer.json()
            assert (new["partner_id"], new["role"], new["id"] == made["id"]) == (CARITAS, "reader", False)
            assert (await old.get("/v1/keys/current")).json()["expires_at"] is not None
            assert (await old.delete("/v1/keys/current")).status_code == 204
            assert (await old.get("/v1/keys/current")).status_code == 401
        async with client_of(app, new["key"]) as client:
            assert (await client.get("/v1/keys/current")).json()["id"] == new["id"]
            refused = await client.post("/v1/keys/current/rotation", json={}, headers={"Idempotency-Key": "a"})
            problem_of(refused, 400, "malformed-request")

    async def test_works_for_a_year_unless_it_is_said(self, callers: Mapping[str, httpx.AsyncClient]) -> None:
        body = {"partner_id": CARITAS, "role": "reader"}
        made = (await callers["operator"].post("/v1/keys", json=body)).json()
        left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
        assert timedelta(days=364) < left <= timedelta(days=365)
        made = (await callers["operator"].post("/v1/keys", json=body | {"expires_at": None})).json()
        assert made["expires_at"] is None


class TestRoles:
    """Each partner keeps its own keys; who runs the register gives it the first ones, and can end any."""

    async def test_let_each_partner_keep_its_own(self, app: FastAPI, callers: Callers) -> None:
        keeper = callers["keeper"]
        first = (await keeper.post("/v1/keys", json={"partner_id": CARITAS, "role": "admin"})).json()
        async with client_of(app, first["key"]) as caritas:
            # From now on it is Caritas alone that gives them out.
            for role in ("reader", "operator"):
                refused = await keeper.post("/v1/keys", json={"partner_id": CARITAS, "role": role})
                assert rule_of(refused) == "ownership"
            made = (await caritas.post("/v1/keys", json={"partner_id": CARITAS, "role": "contributor"})).json()
            assert rule_of(await caritas.post("/v1/keys", json={"partner_id": LIGA, "role": "reader"})) == "ownership"
            assert rule_of(await caritas.post("/v1/keys", json={"partner_id": CARITAS, "role": "operator"})) == "role"
            listed = (await caritas.get("/v1/keys", params={"limit": 200})).json()["items"]
            assert {each["partner_id"] for each in listed} == {CARITAS}
            assert {first["id"], made["id"]} <= {each["id"] for each in listed}
            assert rule_of(await keeper.post(f"/v1/keys/{made['id']}/rotation", json={})) == "ownership"
            assert (await caritas.post(f"/v1/keys/{made['id']}/rotation", json={})).status_code == 201
            partner = (await caritas.get(f"/v1/partners/{CARITAS}")).json()
            answer = await patch(caritas, "partners", partner, staff_count=4, description="Wohlfahrt.")
            assert (answer.status_code, answer.json()["staff_count"]) == (200, 4)
            for name, value in {"kind": "other", "dissolved_on": "2025-01-31", "memberships": []}.items():
                refused = await patch(caritas, "partners", answer.json(), **{name: value})
                assert rule_of(refused) == "role", name
            liga = (await caritas.get(f"/v1/partners/{LIGA}")).json()
            assert rule_of(await patch(caritas, "partners", liga, staff_count=4)) == "ownership"
            assert rule_of(await caritas.post("/v1/partners", json=body_of("partners"))) == "role"
        # A lost key is revoked, and the partner gets a first one again.
        assert (await keeper.delete(f"/v1/keys/{first['id']}")).status_code == 204
        again = await keeper.post("/v1/keys", json={"partner_id": CARITAS, "role": "admin"})
        assert again.status_code == 201

    async def test_let_an_admin_get_no_more_than_it_has(self, callers: Callers) -> None:
        mine = (await callers["keeper"].get("/v1/keys/current")).json()["id"]
        for answer in (
            await callers["admin"].post(f"/v1/keys/{mine}/rotation", json={}),
            await callers["admin"].delete(f"/v1/keys/{mine}"),
            await callers["admin"].post("/v1/keys", json={"partner_id": CITY, "role": "operator"}),
        ):
            assert (rule_of(answer), answer.json()["detail"]) == ("role", "This needs the role operator.")

    async def test_leave_a_key_by_which_the_register_is_kept(self, callers: Callers, settings: Settings) -> None:
        keeper, command = callers["keeper"], callers["operator"]
        other = (await command.get("/v1/keys/current")).json()["id"]
        partner = await make(command, "partners", dissolved_on="2999-12-31")
        await issue(callers, partner_id=partner["id"], role="operator")
        assert (await keeper.delete(f"/v1/keys/{other}")).status_code == 204
        before = (await keeper.get("/v1/keys/current")).json()
        problem_of(await keeper.delete("/v1/keys/current"), 409, "last-operator")
        problem_of(await keeper.delete(f"/v1/keys/{before['id']}"), 409, "last-operator")
        city = (await keeper.get(f"/v1/partners/{CITY}")).json()
        problem_of(await patch(keeper, "partners", city, dissolved_on="2999-12-31"), 409, "last-operator")
        assert (await keeper.get("/v1/keys/current")).json() == before
        assert (await keeper.get(f"/v1/partners/{CITY}")).json() == city
        second = (await keeper.post("/v1/keys", json={"partner_id": CITY, "role": "operator"})).json()
        assert (await keeper.delete("/v1/keys/current")).status_code == 204
        assert second["role"] == "operator"
        assert (await verify_and_note(settings)).faults == []
