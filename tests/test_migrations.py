"""The migrations: they give exactly the tables of the code, and lose nothing on the way."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from app import migrating
from app.catalogue import FEATURES
from app.cli.migrate import migrate_and_render
from app.cli.verify import verify_all
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.factories import AGREEMENT, PATHS, goal_id, items_of, make

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
            "indices": {each["name"]: each["column_names"] for each in inspector.get_indexes(name)},
        }
        for name in inspector.get_table_names()
        if name != "alembic_version"
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


class TestDowngrade:
    async def test_leaves_nothing_and_can_be_undone(self, settings: Settings) -> None:
        before = await described_at(settings.database)
        await migrating.downgrade(settings, "base")
        assert await described_at(settings.database) == {}
        await migrating.upgrade(settings)
        assert await described_at(settings.database) == before


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


class TestEarlierDatabase:
    async def test_is_brought_to_the_newest_with_all_that_it_holds(
        self, settings: Settings, templates: Templates
    ) -> None:
        async with running(settings) as app, client_of(app, templates.keys["admin"]) as client:
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
        assert await migrate_and_render(settings) == 0
        days = await rows_of(settings, "SELECT starts_on FROM consultation_event ORDER BY created_at")
        assert [str(row.starts_on) for row in days] == [day for _, day in EVENTS.values()]
        titles = await rows_of(settings, "SELECT title, due_on FROM sub_measure_milestone ORDER BY position")
        assert [(row.title, row.due_on and str(row.due_on)) for row in titles] == [
            (milestone["title"], milestone["due_on"]) for milestone in MILESTONES
        ]
        assert (await verify_all(settings))[1] == []
        async with running(settings) as app, client_of(app, templates.keys["admin"]) as client:
            assert {path: await items_of(client, path) for path in PATHS} == before
            assert (await make(client, "decisions"))["version"] == 1


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


async def delete_what_others_refer_to(settings: Settings) -> None:
    """A migration that leaves references to nothing."""
    async with migrating.connected(settings) as connection:
        await connection.execute(sa.text("DELETE FROM goal WHERE number = 1"))


class TestConnected:
    async def test_loses_nothing_when_a_table_is_recreated(self, settings: Settings, templates: Templates) -> None:
        async with migrating.connected(settings) as connection:
            await connection.run_sync(recreate_goals)
        async with running(settings) as app, client_of(app, templates.keys["admin"]) as client:
            assert len(await items_of(client, "goals")) == 5
            assert len(await items_of(client, "sub-measures", agreement_id=AGREEMENT)) == 17
        assert await verify_all(settings) == (36, [])

    async def test_leaves_nothing_of_a_migration_that_fails(self, settings: Settings) -> None:
        before = await described_at(settings.database)
        with pytest.raises(sa.exc.DBAPIError):
            await fail_halfway(settings)
        assert await described_at(settings.database) == before

    async def test_refuses_a_migration_that_leaves_dangling_references(self, settings: Settings) -> None:
        with pytest.raises((migrating.BrokenReferences, sa.exc.IntegrityError)):
            await delete_what_others_refer_to(settings)
        assert await verify_all(settings) == (36, [])


class TestRenderAnew:
    async def test_renews_what_the_schema_renders_otherwise(self, settings: Settings, templates: Templates) -> None:
        stale = sa.text("UPDATE goal SET representation = replace(representation, :current, :old)")
        texts = {"current": '"description":null', "old": '"old":1'}
        async with migrating.connected(settings) as connection:
            await connection.execute(stale, texts)
        assert len((await verify_all(settings))[1]) == 5
        assert await migrate_and_render(settings) == 5
        assert await verify_all(settings) == (36, [])
        async with running(settings) as app, client_of(app, templates.keys["admin"]) as client:
            goal = (await client.get(f"/v1/goals/{goal_id(1)}")).json()
            assert (goal["version"], goal["description"]) == (2, None)
            history = (await client.get(f"/v1/goals/{goal_id(1)}/history")).json()["items"]
            assert [(each["action"], each["changed_fields"]) for each in history] == [
                ("created", history[0]["changed_fields"]),
                ("updated", ["description"]),
            ]

    async def test_brings_texts_and_zones_to_what_is_taken_now(self, settings: Settings, templates: Templates) -> None:
        async with running(settings) as app, client_of(app, templates.keys["admin"]) as client:
            need = await make(client, "needs", title="Uebergang", districts=["Loebtau", "Gorbitz"])
            event = await make(
                client, "consultation-events", starts_at="2025-03-12T23:30:00Z", timezone="Europe/Berlin"
            )
        await write_as_before(settings, need["id"], event["id"])
        faults = (await verify_all(settings))[1]
        assert faults == [f"not as in the tables: /v1/{name}" for name in names_of(event, need)]
        assert await migrate_and_render(settings) == 2
        assert (await verify_all(settings))[1] == []
        assert await migrate_and_render(settings) == 0
        async with running(settings) as app, client_of(app, templates.keys["admin"]) as client:
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
    """Where the two are, in the order in which they are verified."""
    return [f"consultation-events/{event['id']}", f"needs/{need['id']}"]
