"""What every write promises, whatever it writes: all or nothing, once, and as it is then served."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, event, select, text
from sqlalchemy.util import greenlet_spawn

from app.access.guards import identify
from app.catalogue import FEATURES
from app.database.engines import Database
from app.database.postgresql import LIMITS
from app.database.sqlite import prepare_sqlite
from app.database.tables import table_of
from app.partners.models import Partner
from app.resources import checking
from app.resources.references import wrong_references
from app.resources.verifying import LogReplay
from app.runtime import Runtime
from app.settings import Settings
from tests.conftest import Templates, as_command, client_of, running
from tests.databases import IS_SOAK, any_database, only_postgresql
from tests.engines import listening
from tests.factories import (
    LIGA,
    PATHS,
    body_of,
    changes_after,
    delete,
    end_of_feed,
    errors_of,
    goal_id,
    items_of,
    make,
    patch,
)
from tests.kinds import PUTS, changes_of
from tests.problems import problem_of
from tests.schemas import document

KINDS = tuple(feature.kind for feature in FEATURES)

WRITES = ("post", "patch", "delete")
ANSWERED = {"post": 201, "patch": 200, "put": 201, "delete": 204, "withdraw": 204, "amend": 200}

AT_BELOW = {"delete": "withdraw", "patch": "amend"}

# What stands below a resource: where, and what is sent there.
BELOW = {each.above: (f"{each.part}/{each.at}", each.body) for each in PUTS}


def write_routes() -> list[tuple[str, str]]:
    """Every operation of the contract that writes a resource: its method, and the resource's path.

    `put`, `amend` and `withdraw` write what stands below a resource. Under the ids of other systems the same is written.
    """
    return [
        (AT_BELOW.get(method, method) if "}/" in path else method, path.strip("/").partition("/")[0])
        for path, operations in document()["paths"].items()
        for method in operations
        if method != "get" and path.strip("/").partition("/")[0] in PATHS and "/external/" not in path
    ]


async def prepared(client: httpx.AsyncClient, method: str, path: str) -> dict[str, Any]:
    """A new resource that can be written so: with something below it where that is to be withdrawn."""
    made = await make(client, path)
    if method in AT_BELOW.values():
        below, content = BELOW[path]
        assert (await client.put(f"/v1/{path}/{made['id']}/{below}", json=content)).status_code in {200, 201}
        made = (await client.get(f"/v1/{path}/{made['id']}")).json()
    return made


async def write(client: httpx.AsyncClient, method: str, path: str, made: dict[str, Any]) -> httpx.Response:
    """Do one write to a resource, or to its collection."""
    if method == "post":
        return await client.post(f"/v1/{path}", json=body_of(path))
    if method == "patch":
        return await patch(client, path, made, **{name: values[-1] for name, values in changes_of(path).items()})
    if method == "delete":
        return await delete(client, path, made)
    below, content = BELOW[path]
    address = f"/v1/{path}/{made['id']}/{below}"
    if method == "put":
        return await client.put(address, json=content)
    if method == "amend":
        return await client.patch(address, json={"visibility": "partners"}, headers={"If-Match": "*"})
    return await client.delete(address, headers={"If-Match": "*"})


async def everything(client: httpx.AsyncClient) -> dict[str, list[dict[str, Any]]]:
    """The whole register, as it is served."""
    whole = {path: await items_of(client, path) for path in PATHS}
    for kind in (kind for kind in KINDS if kind.within):
        above, _, _ = kind.path.partition("/")
        whole[kind.path] = [
            each for one in whole[above] for each in await items_of(client, kind.path.format(id=one["id"]))
        ]
    return whole


async def stale(app: FastAPI) -> list[str]:
    """What is in the tables and not as the log says."""
    replay, found = LogReplay(), []
    async with app.state.runtime.database.snapshot() as snapshot:
        while (faults := await snapshot.read(replay.step)) is not None:
            found += faults
    return found


class TestCommit:
    async def test_that_fails_is_a_failure_and_leaves_nothing(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        writes = [(method, path, await prepared(client, method, path)) for method, path in write_routes()]
        before = await everything(client)

        def fail(_connection: Any) -> None:
            raise RuntimeError("the disk is gone")

        with listening(app.state.runtime.database.writer.sync_engine, "commit", fail):
            for method, path, made in writes:
                problem_of(await write(client, method, path, made), 500, "internal-error")
                assert (await client.get(f"/v1/{path}/{made['id']}")).json() == made, (method, path)
            assert await everything(client) == before

        for method, path, made in writes:
            cursor = await end_of_feed(client)
            answer = await write(client, method, path, made)
            assert answer.status_code == ANSWERED[method] if path != "consultation-events" or method != "put" else 200
            changes, _ = await changes_after(client, cursor)
            assert changes, (method, path)

    def test_is_tried_for_every_kind_of_write(self) -> None:
        assert sorted(write_routes()) == sorted(
            [(method, path) for method in WRITES for path in PATHS]
            + [(method, path) for method in ("put", "withdraw") for path in BELOW]
            + [("amend", "decisions")]
        )

    @any_database
    @pytest.mark.parametrize(("method", "path"), write_routes())
    async def test_comes_before_the_answer(
        self, app: FastAPI, client: httpx.AsyncClient, method: str, path: str
    ) -> None:
        """What is answered is there for everybody else, at that very moment."""
        made, committed = await prepared(client, method, path), []

        def note(_connection: Any) -> None:
            committed.append(True)

        async def app_that_looks(scope: Any, receive: Any, send: Any) -> None:
            async def look_and_send(message: Any) -> None:
                assert committed, "answered before the commit"
                await send(message)

            await app(scope, receive, look_and_send)

        transport = httpx.ASGITransport(app_that_looks)
        key = {"Authorization": client.headers["Authorization"]}
        with listening(app.state.runtime.database.writer.sync_engine, "commit", note):
            async with httpx.AsyncClient(transport=transport, base_url="http://register.test", headers=key) as looking:
                answer = await write(looking, method, path, made)
        assert answer.status_code == ANSWERED[method] if path != "consultation-events" or method != "put" else 200

    async def test_is_missing_where_a_write_is_refused(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        """What was flushed before the refusal goes with it."""
        made = await make(client, "sub-measures")
        before = await everything(client)
        answer = await patch(client, "sub-measures", made, title="neu", goal_id=goal_id(1), number=1)
        problem_of(answer, 409, "duplicate")
        assert await everything(client) == before
        assert await stale(app) == []


@pytest.mark.thorough
class TestRepresentations:
    @pytest.mark.parametrize("seed", range(3 if IS_SOAK else 1))
    async def test_are_what_the_tables_give_whatever_was_written(
        self, app: FastAPI, client: httpx.AsyncClient, seed: int
    ) -> None:
        chance = random.Random(seed)  # noqa: S311 (no secret: the same writes in each run)
        alive: dict[str, list[dict[str, Any]]] = {path: [] for path in PATHS}
        for _ in range(160):
            path = chance.choice(PATHS)
            fields = {name: chance.choice(values) for name, values in changes_of(path).items() if chance.random() < 0.5}
            if not alive[path] or chance.random() < 0.3:
                alive[path].append(await make(client, path, **fields))
                continue
            number = chance.randrange(len(alive[path]))
            if path in ("decisions", "indicators") and chance.random() < 0.3:
                below, content = BELOW[path]
                made = await client.put(f"/v1/{path}/{alive[path].pop(number)['id']}/{below}", json=content)
                assert made.status_code in {200, 201}
                continue
            if chance.random() < 0.2:
                assert (await delete(client, path, alive[path].pop(number))).status_code == 204
                continue
            answer = await patch(client, path, alive[path][number], **fields)
            assert answer.status_code == 200, answer.text
            assert answer.json() == alive[path][number] | answer.json()
            alive[path][number] = answer.json()
        served = await everything(client)
        assert await stale(app) == []
        for path in PATHS:
            by_id = {each["id"]: each for each in served[path]}
            assert [by_id[each["id"]] for each in alive[path]] == alive[path]

    async def test_are_noticed_when_they_are_not(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        """The guard of the test above: a child row and a column that were changed behind the register's back."""
        measure = await make(client, "sub-measures", districts=["Prohlis"])
        partner = await make(client, "partners")
        async with app.state.runtime.database.transaction() as session:
            await session.execute(text("UPDATE sub_measure_district SET district = 'Gorbitz'"))
            await session.execute(
                table_of(Partner).update().where(table_of(Partner).c.slug == partner["slug"]).values(staff_count=1)
            )
        assert sorted(await stale(app)) == [
            f"not as in the log: partner {partner['id']} (staff_count)",
            f"not as in the log: sub_measure {measure['id']} (districts)",
        ]


