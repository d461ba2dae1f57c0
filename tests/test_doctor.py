"""`register doctor`: what an operator should mend is named, with what to do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text

from app import migrating
from app.proofs.notes import COSIGNATURE, Signer
from app.settings import Settings
from tests.commands import Command
from tests.conftest import LOG_KEY, WEBHOOK_KEY, Templates, client_of, running
from tests.databases import only_postgresql, only_sqlite
from tests.processes import free_port

WELL = {
    "OPERATOR": "Musterstadt",
    "CONTACT_EMAIL": "register@stadt.example",
    "PUBLIC_URL": "https://register.stadt.example",
    "LOG_KEY": str(LOG_KEY),
    "WEBHOOK_KEY": WEBHOOK_KEY.get_secret_value(),
    "DATABASE_POOL_SIZE": "5",
    "HOST": "127.0.0.1",
}
OF_THE_TESTS = (
    "mend: the register's user postgres is a superuser: make the database another user's",
    "mend: PostgreSQL has fsync = off: what was acknowledged can be lost: set fsync = on",
)
"""What is so of the cluster of the tests."""

IN_SETTINGS = (
    ("OPERATOR", "", "look: nobody is named who runs the register"),
    ("PUBLIC_URL", "http://stadt.example", "mend: REGISTER_PUBLIC_URL has no TLS"),
    ("HOST", "192.0.2.1", "look: the register listens on 192.0.2.1 and believes proxies on this machine only"),
    ("LOG_KEY", "", "look: the log has no key"),
    ("LOG_KEY", "no key", "mend: the key of the log cannot be read"),
    ("LOG_KEY", str(Signer.new("stadt.example", COSIGNATURE)), "mend: the key of the log cannot be read"),
    ("WEBHOOK_KEY", "", "mend: webhook endpoints wait, and nothing can be signed"),
)
IN_DATABASE = (
    (
        "UPDATE backup SET at = '2026-01-01 00:00:00'",
        ": no `register backup` since 2026-01-01 00:00 UTC",
    ),
    ("DELETE FROM backup", ": no `register backup` was ever noted: have it run every night"),
    (
        "UPDATE change SET at = '2999-01-01 00:00:00' WHERE position = (SELECT position FROM feed)",
        "mend: the last change is ",
    ),
    (
        "UPDATE webhook_endpoint SET position = 0, next_attempt_at = '2026-01-01 00:00:00'",
        "mend: 1 webhook endpoints wait for more than",
    ),
    ("UPDATE api_key SET revoked_at = created_at WHERE role = 'operator'", "look: no operator's key works"),
)
"""What was done to a register that is well, and what is found then."""


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command in a folder of its own."""
    return Command(monkeypatch, capsys, tmp_path)


async def well(command: Command, settings: Settings, templates: Templates) -> None:
    """A register of which there is nothing to say: with webhooks, backed up and verified."""
    async with running(settings) as app, client_of(app, templates.keys["admin"]) as client:
        answer = await client.post("/v1/webhook-endpoints", json={"url": "https://partner.example/hook"})
        assert answer.status_code == 201
    for name, value in {**WELL, "DATABASE_URL": settings.database_url}.items():
        command.configure(name, value)
    await command.run("backup", "backup.db")
    await command.run("verify")


