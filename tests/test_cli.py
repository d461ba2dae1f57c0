"""The `register` command: as a process where it is about one, in the process of the tests where it is about words."""

import asyncio
import errno
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app import cli as commands
from app import migrating
from app.cli import cli
from app.database.revisions import newest_revision
from app.settings import Settings
from tests.commands import Command
from tests.conftest import Templates
from tests.databases import any_database, only_postgresql
from tests.factories import goal_id, measure_id
from tests.processes import REGISTER, SECONDS_BETWEEN_LOOKS, Process, begun, environment, free_port, run, succeed
from tests.rewording import reword
from tests.schemas import COMMITTED

COMMANDS = {
    "serve": ("Serve the API until stopped", "--host", "--port", "register migrate"),
    "deliver": ("Deliver changes to webhook endpoints until stopped", "as many of them as you like"),
    "migrate": ("Bring the database to the newest schema",),
    "seed": ("Load an agreement", "It can be repeated", "[file]"),
    "demo": ("Load an invented year of cooperation", "nothing of it happened", "needs the agreement"),
    "verify": ("Check the record; exit with 1", "change log must be complete", "in one state"),
    "doctor": ("Say what an operator should mend", "Nothing is changed"),
    "backup": ("Write the whole register into one file", "REGISTER_WEBHOOK_KEY", "{target}"),
    "restore": ("Make the register that", "Keys work as they did", "{file}"),
    "export": ("Write the whole register into a folder", "so do the hashes of keys", "{folder}"),
    "import": ("Make an empty database the register", "No key works any more", "{source}", "--resource", "--dry-run"),
    "openapi": ("Write the OpenAPI contract", "[file]"),
    "redact": ("Erase fields of a resource", "--legal-basis", "--position", "no words about a person"),
    "audit": ("Check a register from outside", "--state", "--key-file", "--cosign"),
}
FOLDER = {
    "export": ("folder",),
    "import": ("folder",),
    "backup": ("file",),
    "restore": ("file",),
    "redact": ("--legal-basis", "Art. 17", "--field", "title", "--position", "1"),
    "redactions": ("export", "file"),
}
"""What the commands need that cannot do without."""
WIDE = {"COLUMNS": "200", "NO_COLOR": "1"}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command on what it takes without settings, an SQLite file in its folder."""
    return Command(monkeypatch, capsys, tmp_path)


@pytest.fixture
def seeded(command: Command, settings: Settings) -> Command:
    """The command on a register with Dresden's agreement."""
    command.configure("DATABASE_URL", settings.database_url)
    return command


@pytest.fixture
def empty(command: Command, empty_settings: Settings) -> Command:
    """The command on a migrated database without content."""
    command.configure("DATABASE_URL", empty_settings.database_url)
    return command


