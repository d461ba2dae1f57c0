"""The migrations: they give exactly the tables of the code, and lose nothing on the way."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import SQLModel

from app import migrating
from app.catalogue import FEATURES
from app.cli.migrate import migrate_and_render
from app.cli.verify import verify_and_note
from app.database.packing import unpack
from app.database.revisions import newest_revision
from app.database.searching import KEPT
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.databases import only_postgresql, only_sqlite
from tests.dresden import AGREEMENT, ASSOCIATIONS, CITY, LIGA, goal_id
from tests.factories import PATHS, delete, items_of, make, patch
from tests.rewording import reword

KINDS = tuple(feature.kind for feature in FEATURES)

TABLES = [resource.type for resource in KINDS]


@pytest.fixture
async def settings(templates: Templates) -> AsyncIterator[Settings]:
    """Settings for a database with Dresden's agreement whose tables a test may change."""
    async with templates.fresh("seeded") as settings:
        yield settings


def described(connection: sa.Connection) -> dict[str, Any]:
    """Everything that the database says of its tables."""
    inspector = sa.inspect(connection)
    return {
        name: {
            "columns": {each["name"]: (str(each["type"]), each["nullable"]) for each in inspector.get_columns(name)},
            "key": inspector.get_pk_constraint(name),
            "foreign keys": named(inspector.get_foreign_keys(name)),
            "unique": named(inspector.get_unique_constraints(name)),
            "checks": {each["name"]: normal(each["sqltext"]) for each in inspector.get_check_constraints(name)},
            # Databases keep what is searched beside the tables of the code, each in its own way.
            "indices": {
                each["name"]: each["column_names"]
                for each in inspector.get_indexes(name)
                if each["name"] != f"ix_{name}_search_text"
            },
        }
        for name in inspector.get_table_names()
        if name != "alembic_version" and not name.startswith(KEPT)
    }


def named(constraints: Any) -> dict[str, Any]:
    """Constraints by their name."""
    return {each["name"]: {key: value for key, value in each.items() if key != "name"} for each in constraints}


def normal(check: str) -> str:
    """A CHECK without the casts and brackets that PostgreSQL adds."""
    return re.sub(r"::[a-z ]+(\[\])?|[()\s]", "", check)