class TestDoctor:
    async def test_names_each_thing_and_what_to_do(
        self, settings: Settings, templates: Templates, command: Command
    ) -> None:
        await well(command, settings, templates)
        if settings.database_file is not None:
            settings.database_file.chmod(0o600)
        given = () if settings.database_file else OF_THE_TESTS
        assert await found(command) == [*given]
        for name, value, told in IN_SETTINGS:
            command.configure(name, value)
            (line,) = await found(command, *given)
            assert line.startswith(told)
            command.configure(name, WELL[name])
        for statement, told in IN_DATABASE:
            async with migrating.connected(settings) as connection:
                await connection.execute(text(statement))
            assert [line for line in await found(command, *given) if told in line], told
        command.configure("DATABASE_URL", settings.database_url)
        await migrating.downgrade(settings, "0013")
        assert [line for line in await found(command, *given) if "run `register migrate`" in line]
        await migrating.upgrade(settings)

    async def test_looks_at_keys_that_end(self, settings: Settings, templates: Templates, command: Command) -> None:
        await well(command, settings, templates)
        key = (
            await command.run("keys", "create", "--partner", "liga-dresden", "--role", "reader", "--days", "20")
        ).strip()
        (line,) = [line for line in await found(command) if " ends on " in line]
        ends = (datetime.now(UTC) + timedelta(days=20)).date()
        assert line.startswith(f"look: the key {key[:12]} ends on {ends}: `register keys rotate ")

    @only_sqlite
    async def test_looks_at_files_and_disks(
        self, settings: Settings, templates: Templates, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await well(command, settings, templates)
        assert settings.database_file
        settings.database_file.chmod(0o640)
        (command.folder / ".env").write_text("", "utf-8")
        (command.folder / ".env").chmod(0o644)
        monkeypatch.setattr("app.doctor.house.LEAST_TEMPORARY", 2**60)
        monkeypatch.setattr("app.doctor.house.LEAST_FREE", 2**60)
        lines = await found(command)
        assert [line.partition(" (mode")[0] for line in lines[:2]] == [
            "mend: .env is not its owner's alone",
            f"mend: {settings.database_file} is not its owner's alone",
        ]
        assert [line.endswith(("or set TMPDIR", "MiB at least")) for line in lines[2:]] == [True, True]
        command.configure("DATABASE_URL", "sqlite:///none.db")
        assert (
            "mend: there is no none.db: `register migrate` makes it, `register restore` brings it back"
            in await found(command)
        )
        assert "none.db" not in command.left

    @only_postgresql
    async def test_looks_at_the_server(self, settings: Settings, templates: Templates, command: Command) -> None:
        """A user with less rights, a pool that is too large, a database that is not there."""
        await well(command, settings, templates)
        assert templates.cluster
        role = f"plain_{uuid4().hex}"
        await templates.cluster.execute(f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_data")
        url = make_url(settings.database_url).set(username=role).render_as_string(hide_password=False)
        command.configure("DATABASE_URL", url)
        assert await found(command) == [OF_THE_TESTS[1]]
        for size, told in (
            ("30", "look: one process takes up to 60 connections, "),
            ("60", "mend: one process takes "),
        ):
            command.configure("DATABASE_POOL_SIZE", size)
            assert [line for line in await found(command) if line.startswith(told)]
        command.configure("DATABASE_POOL_SIZE", WELL["DATABASE_POOL_SIZE"])
        command.configure("DATABASE_READ_URL", f"postgresql://127.0.0.1:{free_port()}/register")
        unseen, unread = await found(command, OF_THE_TESTS[1])
        assert unseen == f"look: how far standbys are behind is not shown: GRANT pg_monitor TO {role}"
        assert unread.startswith("look: the standby is not read: ")
        await templates.cluster.execute(f"DROP ROLE {role}")
        assert [line.partition(":")[0] for line in await found(command)] == ["mend"]

    @only_postgresql
    @pytest.mark.filterwarnings("ignore:password file")
    async def test_looks_at_the_file_of_passwords(
        self, settings: Settings, templates: Templates, command: Command
    ) -> None:
        await well(command, settings, templates)
        passfile = command.folder / "pgpass"
        passfile.write_text("", "utf-8")
        passfile.chmod(0o600)
        url = make_url(settings.database_url).update_query_dict({"passfile": str(passfile)})
        command.configure("DATABASE_URL", url.render_as_string(hide_password=False))
        assert await found(command) == [*OF_THE_TESTS]
        passfile.chmod(0o640)
        assert f"mend: {passfile} is not its owner's alone (mode 640): chmod 600 {passfile}" in await found(command)


async def found(command: Command, *but: str) -> list[str]:
    """What the doctor finds besides what is known, and that its last line and its exit code say so."""
    code, out, err = await command.attempt("doctor")
    *lines, last = out.splitlines()
    must = sum(line.startswith("mend: ") for line in lines)
    assert (code, last, err) == (1 if must else 0, f"{must} to mend, {len(lines) - must} to look at.", "")
    return [line for line in lines if line not in but]