class Running:
    """A register that serves, and what it writes."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.address = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []

    async def read_until(self, message: str) -> None:
        """Read the log until a line has this in it."""
        assert self.process.stdout
        async with asyncio.timeout(60):
            while not self.lines or message not in self.lines[-1]:
                line = await self.process.stdout.readline()
                assert line, "the register ended"
                self.lines.append(line.decode())

    async def end(self, sign: signal.Signals) -> tuple[int, str]:
        """Ask it to stop; return its exit code and the rest of what it wrote."""
        self.process.send_signal(sign)
        async with asyncio.timeout(60):
            out, err = await self.process.communicate()
        self.lines += out.decode().splitlines()
        return self.process.returncode or 0, err.decode()


@asynccontextmanager
async def serving(folder: Path, *arguments: str, **variables: str) -> AsyncIterator[Running]:
    """A register that has begun to listen."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *REGISTER,
        "serve",
        *(arguments or ("--port", str(port))),
        cwd=folder,
        env=environment(**{"REGISTER_PORT": str(port), **variables}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    running = Running(process, port)
    try:
        await running.read_until("Application startup complete")
        yield running
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@asynccontextmanager
async def forked(folder: Path, *arguments: str, **variables: str) -> AsyncIterator[tuple[Process, str]]:
    """The same, forked from a process that has loaded it, for what is not about the start; and its address."""
    port = free_port()
    env = environment(REGISTER_PORT=str(port), **variables)
    process = await begun((), "serve", *arguments, folder=folder, env=env)
    try:
        await until_logged(folder, "Application startup complete")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_logged(folder: Path, message: str) -> None:
    """Wait until a register in a folder has written this."""
    async with asyncio.timeout(60):
        while not (folder / "log").exists() or message not in (folder / "log").read_text("utf-8"):  # noqa: ASYNC110 (a file tells nobody that it grew)
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


class TestHelp:
    async def test_teaches_a_first_start(self, command: Command) -> None:
        out = await succeed(*REGISTER, "--help", cwd=command.folder, env=environment(**WIDE))
        assert "A first start is register migrate, register seed, register serve" in out.replace("`", "")
        assert "REGISTER_DATABASE_URL" in out
        for name in COMMANDS:
            assert re.search(rf"^\W*{name} ", out, re.MULTILINE)
        assert command.left == [], "asking for help leaves nothing"

    @pytest.mark.parametrize("command", COMMANDS)
    def test_of_each_command_says_what_it_does(self, command: str) -> None:
        out = CliRunner().invoke(cli, [command, "--help"], env=WIDE).output
        for phrase in COMMANDS[command]:
            assert phrase in out.replace("`", "")

    def test_comes_up_where_no_command_was_given(self) -> None:
        outcome = CliRunner().invoke(cli, env=WIDE)
        assert outcome.exit_code == 2
        assert "A first start is" in outcome.output

    async def test_is_pointed_to_by_a_wrong_command(self, tmp_path: Path) -> None:
        code, out, err = await run(*REGISTER, "sevre", cwd=tmp_path)
        assert (code, out) == (2, "")
        assert "register --help" in err
        assert "Traceback" not in err

    def test_is_checked_for_every_command(self) -> None:
        assert {*COMMANDS, "keys", "log", "redactions"} == set(commands.COMMANDS)


WEB = ("fastapi", "app.main", "app.http.runtime", "uvicorn")
NEEDLESS: dict[tuple[str, ...], tuple[str, ...]] = {
    (): ("asyncio", "pydantic", "sqlalchemy", "app.settings", "app.database.engines"),
    ("serve",): (*WEB, "alembic", "yaml", "sqlmodel", "app.database.engines"),
    ("migrate",): (*WEB, "yaml"),
    ("seed", "demo"): (*WEB, "alembic"),
    ("verify", "deliver"): (*WEB, "alembic", "yaml"),
    ("keys", "log"): (*WEB, "alembic", "yaml", "app.catalogue"),
    ("openapi", "export", "import", "redact", "redactions"): ("uvicorn", "alembic", "yaml"),
}
"""What commands do without, and so must not load: half of the time that a command takes is that of loading."""


LOADING = """
import contextlib, sys
import app.cli
for command in sys.argv[1:] or [""]:
    sys.argv = ["register", *filter(None, [command]), "--help"]
    with contextlib.suppress(SystemExit):
        app.cli.main()
    if "sqlmodel" in sys.modules:
        tables = sys.modules["sqlmodel"].SQLModel.metadata.tables.values()
        assert all([key.column.table in tables for table in tables for key in table.foreign_keys]), command
print(*sys.modules, sep="\\n")
"""
"""Says what commands have loaded, one after another; fails where a table refers to one that is not loaded."""


class TestStart:
    @pytest.mark.thorough
    @pytest.mark.parametrize("commands", NEEDLESS, ids=" ".join)
    async def test_loads_only_what_the_command_needs(self, tmp_path: Path, commands: tuple[str, ...]) -> None:
        out = await succeed(sys.executable, "-c", LOADING, *commands, cwd=tmp_path)
        loaded = set(out.splitlines())
        assert {"app.cli", *(f"app.cli.{command}" for command in commands)} <= loaded
        assert loaded.isdisjoint(NEEDLESS[commands])
        assert {"openapi", *FOLDER} >= {*commands} or not any(name.endswith(".routes") for name in loaded)


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("PORT", "0", "greater than or equal to 1"),
            ("PORT", "http", "valid integer"),
            ("DATABASE_URL", "mysql://x", "must begin with sqlite:// or postgresql://, not mysql://"),
            ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
            ("RATE_LIMIT", "-1", "greater than or equal to 1"),
        ],
    )
    async def test_that_are_wrong_are_named(self, command: Command, name: str, value: str, reason: str) -> None:
        command.configure(name, value)
        line = await command.refused("migrate")
        assert line.startswith(f"REGISTER_{name}: ")
        assert reason in line

    async def test_that_there_are_none_of_are_named(self, command: Command) -> None:
        """A misspelt variable would leave its default in force: here, an empty register beside the real one."""
        command.configure("DATABSE_URL", "postgresql://db/register")
        line = await command.refused("serve")
        assert line == "REGISTER_DATABSE_URL: there is no such setting; is REGISTER_DATABASE_URL meant?"
        command.configure("DATABSE_URL", "")
        (command.folder / ".env").write_text("OTHER=1\nREGISTER_ZZZ=1\n", "utf-8")
        assert (await command.refused("migrate")).startswith("REGISTER_DATABSE_URL: ")
        assert command.left == [".env"]

    async def test_are_read_from_files_of_their_names(
        self, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """As containers and systemd have secrets; what the environment says goes before."""
        secrets = tmp_path_factory.mktemp("secrets")
        (secrets / "REGISTER_DATABASE_URL").write_text("sqlite:///kept.db\n", "utf-8")
        (secrets / "postgres_password").write_text("secret", "utf-8")
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secrets))
        assert "sqlite:///kept.db" in await command.run("migrate")
        command.configure("DATABASE_URL", "sqlite:///other.db")
        assert "sqlite:///other.db" in await command.run("migrate")
        (secrets / "register_log_kee").touch()
        assert "REGISTER_LOG_KEY" in await command.refused("migrate")

    async def test_that_are_wrong_stop_every_command(self, command: Command) -> None:
        command.configure("PORT", "0")
        # What audits a register from outside takes none.
        for name in COMMANDS.keys() - {"audit"}:
            assert await command.refused(name, *FOLDER.get(name, ()))
        assert command.left == []

    async def test_are_read_from_a_file_beside(self, command: Command) -> None:
        (command.folder / ".env").write_text("REGISTER_DATABASE_URL=sqlite:///other.db\n", "utf-8")
        await command.run("migrate")
        assert "other.db" in command.left
        assert "register.db" not in command.left