async def described_at(url: sa.URL) -> dict[str, Any]:
    """Everything that a database says of its tables."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        result = await connection.run_sync(described)
    await engine.dispose()
    return result


@asynccontextmanager
async def without_tables(templates: Templates) -> AsyncIterator[Settings]:
    """Settings for a database that holds nothing at all."""
    async with templates.fresh("empty") as settings:
        await migrating.downgrade(settings, "base")
        yield settings


class TestUpgrade:
    async def test_gives_exactly_the_tables_of_the_code(self, templates: Templates, empty_settings: Settings) -> None:
        async with without_tables(templates) as created:
            engine = create_async_engine(created.database)
            async with engine.begin() as connection:
                await connection.run_sync(SQLModel.metadata.create_all)
            await engine.dispose()
            expected = await described_at(created.database)
        migrated = await described_at(empty_settings.database)
        assert migrated.keys() == expected.keys() == {table.name for table in SQLModel.metadata.sorted_tables}
        for name, table in expected.items():
            assert migrated[name] == table, name

    async def test_holds_closed_vocabularies_by_checks(self, empty_settings: Settings) -> None:
        tables = await described_at(empty_settings.database)
        checks = {f"{name}.{check}" for name, table in tables.items() for check in table["checks"]}
        assert {
            "partner.ck_partner_partner_kind",
            "sub_measure.ck_sub_measure_sub_measure_status",
            "consultation_event.ck_consultation_event_event_format",
            "event_participant.ck_event_participant_attendance",
            "api_key.ck_api_key_role",
            "change.ck_change_action",
        } <= checks

    async def test_names_every_constraint_by_the_convention(self, empty_settings: Settings) -> None:
        names = list(names_in(await described_at(empty_settings.database)))
        assert [name for name in names if not re.fullmatch(r"(pk|fk|uq|ck|ix)_[a-z_]+", name or "")] == []

    async def test_can_be_repeated(self, settings: Settings) -> None:
        before = await described_at(settings.database)
        assert await migrate_and_render(settings) == 0
        assert await described_at(settings.database) == before


def names_in(tables: dict[str, Any]) -> Iterator[str | None]:
    """The names of all constraints and indices."""
    for table in tables.values():
        yield table["key"]["name"]
        for kind in ("foreign keys", "unique", "checks", "indices"):
            yield from table[kind]


@pytest.mark.thorough
class TestDowngrade:
    async def test_leaves_nothing_and_can_be_undone(self, settings: Settings) -> None:
        before = await described_at(settings.database)
        await migrating.downgrade(settings, "base")
        assert await described_at(settings.database) == {}
        await migrating.upgrade(settings)
        assert await described_at(settings.database) == before


class TestMigrate:
    async def test_is_one_transaction_with_the_texts(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        async def fail(*_renewing: object) -> int:
            raise TimeoutError

        await migrating.downgrade(settings, "0013")
        monkeypatch.setattr("app.cli.migrate.renew", fail)
        with pytest.raises(TimeoutError):
            await migrate_and_render(settings)
        assert await rows_of(settings, REVISION) == [("0013",)]
        monkeypatch.undo()
        assert await migrate_and_render(settings) == 0
        assert await rows_of(settings, REVISION) == [(newest_revision(),)]

    async def test_packs_what_is_there_without_a_new_version(self, settings: Settings) -> None:
        stored = "SELECT id, version, representation FROM goal ORDER BY id"
        packed = await rows_of(settings, stored)
        await migrating.downgrade(settings, "0024")
        plain = await rows_of(settings, stored)
        assert [unpack(row.representation) for row in packed] == [row.representation for row in plain]
        assert await migrate_and_render(settings) == 0
        assert await rows_of(settings, stored) == packed

    @only_postgresql
    async def test_that_is_begun_several_times_is_done_once(self, settings: Settings) -> None:
        await migrating.downgrade(settings, "0012")
        assert await asyncio.gather(*(migrate_and_render(settings) for _ in range(3))) == [0, 0, 0]
        assert await rows_of(settings, REVISION) == [(newest_revision(),)]

    @only_postgresql
    async def test_does_not_hold_up_those_who_read_behind_a_dump(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(migrating, "LOCK_SECONDS", 0.1)
        monkeypatch.setattr(migrating, "PAUSE_SECONDS", 0.1)
        await migrating.downgrade(settings, "0012")
        dumping = await asyncpg.connect(settings.database_url)
        try:
            async with dumping.transaction():
                # What pg_dump holds of each table until it ends.
                await dumping.execute("LOCK TABLE change IN ACCESS SHARE MODE")
                upgrading = asyncio.create_task(migrating.upgrade(settings))
                while caplog.text.count("somebody holds a table") < 2:  # noqa: ASYNC110 (a log sends no event)
                    await asyncio.sleep(0.01)
                assert await rows_of(settings, "SELECT count(*) FROM change")
                assert await rows_of(settings, REVISION) == [("0012",)]
        finally:
            await dumping.close()
        await upgrading
        assert await rows_of(settings, REVISION) == [(newest_revision(),)]

    @only_postgresql
    async def test_is_begun_anew_after_a_deadlock_with_who_writes(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(migrating, "PAUSE_SECONDS", 0.1)
        writing = await asyncpg.connect(settings.database_url)
        waiting: list[asyncio.Task[str]] = []

        async def lock_in_the_other_order(connection: AsyncConnection) -> int:
            await connection.exec_driver_sql("SET LOCAL deadlock_timeout = '10ms'")
            await connection.exec_driver_sql("LOCK TABLE verification")
            if not waiting:
                await writing.execute("BEGIN; SET LOCAL deadlock_timeout = '1min'; LOCK TABLE backup")
                waiting.append(asyncio.create_task(writing.execute("LOCK TABLE verification; COMMIT")))
                asked = "SELECT count(*) FROM pg_locks WHERE relation = 'verification'::regclass AND NOT granted"
                while not (await connection.exec_driver_sql(asked)).scalar_one():  # noqa: ASYNC110 (a lock sends no event)
                    await asyncio.sleep(0.01)
            await connection.exec_driver_sql("LOCK TABLE backup")
            return 7

        try:
            assert await migrating.upgrade(settings, then=lock_in_the_other_order) == 7
            await asyncio.gather(*waiting)
        finally:
            await writing.close()


class TestVersionBefore:
    """Processes of the version before write until each of them is replaced: their INSERTs must still be taken."""

    async def test_writes_into_the_new_schema(self, settings: Settings) -> None:
        # 0013 put the tree of leaves in the place of the chain of hashes, before there was a release.
        await migrating.downgrade(settings, "0013")
        before = await columns_of(settings)
        while await rows_of(settings, REVISION) != [(newest_revision(),)]:
            await migrating.upgrade(settings, "+1")
            after, [(revision,)] = await columns_of(settings), await rows_of(settings, REVISION)
            for name, columns in before.items():
                assert columns.keys() <= after[name].keys(), f"{revision} takes columns of {name} away"
                demanded = {column for column, is_demanded in after[name].items() if is_demanded}
                known = {column for column, is_demanded in columns.items() if is_demanded}
                assert demanded <= known, f"{revision} demands of {name} what the version before does not write"
            before = after

    @only_postgresql
    async def test_goes_on_when_a_column_is_widened(self, settings: Settings, templates: Templates) -> None:
        """PostgreSQL refuses what was prepared for the column as it was."""
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            made = await make(client, "topics")
            for name in ("Neu", "Neuer"):
                made = (await patch(client, "topics", made, name=name)).json()
            async with migrating.connected(settings) as connection:
                await connection.exec_driver_sql("ALTER TABLE topic ALTER COLUMN name TYPE varchar(4000)")
            assert (await patch(client, "topics", made, name="Am neuesten")).status_code == 200


REVISION = "SELECT version_num FROM alembic_version"


async def columns_of(settings: Settings) -> dict[str, dict[str, bool]]:
    """The columns of every table, and whether a row must bring a value for each."""

    def inspected(connection: sa.Connection) -> dict[str, dict[str, bool]]:
        inspector = sa.inspect(connection)
        return {
            name: {
                column["name"]: not column["nullable"] and column["default"] is None
                for column in inspector.get_columns(name)
            }
            for name in inspector.get_table_names()
        }

    async with migrating.connected(settings) as connection:
        return await connection.run_sync(inspected)


EVENTS = {
    # Each starts on another day in UTC than where it takes place, or does not.
    "2025-03-12T23:30:00Z": ("Europe/Berlin", "2025-03-13"),
    "2025-07-01T22:00:00Z": ("Europe/Berlin", "2025-07-02"),
    "2025-03-12T02:00:00Z": ("America/New_York", "2025-03-11"),
    "2025-12-31T12:00:00Z": ("UTC", "2025-12-31"),
}
MILESTONES: list[dict[str, Any]] = [
    {"title": "Konzept", "due_on": "2025-02-28", "reached_on": "2025-02-27"},
    {"title": "Ärztehaus", "due_on": None, "reached_on": None},
]


async def rows_of(settings: Settings, statement: str) -> list[Any]:
    """What a database answers to a statement."""
    engine = create_async_engine(settings.database)
    async with engine.connect() as connection:
        rows = list((await connection.execute(sa.text(statement))).all())
    await engine.dispose()
    return rows


@pytest.mark.thorough
class TestEarlierDatabase:
    async def test_is_brought_to_the_newest_with_all_that_it_holds(
        self, settings: Settings, templates: Templates
    ) -> None:
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            for starts_at, (timezone, _) in EVENTS.items():
                await make(client, "consultation-events", starts_at=starts_at, timezone=timezone)
            await make(client, "sub-measures", title="Kurs", milestones=MILESTONES)
            before = {path: await items_of(client, path) for path in PATHS}
        await migrating.downgrade(settings, "0001")
        columns = await described_at(settings.database)
        assert "decision" not in columns
        assert "starts_on" not in columns["consultation_event"]["columns"]
        stored = await rows_of(settings, "SELECT milestones FROM sub_measure WHERE title = 'Kurs'")
        kept = stored[0].milestones
        assert (json.loads(kept) if isinstance(kept, str) else kept) == MILESTONES
        # Of the agreement and its umbrella association, an earlier version does not keep all.
        assert await migrate_and_render(settings) == 2
        days = await rows_of(settings, "SELECT starts_on FROM consultation_event ORDER BY created_at")
        assert [str(row.starts_on) for row in days] == [day for _, day in EVENTS.values()]
        titles = await rows_of(settings, "SELECT title, due_on FROM sub_measure_milestone ORDER BY position")
        assert [(row.title, row.due_on and str(row.due_on)) for row in titles] == [
            (milestone["title"], milestone["due_on"]) for milestone in MILESTONES
        ]
        assert (await verify_and_note(settings)).faults == []
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            after = {path: await items_of(client, path) for path in PATHS}
            for path in PATHS:
                assert [each for each in after[path] if each["version"] == 1] == [
                    each for each in before[path] if each["id"] not in (AGREEMENT, LIGA)
                ]
            assert (await make(client, "decisions"))["version"] == 1

    async def test_says_who_is_a_party_and_to_which_agreement_all_belongs(
        self, settings: Settings, templates: Templates
    ) -> None:
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            made = await two_agreements(client)
            city = await make(client, "partners", kind="municipality", name="Zweite Stadt")
            other = (await client.get(f"/v1/agreements/{made['agreements']['id']}")).json()
            signed = await patch(client, "agreements", other, signatories=[{"name": "A", "partner_id": city["id"]}])
            assert signed.status_code == 200
            gone = await make(client, "needs")
            assert (await delete(client, "needs", gone)).status_code == 204
            unlinked = {path: await make(client, path) for path in SCOPED}
            feed = {name: await ids_in_feed(client, **params) for name, params in asked(made).items()}
        await migrating.downgrade(settings, "0004")
        assert "agreement_party" not in await described_at(settings.database)
        assert await migrate_and_render(settings) >= 2
        assert (await verify_and_note(settings)).faults == []
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            for path in SCOPED:
                for of, agreement in ((made[path], made["agreements"]["id"]), (unlinked[path], AGREEMENT)):
                    assert (await client.get(f"/v1/{path}/{of['id']}")).json()["agreement_id"] == agreement, path
            sides = await sides_of(client, AGREEMENT)
            assert sides.pop(CITY) == "authority"
            assert sides == dict.fromkeys(ASSOCIATIONS, "associations")
            # Who signed the one agreement and not the other is a party of that one alone.
            assert await sides_of(client, made["agreements"]["id"]) == {city["id"]: "authority"}
            for name, params in asked(made).items():
                assert await ids_in_feed(client, **params) >= feed[name] - {city["id"]}


SCOPED = ("consultation-events", "decisions", "needs")


async def two_agreements(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """A second agreement, and in it something of each kind that belongs to it by what it links to; by its path."""
    made = {"agreements": await make(client, "agreements", title="Zweite Vereinbarung")}
    place = {"agreement_id": made["agreements"]["id"]}
    made["topics"] = await make(client, "topics", **place)
    made["goals"] = await make(client, "goals", topic_id=made["topics"]["id"], **place)
    made["sub-measures"] = await make(client, "sub-measures", goal_id=made["goals"]["id"])
    measure = made["sub-measures"]["id"]
    made["decisions"] = await make(client, "decisions", sub_measure_ids=[measure], **place)
    # These are linked to nothing of the agreement but by one another.
    made["consultation-events"] = await make(client, "consultation-events", **place)
    linked = await patch(
        client, "decisions", made["decisions"], consultation_event_ids=[made["consultation-events"]["id"]]
    )
    assert linked.status_code == 200
    made["needs"] = await make(client, "needs", decision_ids=[made["decisions"]["id"]], **place)
    made["indicators"] = await make(client, "indicators", goal_id=None, sub_measure_id=measure)
    made["progress-reports"] = await make(client, "progress-reports", sub_measure_id=measure)
    return made


def asked(made: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """What the feed is asked for."""
    return {"agreement": {"agreement_id": made["agreements"]["id"]}, "goal": {"goal_id": made["goals"]["id"]}}


async def ids_in_feed(client: httpx.AsyncClient, **params: str) -> set[str]:
    """What the feed tells of."""
    answer = await client.get("/v1/changes", params={"limit": 500, **params})
    return {each["resource_id"] for each in answer.json()["items"]}


async def sides_of(client: httpx.AsyncClient, agreement: str) -> dict[str, str]:
    """The parties of an agreement with their sides."""
    parties = (await client.get(f"/v1/agreements/{agreement}")).json()["parties"]
    return {each["partner_id"]: each["side"] for each in parties}


def recreate_goals(connection: sa.Connection) -> None:
    """What a batch migration on SQLite does to a table that others refer to."""
    operations = Operations(MigrationContext.configure(connection, opts={"render_as_batch": True}))
    with operations.batch_alter_table("goal", recreate="auto") as batch:
        batch.alter_column("title", existing_type=sa.String(length=300), type_=sa.String(length=400))


async def fail_halfway(settings: Settings) -> None:
    """A migration whose last statement is refused."""
    async with migrating.connected(settings) as connection:
        await connection.run_sync(recreate_goals)
        await connection.execute(sa.text("CREATE TABLE half (id INTEGER)"))
        await connection.execute(sa.text("CREATE TABLE half (id INTEGER)"))


async def migrated_by(settings: Settings, statement: str) -> list[str]:
    """The tables that are looked through for references to nothing after a migration of one statement."""
    looked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        looked.extend(re.findall(r'PRAGMA foreign_key_check\("(\w+)"\)', statement))

    async with migrating.connected(settings) as connection:
        sa.event.listen(connection.engine.sync_engine, "before_cursor_execute", hear)
        await connection.execute(sa.text(statement))
    return looked


class TestConnected:
    async def test_loses_nothing_when_a_table_is_recreated(self, settings: Settings, templates: Templates) -> None:
        async with migrating.connected(settings) as connection:
            await connection.run_sync(recreate_goals)
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            assert len(await items_of(client, "goals")) == 5
            assert len(await items_of(client, "sub-measures", agreement_id=AGREEMENT)) == 17
        assert (await verify_and_note(settings))[:2] == (36, [])

    async def test_leaves_nothing_of_a_migration_that_fails(self, settings: Settings) -> None:
        before = await described_at(settings.database)
        with pytest.raises(sa.exc.DBAPIError):
            await fail_halfway(settings)
        assert await described_at(settings.database) == before

    @pytest.mark.parametrize("statement", ["DELETE FROM goal WHERE number = 1", "UPDATE sub_measure SET goal_id = id"])
    async def test_refuses_a_migration_that_leaves_dangling_references(
        self, settings: Settings, statement: str
    ) -> None:
        with pytest.raises((migrating.BrokenReferences, sa.exc.IntegrityError)):
            await migrated_by(settings, statement)
        assert (await verify_and_note(settings))[:2] == (36, [])

    @only_sqlite
    async def test_looks_only_where_references_can_have_changed(self, settings: Settings) -> None:
        assert await migrated_by(settings, "ALTER TABLE goal ADD COLUMN motto VARCHAR") == []
        assert await migrated_by(settings, "UPDATE goal SET title = 'Ein Ziel'") == []
        assert await migrated_by(settings, "UPDATE sub_measure SET goal_id = goal_id") == ["sub_measure"]
        assert await migrated_by(settings, "DELETE FROM statement") == ["statement", "statement_on_behalf"]


class TestRenderAnew:
    async def test_renews_what_the_schema_renders_otherwise(self, settings: Settings, templates: Templates) -> None:
        await reword(settings, "goal", '"visibility":"public"', '"old":1')
        assert len((await verify_and_note(settings)).faults) == 5
        assert await migrate_and_render(settings) == 5
        assert (await verify_and_note(settings))[:2] == (36, [])
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            goal = (await client.get(f"/v1/goals/{goal_id(1)}")).json()
            assert (goal["version"], goal["visibility"]) == (2, "public")
            history = (await client.get(f"/v1/goals/{goal_id(1)}/history")).json()["items"]
            assert [(each["action"], each["changed_fields"]) for each in history] == [
                ("created", history[0]["changed_fields"]),
                ("updated", ["visibility"]),
            ]

    async def test_brings_texts_and_zones_to_what_is_taken_now(self, settings: Settings, templates: Templates) -> None:
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            need = await make(client, "needs", title="Uebergang", districts=["Loebtau", "Gorbitz"])
            event = await make(
                client, "consultation-events", starts_at="2025-03-12T23:30:00Z", timezone="Europe/Berlin"
            )
        await write_as_before(settings, need["id"], event["id"])
        faults = (await verify_and_note(settings)).faults
        assert [fault.partition(" (")[0] for fault in faults] == [
            f"not as in the log: {name}" for name in names_of(event, need)
        ]
        assert await migrate_and_render(settings) == 2
        assert (await verify_and_note(settings)).faults == []
        assert await migrate_and_render(settings) == 0
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            (found,) = await items_of(client, "needs", q="übergang fur")
            assert (found["title"], found["description"]) == ("Übergang für alle", "Größe")
            assert found["districts"] == ["Löbtau"]
            assert (found["version"], found["id"]) == (2, need["id"])
            assert await items_of(client, "needs", district="Lo\u0308btau") == [found]
            (held,) = await items_of(client, "consultation-events")
            assert (held["title"], held["timezone"], held["location"]) == ("[leer]", "UTC", "Haus der Diakonie")
            assert held["starts_at"] == event["starts_at"]


OLD_TITLE, OLD_DISTRICT = "\u00a0U\u0308bergang\u2028fu\u0308r alle ", "Lo\u0308btau"


async def write_as_before(settings: Settings, need_id: str, event_id: str) -> None:
    """Store what versions before took, in the way in which they did."""
    need, event = ({"id": UUID(id)} for id in (need_id, event_id))
    statements: list[tuple[str, dict[str, Any]]] = [
        (
            "UPDATE need SET title = :title, description = :description, search_text = 'x', sort_name = 'x' WHERE id = :id",
            need | {"title": OLD_TITLE, "description": "Gro\u0308ße"},
        ),
        (
            "UPDATE need_district SET district = :district WHERE need_id = :id AND position = 0",
            need | {"district": "Löbtau"},
        ),
        (
            "UPDATE need_district SET district = :district WHERE need_id = :id AND position = 1",
            need | {"district": OLD_DISTRICT},
        ),
        (
            "UPDATE consultation_event SET title = :title, location = :location, timezone = 'EST5EDT' WHERE id = :id",
            event | {"title": "\u200b\u00ad", "location": "Haus\u2028der\u0085Diakonie "},
        ),
    ]
    async with migrating.connected(settings) as connection:
        for statement, values in statements:
            await connection.execute(sa.text(statement).bindparams(sa.bindparam("id", type_=sa.Uuid())), values)


def names_of(event: dict[str, Any], need: dict[str, Any]) -> list[str]:
    """What the two are, in the order in which they were made."""
    return [f"need {need['id']}", f"consultation_event {event['id']}"]
