"""`register keys ...`"""

import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from app import migrating
from app.access.keys import is_well_formed
from app.cli.seed import load_content, read_agreement
from app.settings import Settings
from tests.commands import Command
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import CARITAS, CITY, NOWHERE


@pytest.fixture
async def settings(templates: Templates) -> AsyncIterator[Settings]:
    """Settings for a database of its own: keys are told apart by when they were used."""
    async with templates.fresh("seeded") as settings:
        yield settings


class Keys(Command):
    """The `register keys` command on one database."""

    async def attempt(self, *arguments: str) -> tuple[int, str, str]:
        return await super().attempt("keys", *arguments)

    async def create(self, partner: str = "caritas-dresden", role: str = "contributor", *more: str) -> str:
        """A new key: all that standard output holds."""
        out = await self.run("create", "--partner", partner, "--role", role, *more)
        key = out.removesuffix("\n")
        assert (is_well_formed(key), out) == (True, f"{key}\n")
        return key

    async def listed(self, key: str) -> list[str]:
        """The row of a key in `register keys list`."""
        rows = [line.split("\t") for line in (await self.run("list")).splitlines()]
        (row,) = [row for row in rows if key.startswith(row[3])]
        return row


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Keys:
    """The command on no database yet."""
    return Keys(monkeypatch, capsys, tmp_path)


@pytest.fixture
def command(keys: Keys, settings: Settings) -> Keys:
    """The command on a register with keys."""
    keys.configure("DATABASE_URL", settings.database_url)
    return keys


@pytest.fixture
async def keyless(keys: Keys, empty_settings: Settings) -> Keys:
    """The command on a register with Dresden's agreement, but without keys."""
    await load_content(empty_settings, read_agreement(None))
    keys.configure("DATABASE_URL", empty_settings.database_url)
    return keys


async def keys_with(app: FastAPI, key: str) -> httpx.Response:
    """What an admin's request with this key is answered."""
    async with client_of(app, key) as client:
        return await client.get("/v1/keys", params={"limit": 200})


class TestCreate:
    async def test_prints_the_key_alone(self, command: Keys, app: FastAPI) -> None:
        key = await command.create(
            "landeshauptstadt-dresden", "admin", "--description", "Für die Leitstelle", "--days", "0"
        )
        answer = await keys_with(app, key)
        assert answer.status_code == 200
        (stored,) = [each for each in answer.json()["items"] if each["prefix"] == key[:12]]
        assert (stored["partner_id"], stored["role"], stored["description"], stored["expires_at"]) == (
            CITY,
            "admin",
            "Für die Leitstelle",
            None,
        )

    async def test_makes_keys_that_end(self, command: Keys, client: httpx.AsyncClient) -> None:
        key = await command.create("caritas-dresden", "reader", "--days", "30")
        items = (await client.get("/v1/keys", params={"partner_id": CARITAS, "role": "reader"})).json()["items"]
        (stored,) = [each for each in items if each["prefix"] == key[:12]]
        left = datetime.fromisoformat(stored["expires_at"]) - datetime.now(UTC)
        assert timedelta(days=29, hours=23) < left <= timedelta(days=30)

    async def test_says_in_one_line_that_there_is_no_such_partner(
        self, command: Keys, client: httpx.AsyncClient
    ) -> None:
        before = (await client.get("/v1/keys")).text
        outcome = await command.attempt("create", "--partner", "niemand", "--role", "reader")
        assert outcome == (1, "", "register: There is no partner niemand.\n")
        assert (await client.get("/v1/keys")).text == before

    async def test_refuses_roles_that_there_are_not(self, command: Keys) -> None:
        code, out, err = await command.attempt("create", "--partner", "caritas-dresden", "--role", "root")
        assert (code, out) == (2, "")
        assert "'root'" in err


class TestList:
    async def test_has_a_row_for_every_key(self, command: Keys, client: httpx.AsyncClient) -> None:
        key = await command.create("liga-dresden", "reader", "--days", "0")
        row = await command.listed(key)
        stored = (await client.get(f"/v1/keys/{row[0]}")).json()
        assert row[1:] == ["liga-dresden", "reader", stored["prefix"], "works", "used never"]
        rows = (await command.run("list")).splitlines()
        assert [line.split("\t")[0] for line in rows] == [
            each["id"] for each in (await client.get("/v1/keys", params={"limit": 200})).json()["items"]
        ]
        assert key[12:] not in "\n".join(rows)

    async def test_says_when_a_key_was_used_and_how_long_it_works(self, command: Keys, app: FastAPI) -> None:
        key = await command.create("liga-dresden", "reader", "--days", "1")
        assert (await keys_with(app, key)).status_code == 403
        row = await command.listed(key)
        assert row[4].startswith("works until ")
        assert row[4].endswith(" UTC")
        assert row[5] in {f"used {day:%Y-%m-%d}" for day in (datetime.now(UTC), datetime.now(UTC) - timedelta(days=1))}