class TestMigrateSeedVerify:
    async def test_make_a_register_that_can_be_made_again(self, empty: Command, empty_settings: Settings) -> None:
        await migrating.downgrade(empty_settings, "base")
        newest = (
            f"The database is at revision {newest_revision()}; 0 representations were renewed. "
            f"It is {empty_settings.shown_database}.\n"
        )
        for _ in range(2):
            assert await empty.run("migrate") == newest
        added = "0 unchanged, 0 kept as partners changed them, 0 deleted by partners and not added again."
        assert await empty.run("seed") == f"36 added, {added}\n"
        assert await empty.run("seed") == f"0 added, 36 {added.removeprefix('0 ')}\n"
        assert await empty.run("verify") == "36 representations and the change log checked, 0 faults.\n"

    async def test_say_what_was_not_loaded(self, seeded: Command, settings: Settings) -> None:
        async with migrating.connected(settings) as connection:
            await connection.execute(text("UPDATE goal SET title = 'neu' WHERE number = 3"))
        await seeded.run("migrate")
        assert (await seeded.run("seed")).splitlines()[1:] == ["kept: goals/dresden-liga-2024/3"]

    async def test_load_an_invented_year_once(self, seeded: Command) -> None:
        loaded, invented = (await seeded.run("demo")).splitlines()
        assert loaded == (
            "Loaded: 2 partners, 11 sub-measures, 28 consultation events, 14 decisions, 17 statements, 9 needs, "
            "7 indicators, 11 observations, 14 progress reports, 3 objections, 3 proposals."
        )
        assert invented.startswith("All of it is invented and marked [Demo]")
        assert await seeded.run("demo") == "The demo year is in this register already; nothing was changed.\n"
        assert await seeded.run("verify") == "144 representations and the change log checked, 0 faults.\n"

    async def test_load_no_invented_year_without_the_agreement(self, empty: Command) -> None:
        assert (await empty.refused("demo")).endswith("which is not loaded: run `register seed` first")
        assert await empty.run("verify") == "0 representations and the change log checked, 0 faults.\n"

    async def test_load_a_file_of_another_city(self, seeded: Command) -> None:
        (seeded.folder / "b.yaml").write_text(
            "agreement: {slug: b, title: B}\npartners: []\ntopics: []\ngoals: []\n", "utf-8"
        )
        assert (await seeded.run("seed", "b.yaml")).startswith("1 added, 0 unchanged")

    async def test_refuse_a_bad_file_with_its_line(self, command: Command) -> None:
        (command.folder / "bad.yaml").write_text("agreement:\n  slug: B C\n", "utf-8")
        assert (await command.refused("seed", "bad.yaml")).startswith("bad.yaml, line 2, agreement.slug: ")
        assert await command.refused("seed", "none.yaml") == "none.yaml: No such file or directory"

    async def test_name_what_was_tampered_with(self, seeded: Command, settings: Settings) -> None:
        await reword(settings, "goal", "Lokale freiheitliche", "Freiheitliche")
        async with migrating.connected(settings) as connection:
            wrong = "UPDATE sub_measure SET progress_percent = 99 WHERE goal_number = 3 AND number = 4"
            await connection.execute(text(wrong))
        code, out, err = await seeded.attempt("verify")
        assert (code, err) == (1, "")
        assert out.splitlines() == [
            f"not as in the log: sub_measure {measure_id(3, 4)} (progress_percent)",
            f"not as in the log: goal {goal_id(1)} (representation)",
            "36 representations and the change log checked, 2 faults.",
        ]

    async def test_ask_for_migrate_where_there_are_no_tables(self, command: Command) -> None:
        for name in ("seed", "demo", "verify", "export", "import"):
            assert (await command.refused(name, *FOLDER.get(name, ()))).endswith("run `register migrate`")
            assert not (command.folder / "folder").exists()