class TestDuplicates:
    @pytest.mark.parametrize(
        ("path", "fields", "named"),
        [
            ("partners", {"slug": "twin"}, ["slug"]),
            ("agreements", {"slug": "twin"}, ["slug"]),
            ("topics", {"slug": "twin"}, ["agreement_id", "slug"]),
            ("goals", {"number": 77}, ["agreement_id", "number"]),
            ("sub-measures", {"number": 77}, ["goal_id", "number"]),
        ],
    )
    async def test_of_concurrent_writers_are_one_resource_and_one_conflict(
        self, client: httpx.AsyncClient, path: str, fields: dict[str, Any], named: list[str]
    ) -> None:
        body = body_of(path, **fields)
        answers = await asyncio.gather(*(client.post(f"/v1/{path}", json=body) for _ in range(8)))
        (created,) = (answer for answer in answers if answer.status_code == 201)
        for answer in answers:
            if answer is not created:
                assert problem_of(answer, 409, "duplicate")["fields"] == named
        found = [each for each in await items_of(client, path) if each.items() >= fields.items()]
        assert found == [created.json()]


class TestReferences:
    # SQLite does not have this race: there, one write waits for the other as a whole.
    @only_postgresql
    @pytest.mark.parametrize(
        ("path", "fields", "place"),
        [
            ("sub-measures", lambda one: {"lead_partner_id": one}, "#/lead_partner_id"),
            ("sub-measures", lambda one: {"supporting_partner_ids": [LIGA, one]}, "#/supporting_partner_ids"),
            ("partners", lambda one: {"memberships": [{"umbrella_id": one}]}, "#/memberships"),
            ("partners", lambda one: {"merged_into_id": one, "dissolved_on": "2024-12-31"}, "#/merged_into_id"),
            ("consultation-events", lambda one: {"organiser_id": one}, "#/organiser_id"),
            ("consultation-events", lambda one: {"participants": [{"partner_id": one}]}, "#/participants"),
            ("agreements", lambda one: {"signatories": [{"name": "A", "partner_id": one}]}, "#/signatories"),
        ],
    )
    async def test_to_what_is_deleted_meanwhile_are_refused(
        self,
        client: httpx.AsyncClient,
        monkeypatch: pytest.MonkeyPatch,
        path: str,
        fields: Callable[[str], dict[str, Any]],
        place: str,
    ) -> None:
        """The other writer deletes between the check of the reference and the write: the constraint is the guard."""
        partner, body = await make(client, "partners"), body_of(path)
        before = await items_of(client, path)
        delete_meanwhile(monkeypatch, lambda: delete(client, "partners", partner))
        answer = await client.post(f"/v1/{path}", json=body | fields(partner["id"]))
        assert errors_of(answer) == [(place, "unknown_reference")]
        problem_of(answer, 422, "validation-error")
        assert await items_of(client, path) == [each for each in before if each["id"] != partner["id"]]
        problem_of(await client.get(f"/v1/partners/{partner['id']}"), 410, "gone")

    @only_postgresql
    async def test_in_the_agenda_are_told_from_those_of_the_event(
        self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        measure = await make(client, "sub-measures")
        delete_meanwhile(monkeypatch, lambda: delete(client, "sub-measures", measure))
        body = body_of("consultation-events", agenda_items=[{"title": "x", "sub_measure_id": measure["id"]}])
        answer = await client.post("/v1/consultation-events", json=body)
        assert errors_of(answer) == [("#/agenda_items", "unknown_reference")]

    async def test_are_never_left_behind_by_a_race(self, client: httpx.AsyncClient) -> None:
        """Whoever is first: either the partner is gone and the measure was refused, or the measure holds it."""
        for _ in range(8):
            partner = await make(client, "partners")
            body = body_of("sub-measures", supporting_partner_ids=[partner["id"]])
            created, deleted = await asyncio.gather(
                client.post("/v1/sub-measures", json=body), delete(client, "partners", partner)
            )
            if deleted.status_code == 204:
                assert errors_of(created)[0][1] == "unknown_reference"
            else:
                referrers = problem_of(deleted, 409, "in-use")["referrers"]
                assert referrers == [{"resource": "sub-measures", "id": created.json()["id"]}]


def delete_meanwhile(monkeypatch: pytest.MonkeyPatch, other_writer: Callable[[], Awaitable[httpx.Response]]) -> None:
    """Let another writer delete just after the references of the next write were found to be there."""

    async def check_and_lose(*args: Any) -> Any:
        monkeypatch.setattr(checking, "wrong_references", wrong_references)
        errors = await wrong_references(*args)
        assert (await other_writer()).status_code == 204
        return errors

    monkeypatch.setattr(checking, "wrong_references", check_and_lose)


class TestBusyDatabase:
    async def test_without_a_free_connection_asks_to_come_back(self, settings: Settings) -> None:
        small = settings.model_copy(update={"database_pool_size": 1, "database_pool_timeout": 0.05})
        async with running(small) as app, client_of(app) as client:
            app.dependency_overrides[identify] = as_command
            made = await make(client, "partners")
            async with app.state.runtime.database.transaction() as session:
                await session.execute(text("SELECT 1"))
                for answer in (
                    await client.post("/v1/topics", json=body_of("topics")),
                    await patch(client, "partners", made, name="neu"),
                    await delete(client, "partners", made),
                ):
                    problem_of(answer, 503, "unavailable")
                    assert answer.headers["retry-after"] == "1"
                assert (await client.get("/v1/topics")).status_code == 200
            reader = await greenlet_spawn(app.state.runtime.database.reader.connect)
            answer = await client.get("/v1/topics")
            problem_of(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "1"
            problem_of(await client.get("/readyz"), 503, "unavailable")
            assert (await client.get("/healthz")).status_code == 200
            await greenlet_spawn(reader.close)
            assert (await client.get("/readyz")).status_code == 200
            assert (await delete(client, "partners", made)).status_code == 204

    async def test_whose_row_is_locked_asks_to_come_back(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = Database(settings.database, pool_size=1, pool_timeout=1)
        async with impatient(settings, monkeypatch) as client:
            made = await make(client, "partners")
            async with other.transaction() as session:
                await session.execute(select(Partner).with_for_update())
                for answer in (
                    await patch(client, "partners", made, name="neu"),
                    await delete(client, "partners", made),
                ):
                    problem_of(answer, 503, "unavailable")
                    assert answer.headers["retry-after"] == "1"
                assert (await client.get(f"/v1/partners/{made['id']}")).json() == made
                assert (await client.get("/healthz")).status_code == 200
            assert (await patch(client, "partners", made, name="neu")).status_code == 200
        await other.close()

    @only_postgresql
    async def test_that_ends_our_connections_is_asked_again(self, settings: Settings, templates: Templates) -> None:
        """After a restart of the server a connection that has ended is replaced before it is used."""
        key = templates.keys["keeper"]
        # Not the usual settings: a new app has one connection, those that are kept have several.
        new = settings.model_copy(update={"operator": "Musterstadt"})
        async with running(new) as app, client_of(app, key) as client:
            made = await make(client, "partners")
            await client.get("/v1/partners")
            terminate = (
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            async with app.state.runtime.database.transaction() as session:
                await session.execute(text(terminate))
            assert (await client.get("/v1/partners")).status_code == 200
            assert (await patch(client, "partners", made, name="neu")).status_code == 200


@asynccontextmanager
async def impatient(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that waits for locks of others for a moment only; no other test gets its connections."""
    monkeypatch.setitem(LIMITS, "lock_timeout", "50")
    async with running(settings.model_copy(update={"operator": "Musterstadt"})) as app:
        if app.state.runtime.database.is_sqlite:
            event.listen(app.state.runtime.database.writer.sync_engine, "connect", wait_only_a_moment)
        async with client_of(app) as client:
            app.dependency_overrides[identify] = as_command
            yield client


def wait_only_a_moment(connection: Any, _entry: Any) -> None:
    """SQLite's own waiting, shorter."""
    connection.execute("PRAGMA busy_timeout=50")


def asked(statement: str, connection: Connection) -> str:
    """What a connection answers to a statement."""
    return str(connection.exec_driver_sql(statement).scalar_one())


class TestConnections:
    async def test_keep_what_was_answered_and_wait_for_nobody_for_ever(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The databases' own defaults are otherwise: foreign keys off, waiting without end."""
        monkeypatch.setattr("app.database.engines.prepare_sqlite", prepare_sqlite)
        database = Runtime.of(settings).database
        wanted = (
            {"foreign_keys": "1", "synchronous": "2", "journal_mode": "wal", "busy_timeout": "5000"}
            if database.is_sqlite
            else {
                "lock_timeout": "5s",
                "statement_timeout": "10s",
                "idle_in_transaction_session_timeout": "15s",
                "synchronous_commit": "on",
                "TimeZone": "UTC",
            }
        )
        ask = "PRAGMA {}" if database.is_sqlite else "SHOW {}"
        for name, value in wanted.items():
            async with database.transaction() as session:
                assert str((await session.execute(text(ask.format(name)))).scalar_one()) == value
            assert await database.read(partial(asked, ask.format(name))) == value
        await database.close()
