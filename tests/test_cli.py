"""The `register` command, run as its users run it."""

import asyncio
import errno
import json
import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app import cli as commands
from app import migrating
from app.cli import cli
from app.main import create_app
from app.revisions import newest_revision
from app.settings import Settings
from tests.conftest import Templates, settings_for
from tests.databases import only_postgresql
from tests.factories import goal_id, measure_id
from tests.processes import REGISTER, environment, free_port, run, succeed

COMMANDS = {
    "serve": ("Serve the API until stopped", "--host", "--port", "register migrate"),
    "migrate": ("Bring the database to the newest schema",),
    "seed": ("Load an agreement", "It can be repeated", "[file]"),
    "demo": ("Load an invented year of cooperation", "nothing of it happened", "needs the agreement"),
    "verify": ("Check the record; exit with 1", "change log must be complete"),
    "openapi": ("Write the OpenAPI contract", "[file]"),
}
WIDE = {"COLUMNS": "200", "NO_COLOR": "1"}


def for_database(settings: Settings) -> dict[str, str]:
    """The environment of a process that uses the database of these settings."""
    return environment(REGISTER_DATABASE_URL=settings.database_url)


def names_in(folder: Path) -> list[str]:
    """What a command left in its folder."""
    return sorted(path.name for path in folder.iterdir())


async def refused(folder: Path, *arguments: str, **variables: str) -> str:
    """The one line that a command ends with when its user has something to mend."""
    code, out, err = await run(*REGISTER, *arguments, cwd=folder, env=environment(**variables))
    assert (code, out) == (1, ""), err
    assert err.startswith("register: ")
    assert err.count("\n") == 1, err
    return err.strip().removeprefix("register: ")


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


class TestHelp:
    async def test_teaches_a_first_start(self, tmp_path: Path) -> None:
        out = await succeed(*REGISTER, "--help", cwd=tmp_path, env=environment(**WIDE))
        assert "A first start is register migrate, register seed, register serve" in out.replace("`", "")
        assert "REGISTER_DATABASE_URL" in out
        for command in COMMANDS:
            assert re.search(rf"^\W*{command} ", out, re.MULTILINE)
        assert names_in(tmp_path) == [], "asking for help leaves nothing"

    @pytest.mark.parametrize("command", COMMANDS)
    def test_of_each_command_says_what_it_does(self, command: str) -> None:
        out = CliRunner().invoke(cli, [command, "--help"], env=WIDE).output
        for phrase in COMMANDS[command]:
            assert phrase in out.replace("`", "")

    async def test_comes_up_where_no_command_was_given(self, tmp_path: Path) -> None:
        code, out, err = await run(*REGISTER, cwd=tmp_path, env=environment(**WIDE))
        assert code == 2
        assert "A first start is" in out + err

    async def test_is_pointed_to_by_a_wrong_command(self, tmp_path: Path) -> None:
        code, out, err = await run(*REGISTER, "sevre", cwd=tmp_path)
        assert (code, out) == (2, "")
        assert "register --help" in err
        assert "Traceback" not in err

    def test_is_checked_for_every_command(self) -> None:
        assert {*COMMANDS, "keys"} == set(commands.COMMANDS)


WEB = ("fastapi", "app.main", "app.http.runtime", "uvicorn")
NEEDLESS = {
    "": ("asyncio", "pydantic", "sqlalchemy", "app.settings", "app.database"),
    "migrate": (*WEB, "yaml"),
    "seed": (*WEB, "alembic"),
    "demo": (*WEB, "alembic"),
    "verify": (*WEB, "alembic", "yaml"),
    "keys": (*WEB, "alembic", "yaml", "app.catalogue"),
    "openapi": ("uvicorn", "alembic", "yaml"),
}
"""What a command does without, and so must not load: half of the time that a command takes is that of loading."""


LOADING = """
import contextlib, sys
import app.cli
with contextlib.suppress(SystemExit):
    app.cli.main()
print(*sys.modules, sep="\\n")
if "sqlmodel" in sys.modules:
    tables = sys.modules["sqlmodel"].SQLModel.metadata.tables.values()
    assert all([key.column.table in tables for table in tables for key in table.foreign_keys])
"""
"""Says what a command has loaded; fails where a table refers to one that it has not."""