class TestOpenapi:
    async def test_writes_the_contract_without_a_database(self, command: Command) -> None:
        assert await command.run("openapi", "contract.json") == ""
        assert command.left == ["contract.json"]
        assert (command.folder / "contract.json").read_text("utf-8") == COMMITTED.read_text("utf-8")

    async def test_writes_it_where_it_is_asked_to(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        made = SimpleNamespace(openapi=lambda: {"title": "für alle"})
        monkeypatch.setattr("app.cli.openapi.create_app", lambda _settings: made)
        assert await command.run("openapi") == '{\n  "title": "für alle"\n}\n'
        assert await command.refused("openapi", "none/x.json") == "none/x.json: No such file or directory"
        assert command.left == []


class TestServe:
    @pytest.mark.parametrize(
        ("sign", "arguments"),
        [
            pytest.param(signal.SIGTERM, (), id="terminated"),
            pytest.param(signal.SIGINT, ("--host", "localhost"), id="interrupted", marks=pytest.mark.thorough),
        ],
    )
    async def test_makes_and_serves_an_sqlite_file_until_stopped(
        self, tmp_path: Path, sign: signal.Signals, arguments: tuple[str, ...]
    ) -> None:
        """The port is taken from the arguments or from the settings."""
        async with serving(tmp_path, *arguments) as running, httpx.AsyncClient(base_url=running.address) as client:
            assert (await client.get("/readyz")).json() == {"status": "ready"}
            answer = await client.get("/v1/agreements", headers={"X-Request-ID": "find-me"})
            assert answer.json() == {"items": [], "next_cursor": None}
            assert "server" not in answer.headers
            code, err = await running.end(sign)
        served = running.address.replace("127.0.0.1", "localhost") if arguments else running.address
        assert (code, err.splitlines()) == (
            0,
            [
                (
                    f"The register is served on {served}/ from sqlite:///register.db. "
                    "Its API docs are at /docs. Stop it with Ctrl-C."
                )
            ],
        )
        lines = [json.loads(line) for line in running.lines]
        (request,) = [line for line in lines if line.get("request_id") == "find-me"]
        assert (request["path"], request["status"]) == ("/v1/agreements", 200)
        with sqlite3.connect(tmp_path / "register.db") as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (newest_revision(),)
        connection.close()

    async def test_listens_at_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "socket"
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(file))
        async with forked(tmp_path, "--uds", str(file)) as (process, _):
            assert stat.S_IMODE(file.stat().st_mode) == 0o660
            headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/below", "Host": "register.test"}
            transport = httpx.AsyncHTTPTransport(uds=str(file))
            async with httpx.AsyncClient(transport=transport, base_url="http://register.test") as client:
                catalogue = await client.get("/.well-known/api-catalog", headers=headers)
            assert catalogue.json()["linkset"][0]["anchor"] == "https://register.test/below/v1"
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 60) == 0
        assert not file.exists()

    @any_database
    async def test_finishes_what_it_has_begun_to_answer(
        self, settings: Settings, templates: Templates, tmp_path: Path
    ) -> None:
        """A request whose body is still on its way when the register is stopped gets its answer."""
        async with forked(tmp_path, REGISTER_DATABASE_URL=settings.database_url) as (process, address):
            body = b'{"slug": "a", "name": "A", "kind": "other"}'
            head = (
                "POST /v1/partners HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {templates.keys['keeper']}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
            try:
                writer.write(head.encode() + body[:5])
                await writer.drain()
                # Whoever is answered after it has been heard after it.
                async with httpx.AsyncClient(base_url=address) as client:
                    assert (await client.get("/healthz")).status_code == 200
                process.terminate()
                await until_logged(tmp_path, "Shutting down")
                writer.write(body[5:])
                assert (await asyncio.wait_for(reader.readline(), 30)).startswith(b"HTTP/1.1 201")
            finally:
                writer.close()
                await writer.wait_closed()
            assert await asyncio.wait_for(process.wait(), 60) == 0

    @only_postgresql
    async def test_never_migrates_a_postgresql(self, empty: Command, empty_settings: Settings, tmp_path: Path) -> None:
        await migrating.downgrade(empty_settings, "base")
        url = empty_settings.database_url
        async with (
            forked(tmp_path, REGISTER_DATABASE_URL=url) as (_, address),
            httpx.AsyncClient(base_url=address) as client,
        ):
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert "register migrate" in answer.json()["detail"]
            await empty.run("migrate")
            assert (await client.get("/readyz")).status_code == 200

    async def test_says_that_its_port_is_taken(self, command: Command) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            line = await command.refused("serve", "--port", str(port))
        assert line == f"cannot listen on 127.0.0.1:{port}: {os.strerror(errno.EADDRINUSE)}"
        assert command.left == [], "a file that another one may be serving is not touched"

    async def test_says_that_its_address_is_not_here(self, command: Command) -> None:
        line = await command.refused("serve", "--host", "192.0.2.1", "--port", "18000")
        assert line.startswith("cannot listen on 192.0.2.1:18000: ")

    @pytest.mark.parametrize("port", ["0", "65536", "http"])
    async def test_refuses_what_is_no_port(self, command: Command, port: str) -> None:
        code, _, err = await command.attempt("serve", "--port", port)
        assert code == 2
        assert "--port" in err
        assert command.left == []


class TestDeliver:
    async def test_says_what_is_missing_and_who_delivers_on_sqlite(self, command: Command) -> None:
        assert await command.refused("deliver") == "REGISTER_WEBHOOK_KEY is not set: nothing can be signed"
        command.configure("WEBHOOK_KEY", "too short")
        assert (await command.refused("deliver")).startswith("REGISTER_WEBHOOK_KEY: ")
        command.configure("WEBHOOK_KEY", "long enough to sign with, for a test")
        command.configure("WEBHOOK_ALLOW", "10.20.0.1/16")
        assert (await command.refused("deliver")).startswith("REGISTER_WEBHOOK_ALLOW: must be networks")
        command.configure("WEBHOOK_ALLOW", "")
        assert await command.refused("deliver") == "on SQLite `register serve` delivers by itself"
        assert command.left == []
