"""The schema as migrations make it, and what happens to a record while it is migrated."""

import re
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app import migrating
from app.catalogue import RESOURCES
from app.cli import load_content, migrate_and_render, read_agreement, verify_all
from app.database import Database, table_of
from app.goals.models import Goal
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.factories import LIGA, goal_id, items_of, make

NAMES = re.compile(r"(pk|fk|uq|ix|ck)_[a-z_]+")
LONGEST_NAME = 63

Schema = dict[str, dict[str, Any]]


def schema_of(connection: Connection) -> Schema:
    """Whatever the database itself says about its tables."""
    inspector = inspect(connection)
    return {
        name: {
            "columns": {
                each["name"]: (repr(each["type"]), each["nullable"], each["default"])
                for each in inspector.get_columns(name)
            },
            "primary key": inspector.get_pk_constraint(name),
            "foreign keys": sorted(map(repr, inspector.get_foreign_keys(name))),
            "unique": sorted(map(repr, inspector.get_unique_constraints(name))),
            "indices": sorted(map(repr, inspector.get_indexes(name))),
            "checks": sorted(map(repr, inspector.get_check_constraints(name))),
        }
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }


def rows_of(connection: Connection) -> dict[str, list[Any]]:
    """Every row of every table."""
    metadata = MetaData()
    metadata.reflect(connection)
    return {
        name: sorted(map(repr, connection.execute(table.select())))
        for name, table in metadata.tables.items()
        if name != "alembic_version"
    }


def names_of(schema: Schema) -> list[tuple[str, str]]:
    """The names of all constraints and indices, each with its table."""
    return [
        (table, name)
        for table, parts in schema.items()
        for name in re.findall(r"'name': '?(\w+)", repr([part for key, part in parts.items() if key != "columns"]))
    ]


async def seen(settings: Settings, look: Callable[[Connection], Any]) -> Any:
    """What a look at the database gives."""
    database = Database(settings.database, pool_size=1, pool_timeout=1)
    try:
        return await database.read(look)
    finally:
        await database.close()