@any_database
class TestRotate:
    async def test_prints_a_key_that_works_beside_the_old_one(self, command: Keys, app: FastAPI) -> None:
        old = await command.create("landeshauptstadt-dresden", "admin")
        new = (await command.run("rotate", (await command.listed(old))[0])).removesuffix("\n")
        assert is_well_formed(new)
        assert [(await keys_with(app, key)).status_code for key in (old, new)] == [200, 200]
        assert (await command.listed(old))[4].startswith("works until ")
        assert (await command.listed(new))[1:3] == ["landeshauptstadt-dresden", "admin"]

    async def test_ends_the_old_key_at_once_without_overlap(self, command: Keys, app: FastAPI) -> None:
        old = await command.create("landeshauptstadt-dresden", "admin")
        new = (await command.run("rotate", (await command.listed(old))[0], "--overlap-hours", "0")).removesuffix("\n")
        assert [(await keys_with(app, key)).status_code for key in (old, new)] == [401, 200]
        assert (await command.listed(old))[4].startswith("expired ")

    async def test_says_that_there_is_no_such_key(self, command: Keys) -> None:
        for action in ("rotate", "revoke"):
            outcome = await command.attempt(action, NOWHERE)
            assert outcome == (1, "", "register: There is no such key, or it no longer works.\n")


class TestRevoke:
    async def test_acts_at_once(self, command: Keys, app: FastAPI) -> None:
        key = await command.create("landeshauptstadt-dresden", "admin")
        assert (await keys_with(app, key)).status_code == 200
        assert await command.run("revoke", (await command.listed(key))[0]) == ""
        assert (await keys_with(app, key)).status_code == 401
        assert (await command.listed(key))[4].startswith("revoked ")


@any_database
class TestInit:
    async def test_puts_a_key_into_a_file_for_its_owner_alone(
        self, keyless: Keys, empty_settings: Settings, tmp_path: Path
    ) -> None:
        out = await keyless.run("init")
        file = tmp_path / "operator.key"
        key = file.read_text("ascii").removesuffix("\n")
        assert is_well_formed(key)
        assert out == (
            "An operator's key was made and put into operator.key; send it as `Authorization: Bearer $(cat operator.key)`.\n"
        )
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        async with running(empty_settings) as app:
            items = (await keys_with(app, key)).json()["items"]
        assert [(each["partner_id"], each["role"], each["prefix"]) for each in items] == [(CITY, "operator", key[:12])]

    async def test_closes_a_file_that_was_open_to_others(self, keyless: Keys, tmp_path: Path) -> None:
        file = tmp_path / "my.key"
        file.write_text("old " * 100, "ascii")
        file.chmod(0o644)
        await keyless.run("init", "--file", str(file))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert is_well_formed(file.read_text("ascii").removesuffix("\n"))

    async def test_does_nothing_when_there_is_a_key_that_can_make_others(self, command: Keys) -> None:
        before = await command.run("list")
        assert await command.run("init") == ""
        assert command.left == []
        assert await command.run("list") == before

    async def test_makes_one_when_the_last_such_key_has_ended(
        self, keyless: Keys, empty_settings: Settings, tmp_path: Path
    ) -> None:
        await keyless.run("init")
        first = (tmp_path / "operator.key").read_text("ascii")
        assert await keyless.run("init") == ""
        id = (await keyless.listed(first))[0]
        refused = await keyless.refused("revoke", id)
        assert refused == "There would be no valid key left by which the register is kept."
        assert (await keyless.listed(first))[4].startswith("works until ")
        second = (await keyless.run("rotate", id, "--overlap-hours", "0")).strip()
        assert await keyless.run("init") == ""
        async with migrating.connected(empty_settings) as connection:
            await connection.execute(sa.text("UPDATE api_key SET expires_at = created_at"))
        assert (await keyless.listed(second))[4].startswith("expired ")
        assert (await keyless.run("init")).startswith("An operator's key was made")
        assert (tmp_path / "operator.key").read_text("ascii") != first

    async def test_makes_no_key_that_it_cannot_hand_over(self, keyless: Keys, tmp_path: Path) -> None:
        outcome = await keyless.attempt("init", "--file", "nowhere/operator.key")
        assert outcome == (1, "", "register: nowhere/operator.key cannot be written: No such file or directory\n")
        assert await keyless.run("list") == ""
        await keyless.run("init")
        assert (tmp_path / "operator.key").exists()

    async def test_says_that_a_register_without_partners_needs_them_first(
        self, keys: Keys, empty_settings: Settings
    ) -> None:
        keys.configure("DATABASE_URL", empty_settings.database_url)
        assert (await keys.refused("init")).startswith("There is no municipality yet")
        assert keys.left == []