class TestStart:
    @pytest.mark.parametrize("command", NEEDLESS)
    async def test_loads_only_what_the_command_needs(self, tmp_path: Path, command: str) -> None:
        asked = (command, "--help") if command else ("--help",)
        out = await succeed(sys.executable, "-c", LOADING, *asked, cwd=tmp_path)
        loaded = set(out.splitlines())
        assert f"app.cli.{command}".rstrip(".") in loaded
        assert loaded.isdisjoint(NEEDLESS[command])
        assert command in {"", "openapi"} or not any(name.endswith(".routes") for name in loaded)


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
    async def test_that_are_wrong_are_named(self, tmp_path: Path, name: str, value: str, reason: str) -> None:
        line = await refused(tmp_path, "migrate", **{f"REGISTER_{name}": value})
        assert line.startswith(f"REGISTER_{name}: ")
        assert reason in line

    async def test_that_are_wrong_stop_every_command(self, tmp_path: Path) -> None:
        for command in COMMANDS:
            assert await refused(tmp_path, command, REGISTER_PORT="0")
        assert names_in(tmp_path) == []

    async def test_are_read_from_a_file_beside(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("REGISTER_DATABASE_URL=sqlite:///other.db\n", "utf-8")
        await succeed(*REGISTER, "migrate", cwd=tmp_path)
        assert (tmp_path / "other.db").exists()


class TestMigrateSeedVerify:
    async def test_make_a_register_that_can_be_made_again(self, empty_settings: Settings, tmp_path: Path) -> None:
        await migrating.downgrade(empty_settings, "base")
        folder, env = tmp_path, for_database(empty_settings)
        newest = f"The database is at revision {newest_revision()}; 0 representations were renewed.\n"
        for _ in range(2):
            assert await succeed(*REGISTER, "migrate", cwd=folder, env=env) == newest
        added = "0 unchanged, 0 kept as partners changed them, 0 deleted by partners and not added again."
        assert await succeed(*REGISTER, "seed", cwd=folder, env=env) == f"36 added, {added}\n"
        out = await succeed(*REGISTER, "seed", cwd=folder, env=env)
        assert out == f"0 added, 36 {added.removeprefix('0 ')}\n"
        out = await succeed(*REGISTER, "verify", cwd=folder, env=env)
        assert out == "36 representations and the change log checked, 0 faults.\n"

    async def test_say_what_was_not_loaded(self, settings: Settings, tmp_path: Path) -> None:
        async with migrating.connected(settings) as connection:
            await connection.execute(text("UPDATE goal SET title = 'neu' WHERE number = 3"))
        env = for_database(settings)
        await succeed(*REGISTER, "migrate", cwd=tmp_path, env=env)
        out = await succeed(*REGISTER, "seed", cwd=tmp_path, env=env)
        assert out.splitlines()[1:] == ["kept: goals/dresden-liga-2024/3"]

    async def test_load_an_invented_year_once(self, settings: Settings, tmp_path: Path) -> None:
        env = for_database(settings)
        loaded, invented = (await succeed(*REGISTER, "demo", cwd=tmp_path, env=env)).splitlines()
        assert loaded == (
            "Loaded: 11 sub-measures, 28 consultation events, 10 decisions, 16 statements, 9 needs, 7 indicators, "
            "11 observations, 14 progress reports."
        )
        assert invented.startswith("All of it is invented and marked [Demo]")
        out = await succeed(*REGISTER, "demo", cwd=tmp_path, env=env)
        assert out == "The demo year is in this register already; nothing was changed.\n"
        out = await succeed(*REGISTER, "verify", cwd=tmp_path, env=env)
        assert out == "131 representations and the change log checked, 0 faults.\n"

    async def test_load_no_invented_year_without_the_agreement(self, empty_settings: Settings, tmp_path: Path) -> None:
        line = await refused(tmp_path, "demo", REGISTER_DATABASE_URL=empty_settings.database_url)
        assert line.endswith("which is not loaded: run `register seed` first")
        out = await succeed(*REGISTER, "verify", cwd=tmp_path, env=for_database(empty_settings))
        assert out == "0 representations and the change log checked, 0 faults.\n"

    async def test_load_a_file_of_another_city(self, settings: Settings, tmp_path: Path) -> None:
        (tmp_path / "b.yaml").write_text(
            "agreement: {slug: b, title: B}\npartners: []\ntopics: []\ngoals: []\n", "utf-8"
        )
        out = await succeed(*REGISTER, "seed", "b.yaml", cwd=tmp_path, env=for_database(settings))
        assert out.startswith("1 added, 0 unchanged")

    async def test_refuse_a_bad_file_with_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text("agreement:\n  slug: B C\n", "utf-8")
        assert (await refused(tmp_path, "seed", "bad.yaml")).startswith("bad.yaml, line 2, agreement.slug: ")
        assert await refused(tmp_path, "seed", "none.yaml") == "none.yaml: No such file or directory"

    async def test_name_what_was_tampered_with(self, settings: Settings, tmp_path: Path) -> None:
        async with migrating.connected(settings) as connection:
            for statement in (
                "UPDATE goal SET representation = replace(representation, 'Dem', 'dem') WHERE number = 1",
                "UPDATE sub_measure SET progress_percent = 99 WHERE goal_number = 3 AND number = 4",
            ):
                await connection.execute(text(statement))
        code, out, err = await run(*REGISTER, "verify", cwd=tmp_path, env=for_database(settings))
        assert (code, err) == (1, "")
        assert out.splitlines() == [
            f"not as in the tables: /v1/goals/{goal_id(1)}",
            f"not as in the tables: /v1/sub-measures/{measure_id(3, 4)}",
            "36 representations and the change log checked, 2 faults.",
        ]

    async def test_ask_for_migrate_where_there_are_no_tables(self, tmp_path: Path) -> None:
        for command in ("seed", "demo", "verify"):
            assert (await refused(tmp_path, command)).endswith("run `register migrate`")


class TestOpenapi:
    async def test_writes_the_contract_without_a_database(self, tmp_path: Path) -> None:
        contract = create_app(settings_for("sqlite:///nowhere.db")).openapi()
        assert json.loads(await succeed(*REGISTER, "openapi", cwd=tmp_path)) == contract
        assert await succeed(*REGISTER, "openapi", "contract.json", cwd=tmp_path) == ""
        assert names_in(tmp_path) == ["contract.json"]
        written = (tmp_path / "contract.json").read_text("utf-8")
        assert json.loads(written) == contract
        assert written.endswith("}\n")
        assert "ä" in written

    async def test_says_why_it_cannot_write(self, tmp_path: Path) -> None:
        assert await refused(tmp_path, "openapi", "none/x.json") == "none/x.json: No such file or directory"


class TestServe:
    @pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
    async def test_makes_and_serves_an_sqlite_file_until_stopped(self, tmp_path: Path, sign: signal.Signals) -> None:
        async with serving(tmp_path) as running, httpx.AsyncClient(base_url=running.address) as client:
            assert (await client.get("/readyz")).json() == {"status": "ready"}
            answer = await client.get("/v1/agreements", headers={"X-Request-ID": "find-me"})
            assert answer.json() == {"items": [], "next_cursor": None}
            assert "server" not in answer.headers
            code, err = await running.end(sign)
        assert (code, err.splitlines()) == (
            -signal.SIGTERM if sign == signal.SIGTERM else 0,
            [f"The register is served on {running.address}/ (API docs: /docs). Stop it with Ctrl-C."],
        )
        lines = [json.loads(line) for line in running.lines]
        (request,) = [line for line in lines if line.get("request_id") == "find-me"]
        assert (request["path"], request["status"]) == ("/v1/agreements", 200)
        with sqlite3.connect(tmp_path / "register.db") as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (newest_revision(),)
        connection.close()

    async def test_finishes_what_it_has_begun_to_answer(
        self, settings: Settings, templates: Templates, tmp_path: Path
    ) -> None:
        """A request whose body is still on its way when the register is stopped gets its answer."""
        async with serving(tmp_path, REGISTER_DATABASE_URL=settings.database_url) as running:
            body = b'{"slug": "a", "name": "A", "kind": "other"}'
            head = (
                "POST /v1/partners HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {templates.keys['admin']}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            reader, writer = await asyncio.open_connection("127.0.0.1", int(running.address.rpartition(":")[2]))
            try:
                writer.write(head.encode() + body[:5])
                await writer.drain()
                # Whoever is answered after it has been heard after it.
                async with httpx.AsyncClient(base_url=running.address) as client:
                    assert (await client.get("/healthz")).status_code == 200
                running.process.terminate()
                await running.read_until("Shutting down")
                writer.write(body[5:])
                assert (await asyncio.wait_for(reader.readline(), 30)).startswith(b"HTTP/1.1 201")
            finally:
                writer.close()
                await writer.wait_closed()
            assert await asyncio.wait_for(running.process.wait(), 60) == -signal.SIGTERM

    @only_postgresql
    async def test_never_migrates_a_postgresql(self, empty_settings: Settings, tmp_path: Path) -> None:
        await migrating.downgrade(empty_settings, "base")
        url = empty_settings.database_url
        async with (
            serving(tmp_path, REGISTER_DATABASE_URL=url) as running,
            httpx.AsyncClient(base_url=running.address) as client,
        ):
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert "register migrate" in answer.json()["detail"]
            await succeed(*REGISTER, "migrate", cwd=tmp_path, env=for_database(empty_settings))
            assert (await client.get("/readyz")).status_code == 200

    async def test_says_that_its_port_is_taken(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            line = await refused(tmp_path, "serve", "--port", str(port))
        assert line == f"cannot listen on 127.0.0.1:{port}: {os.strerror(errno.EADDRINUSE)}"

    async def test_says_that_its_address_is_not_here(self, tmp_path: Path) -> None:
        line = await refused(tmp_path, "serve", "--host", "192.0.2.1", "--port", "18000")
        assert line.startswith("cannot listen on 192.0.2.1:18000: ")

    @pytest.mark.parametrize("port", ["0", "65536", "http"])
    async def test_refuses_what_is_no_port(self, tmp_path: Path, port: str) -> None:
        code, _, err = await run(*REGISTER, "serve", "--port", port, cwd=tmp_path)
        assert code == 2
        assert "--port" in err
        assert names_in(tmp_path) == []

    async def test_takes_its_address_from_the_settings(self, tmp_path: Path) -> None:
        async with (
            serving(tmp_path, "--host", "localhost", REGISTER_LOG_LEVEL="info") as running,
            httpx.AsyncClient(base_url=running.address) as client,
        ):
            assert (await client.get("/healthz")).status_code == 200