async def execute(settings: Settings, statement: str) -> None:
    """Change something behind the register's back."""
    async with migrating.connected(settings) as connection:
        await connection.execute(text(statement))


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Adds a migration to a copy of ours, which `app.migrating` then runs."""
    folder = tmp_path / "migrations"
    shutil.copytree(str(files("migrations")), folder, ignore=shutil.ignore_patterns("__pycache__"))

    def scratch_config() -> Config:
        config = Config()
        config.set_main_option("script_location", str(folder))
        return config

    newest = migrating.newest_revision()
    monkeypatch.setattr(migrating, "alembic_config", scratch_config)

    def add(upgrade: str, downgrade: str = "pass") -> None:
        lines = (
            "import sqlalchemy as sa",
            "from alembic import op",
            f"revision, down_revision, branch_labels, depends_on = 'scratch', {newest!r}, None, None",
            f"def upgrade():\n    {upgrade}",
            f"def downgrade():\n    {downgrade}",
        )
        (folder / "versions" / "scratch.py").write_text("\n".join(lines), "utf-8")

    return add


class TestSchema:
    async def test_is_what_the_tables_say(self, templates: Templates, empty_settings: Settings) -> None:
        """Alembic's own comparison sees no CHECK constraints; this one compares what the database itself says."""
        async with templates.fresh("empty") as other:
            await migrating.downgrade(other, "base")
            async with migrating.connected(other) as connection:
                await connection.run_sync(SQLModel.metadata.create_all)
            created = await seen(other, schema_of)
        migrated = await seen(empty_settings, schema_of)
        assert migrated.keys() == created.keys() == SQLModel.metadata.tables.keys()
        for name, parts in created.items():
            assert migrated[name] == parts, name

    async def test_would_differ_by_a_single_check(self, templates: Templates, empty_settings: Settings) -> None:
        """The guard of the comparison above: each kind of thing that could differ is seen."""
        schema = await seen(empty_settings, schema_of)
        found = {part: sum(len(parts[part]) for parts in schema.values()) for part in schema["goal"]}
        tables: list[Table] = list(SQLModel.metadata.tables.values())
        assert found["columns"] == sum(len(table.columns) for table in tables)
        assert found["foreign keys"] == sum(len(table.foreign_key_constraints) for table in tables)
        assert found["indices"] >= sum(len(table.indexes) for table in tables)
        assert found["unique"] == len(re.findall("UniqueConstraint", repr([table.constraints for table in tables])))
        vocabularies = [column for table in tables for column in table.columns if hasattr(column.type, "enums")]
        assert found["checks"] == len(vocabularies)
        assert all(schema[column.table.name]["columns"][column.name] for column in vocabularies)
        assert templates.engine in ("sqlite", "postgresql")

    async def test_names_everything_by_the_convention(self, empty_settings: Settings) -> None:
        schema = await seen(empty_settings, schema_of)
        assert "'name': None" not in repr(schema)
        names = names_of(schema)
        assert {table for table, _ in names} == schema.keys()
        for table, name in names:
            assert NAMES.fullmatch(name), f"{table}: {name}"
            assert name.partition("_")[2].startswith(table), f"{table}: {name}"
            assert len(name) <= LONGEST_NAME, f"PostgreSQL would cut {name}"

    async def test_has_an_index_for_every_reference(self, empty_settings: Settings) -> None:
        """Without one, deleting what is referred to reads the whole referring table under a lock."""
        schema = await seen(empty_settings, schema_of)
        for name, table in SQLModel.metadata.tables.items():
            leading = {each.split("'")[0] for each in re.findall(r"'column_names': \['(.+?)\]", repr(schema[name]))}
            leading.add(schema[name]["primary key"]["constrained_columns"][0])
            assert {key.parent.name for key in table.foreign_keys} <= leading, name

    async def test_refuses_a_term_that_is_not_in_its_vocabulary(self, settings: Settings) -> None:
        with pytest.raises(IntegrityError, match="ck_goal_visibility"):
            await execute(settings, "UPDATE goal SET visibility = 'secret'")

    async def test_is_gone_after_a_downgrade_and_back_after_an_upgrade(self, settings: Settings) -> None:
        schema = await seen(settings, schema_of)
        before = await served(settings)
        await migrating.downgrade(settings, "base")
        assert await seen(settings, schema_of) == {}
        assert await seen(settings, migrating.current_revision) is None
        await migrating.upgrade(settings)
        assert await seen(settings, schema_of) == schema
        assert await seen(settings, migrating.current_revision) == migrating.newest_revision()
        await load_content(settings, read_agreement(None))
        assert [each["id"] for each in await served(settings)] == [each["id"] for each in before]

    async def test_is_not_touched_by_migrating_again(self, settings: Settings) -> None:
        rows = await seen(settings, rows_of)
        assert await migrate_and_render(settings) == 0
        assert await seen(settings, rows_of) == rows


async def served(settings: Settings) -> list[dict[str, Any]]:
    """Every resource, as it is served."""
    async with running(settings) as app, client_of(app) as client:
        return [each for resource in RESOURCES for each in await items_of(client, resource.path)]


