"""What commands say of a database that does not do what it was asked."""

import asyncio
import errno
import sqlite3
import ssl
import sys
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from app import migrating
from app.cli import main
from app.database.errors import described
from app.settings import Settings
from tests.databases import only_postgresql
from tests.processes import free_port


class Command:
    """The `register` command, in this process and in a folder of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    async def refused(self, url: str, *arguments: str) -> str:
        """The line that a command ends with on this database."""
        self.monkeypatch.setenv("REGISTER_DATABASE_URL", url)
        self.monkeypatch.setattr(sys, "argv", ["register", *arguments])
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(main)
        line = str(ended.value.code)
        assert line.startswith("register: ")
        assert "\n" not in line
        return line.removeprefix("register: ")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """The command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch)


class TestCommands:
    @pytest.mark.parametrize("name", ["migrate", "seed", "verify"])
    async def test_say_that_a_file_cannot_be_opened(self, command: Command, name: str) -> None:
        assert await command.refused("sqlite:///none/register.db", name) == (
            "the file of the database cannot be opened: unable to open database file"
        )

    async def test_say_that_a_file_is_no_database(self, command: Command, tmp_path: Path) -> None:
        (tmp_path / "notes.db").write_text("These are notes. " * 100, "utf-8")
        assert (await command.refused("sqlite:///notes.db", "migrate")).startswith("the file is no SQLite database: ")

    async def test_say_that_there_is_nothing_to_verify_a_certificate_by(
        self, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        line = await command.refused("postgresql://127.0.0.1/register?sslmode=verify-full", "verify")
        assert line.startswith("the database does not answer: root certificate file ")

    async def test_leave_a_file_of_another_program_as_it_is(self, command: Command, tmp_path: Path) -> None:
        file = tmp_path / "places.db"
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE places (id INTEGER)")
        before = file.read_bytes()
        line = await command.refused("sqlite:///places.db", "migrate")
        assert line == "the file is another program's, with tables such as places: name one of its own"
        assert file.read_bytes() == before

    @pytest.mark.parametrize("name", ["migrate", "seed", "verify"])
    async def test_say_that_a_database_does_not_answer(self, command: Command, name: str) -> None:
        line = await command.refused(f"postgresql://user:secret@127.0.0.1:{free_port()}/register", name)
        assert line.startswith("the database does not answer: ")
        assert "secret" not in line

    @only_postgresql
    async def test_say_that_there_is_no_such_database(self, command: Command, settings: Settings) -> None:
        url = settings.database.set(database="nowhere", drivername="postgresql").render_as_string(hide_password=False)
        assert (await command.refused(url, "verify")).startswith("there is no such database: ")


@pytest.fixture
async def damaged(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Settings for a database in which a statement did something that no migration does."""
    async with migrating.connected(settings) as connection:
        await connection.execute(sa.text(request.param))
    return settings


class TestSchemas:
    @pytest.mark.parametrize("damaged", ["ALTER TABLE api_key RENAME COLUMN description TO remark"], indirect=True)
    async def test_that_lack_a_column_are_named(self, command: Command, damaged: Settings) -> None:
        line = await command.refused(damaged.database_url, "keys", "list")
        assert line.startswith("a table or a column is missing: run `register migrate`: ")
        assert "api_key.description" in line

    @pytest.mark.parametrize("damaged", ["UPDATE alembic_version SET version_num = '9999'"], indirect=True)
    async def test_of_another_version_are_named(self, command: Command, damaged: Settings) -> None:
        line = await command.refused(damaged.database_url, "migrate")
        assert line.startswith("the schema of the database is none that this version knows: ")
        assert "9999" in line


class TestWords:
    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (asyncpg.InvalidPasswordError("no"), "the database does not let this user in: no"),
            (asyncpg.TooManyConnectionsError("no"), "the database has no free connection or no memory: no"),
            (asyncpg.DiskFullError("no"), "the disk of the database is full: no"),
            (asyncpg.CannotConnectNowError("no"), "the database does not answer: no"),
            (asyncpg.InsufficientPrivilegeError("no"), "the database does not let this user write: no"),
            (asyncpg.UndefinedColumnError("no"), "a table or a column is missing: run `register migrate`: no"),
            (asyncpg.CheckViolationError("no"), "a constraint of the database forbids it: no"),
            (asyncpg.LockNotAvailableError("no"), "the database is busy with somebody else: no"),
            (asyncpg.PostgresSyntaxError("no"), "the database refuses it: no"),
            (
                asyncpg.InvalidSQLStatementNameError("no"),
                "a pooler lends connections for one transaction: set REGISTER_DATABASE_POOLING=transaction: no",
            ),
            (ssl.SSLCertVerificationError("no"), "there is no safe connection to the database: ('no',)"),
            (TimeoutError(), "the database does not answer: TimeoutError"),
            (OSError(errno.ENOSPC, "no"), "the disk of the database is full: [Errno 28] no"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_say_what_it_is(self, error: Exception, words: str) -> None:
        assert described(error) == words

    @pytest.mark.parametrize(
        ("statements", "words"),
        [
            (["INSERT INTO some VALUES (1)"] * 2, "a constraint of the database forbids it: "),
            (
                ["PRAGMA max_page_count = 1", "INSERT INTO some VALUES (zeroblob(9000))"],
                "the disk of the database is full",
            ),
            (["PRAGMA query_only = 1", "INSERT INTO some VALUES (1)"], "the database does not let this user write: "),
            (["INSERT INTO some (other) VALUES (1)"], "a table or a column is missing: run `register migrate`: "),
            (["nonsense"], "the database refuses it: "),
        ],
    )
    def test_are_those_of_sqlite_too(self, statements: list[str], words: str) -> None:
        engine = sa.create_engine("sqlite://")
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as refused:  # noqa: PT012
            connection.exec_driver_sql("CREATE TABLE some (id PRIMARY KEY)")
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()
        assert described(refused.value).startswith(words)