class TestMigration:
    async def test_that_recreates_a_table_keeps_what_refers_to_it(
        self, settings: Settings, scratch: Callable[[str, str], None]
    ) -> None:
        """SQLite's batch mode drops the parent table: with foreign keys on, its children would go or stop it."""
        async with running(settings) as app, client_of(app) as client:
            await make(client, "sub-measures", supporting_partner_ids=[LIGA], lead_partner_id=LIGA)
            await make(client, "consultation-events", participants=[{"partner_id": LIGA}], goal_ids=[goal_id(1)])
        rows, schema = await seen(settings, rows_of), await seen(settings, schema_of)
        recreated = ("partner", "goal", "sub_measure", "consultation_event")
        change = "\n    ".join(
            f"with op.batch_alter_table({name!r}, recreate='auto') as batch:\n"
            f"        batch.add_column(sa.Column('scratch', sa.Integer(), nullable=False, server_default='7'))\n"
            f"        batch.alter_column('search_text', new_column_name='searched')"
            for name in recreated
        )
        back = "\n    ".join(
            f"with op.batch_alter_table({name!r}) as batch:\n"
            f"        batch.drop_column('scratch')\n"
            f"        batch.alter_column('searched', new_column_name='search_text')"
            for name in recreated
        )
        scratch(change, back)
        await migrating.upgrade(settings)
        after = await seen(settings, rows_of)
        assert {name: len(found) for name, found in after.items()} == {name: len(found) for name, found in rows.items()}
        assert {name: found for name, found in after.items() if name not in recreated} == {
            name: found for name, found in rows.items() if name not in recreated
        }
        assert after["partner"] != rows["partner"]
        await migrating.downgrade(settings, "-1")
        assert await seen(settings, rows_of) == rows
        assert await seen(settings, schema_of) == schema

    async def test_that_fails_leaves_nothing(self, settings: Settings, scratch: Callable[[str, str], None]) -> None:
        rows, schema = await seen(settings, rows_of), await seen(settings, schema_of)
        scratch(
            "op.create_table('half', sa.Column('id', sa.Integer(), primary_key=True))\n"
            "    op.execute(\"UPDATE goal SET title = 'half'\")\n"
            "    with op.batch_alter_table('goal') as batch:\n"
            "        batch.drop_column('description')\n"
            "    raise RuntimeError('half way')",
            "pass",
        )
        with pytest.raises(RuntimeError, match="half way"):
            await migrating.upgrade(settings)
        assert await seen(settings, rows_of) == rows
        assert await seen(settings, schema_of) == schema
        assert await seen(settings, migrating.current_revision) != "scratch"

    async def test_that_breaks_a_reference_is_undone(
        self, templates: Templates, settings: Settings, scratch: Callable[[str, str], None]
    ) -> None:
        rows = await seen(settings, rows_of)
        scratch("op.execute('DELETE FROM topic')", "pass")
        expected = (migrating.BrokenReferences, "5 rows refer to nothing, the first in table goal")
        if templates.engine == "postgresql":
            expected = (IntegrityError, "fk_goal_topic_id")  # type: ignore[assignment] # PostgreSQL stops it itself
        with pytest.raises(expected[0], match=expected[1]):
            await migrating.upgrade(settings)
        assert await seen(settings, rows_of) == rows

    async def test_of_content_is_served_as_a_new_version(
        self, settings: Settings, scratch: Callable[[str, str], None]
    ) -> None:
        before = await served(settings)
        scratch("op.execute(\"UPDATE goal SET title = title || '!' WHERE number > 3\")", "pass")
        assert await migrate_and_render(settings) == 2
        for old, new in zip(before, await served(settings), strict=True):
            if old.get("number", 0) > 3 and "topic_id" in old:
                assert new["title"] == old["title"] + "!"
                assert new["version"] == old["version"] + 1
                assert new["updated_at"] > old["updated_at"]
            else:
                assert new == old
        assert await migrate_and_render(settings) == 0

    async def test_renews_representations_of_an_earlier_schema(self, settings: Settings) -> None:
        """A version that answers one field more finds texts without it."""
        await execute(settings, "UPDATE goal SET representation = '{}' WHERE number = 1")
        checked, stale = await verify_all(settings)
        assert (checked, stale) == (36, [f"/v1/goals/{goal_id(1)}"])
        assert await migrate_and_render(settings) == 1
        assert await verify_all(settings) == (36, [])
        async with running(settings) as app, client_of(app) as client:
            answer = await client.get(f"/v1/goals/{goal_id(1)}")
        assert (answer.headers["etag"], answer.json()["version"]) == ('"2"', 2)
        version = await seen(
            settings,
            lambda connection: (
                connection.execute(table_of(Goal).select().where(table_of(Goal).c.number == 1)).one().version
            ),
        )
        assert version == 2
