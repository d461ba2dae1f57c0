"""`register export` and `register import`: a register can be left, and come back as it was."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, union
from sqlmodel import SQLModel

from app.access.models import ApiKey, CalendarFeed
from app.catalogue import FEATURES
from app.cli.demo import built_in_demo, load_demo
from app.cli.verify import verify_and_note
from app.database.tables import table_of
from app.interchange.register import LEFT_OUT, SECRET, shown, tables
from app.runtime import Runtime
from app.settings import Settings
from tests.commands import Command
from tests.conftest import Prepared, Templates, client_of, running
from tests.databases import any_database
from tests.factories import LIGA, delete, make
from tests.interchange.sheets import download, name_of

SECRET_WORDS = ("digest", "hash", "secret", "token", "password", "salt", "key")
PUBLIC = {
    ("agreement", "municipality_key"),
    ("change", "by_key_id"),
    ("change", "data_digest"),
    ("change", "key_ref"),
    ("change", "leaf_hash"),
    # Without it nobody could verify the entry; the folder is its owner's.
    ("change", "salt"),
    ("cosigner", "verifier_key"),
}

BROKEN: tuple[tuple[str, Callable[[str], str], str], ...] = (
    ("register.json", lambda text: text.replace('"schema": "', '"schema": "9'), "was exported at revision 9"),
    ("register.json", lambda text: text.replace("register 1", "register 2"), "is not of the format"),
    ("register.json", lambda text: text.replace('"goal": {', '"gaol": {'), "names other tables"),
    (
        "goal.jsonl",
        lambda text: text.replace('"id":', '"di":', 1),
        "goal.jsonl, line 1 is no row of the table goal",
    ),
    ("goal.jsonl", lambda text: text.partition("\n")[2], "is not the file that was exported"),
    ("partner.jsonl", lambda text: text[:0], "is not the file that was exported"),
)
"""What somebody did to a file of an export, and what is said of it."""


def contents(folder: Path) -> dict[str, bytes]:
    """What is in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


async def digests(settings: Settings) -> list[str]:
    """What is stored of the keys and the secret addresses of a register."""
    database = Runtime.of(settings).database
    try:
        stored = union(*(select(table_of(model).c.digest) for model in (ApiKey, CalendarFeed)))
        return list(await database.read(lambda connection: connection.execute(stored).scalars().all()))
    finally:
        await database.close()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command in a folder of its own."""
    return Command(monkeypatch, capsys, tmp_path)


async def served(client: httpx.AsyncClient) -> dict[str, Any]:
    """The whole register, as it is served: every resource, and the feed."""
    whole = {
        feature.kind.path: (await download(client, f"exports/{name_of(feature)}.jsonl")).text for feature in FEATURES
    }
    return {**whole, "changes": (await client.get("/v1/changes", params={"limit": 500})).json()["items"]}


@pytest.mark.thorough
class TestExit:
    @any_database
    async def test_and_return_are_the_same_byte_by_byte(
        self,
        settings: Settings,
        templates: Templates,
        prepared: Prepared,
        request: pytest.FixtureRequest,
        command: Command,
        tmp_path: Path,
    ) -> None:
        """From SQLite to PostgreSQL and back, with what was deleted, corrected, and refers to its own kind."""
        await load_demo(settings, built_in_demo())
        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            gone = await make(client, "goals")
            await delete(client, "goals", gone)
            # Its id is before that of what it refers to.
            merged = await make(client, "partners", merged_into_id=LIGA, dissolved_on="2024-12-31")
            assert merged["id"] < LIGA
            await make(client, "sub-measures", districts=["Äußere Neustadt", "Cotta", "äußere Neustadt"])
            before = await served(client)
            as_partner = {"Authorization": f"Bearer {templates.keys['contributor']}"}
            feed = await client.post("/v1/calendar-feeds", json={}, headers=as_partner)
            assert (await client.get(feed.json()["url"])).status_code == 200
        folders = [tmp_path / name for name in ("first", "second", "third")]
        other = await prepared(request.getfixturevalue("cluster"))
        command.configure("DATABASE_URL", settings.database_url)
        said = await command.run("export", str(folders[0]))
        assert (
            said
            == f"The register as of change {before['changes'][-1]['position']} is in {folders[0]}, for its owner's eyes only.\n"
        )
        async with other.fresh("empty") as there, templates.fresh("empty") as back:
            for target, folder, following in ((there, folders[0], folders[1]), (back, folders[1], folders[2])):
                command.configure("DATABASE_URL", target.database_url)
                await command.run("import", str(folder))
                await command.run("export", str(following))
                checked, faults, *_ = await verify_and_note(target)
                assert (checked > 100, faults) == (True, [])
            assert contents(folders[0]) == contents(folders[1]) == contents(folders[2])
            async with running(back) as app, client_of(app) as anyone:
                public = await served(anyone)
                assert (await anyone.get(feed.json()["url"])).status_code == 404, "it is of the other house"
            async with running(settings) as app, client_of(app) as anyone:
                assert public == await served(anyone)
        assert {path.stat().st_mode & 0o777 for path in folders[0].iterdir()} == {0o600}
        assert folders[0].stat().st_mode & 0o777 == 0o700
        for digest in await digests(settings):
            assert not any(digest.encode() in content for content in contents(folders[0]).values())

    def test_takes_every_table_along_and_no_secret(self) -> None:
        """A new table or column is decided about: it goes along, or it is named where it says why not."""
        assert SQLModel.metadata.tables.keys() >= LEFT_OUT
        looking_secret = {
            (table.name, column.name)
            for table in tables()
            for column in shown(table)
            if any(word in column.name for word in SECRET_WORDS)
        }
        assert looking_secret == PUBLIC
        assert {str(column) for column in SECRET} == {"api_key.digest", "calendar_feed.digest"}

    def test_can_set_what_refers_to_its_own_kind_later(self) -> None:
        for table in tables():
            own = [column for column in table.c if any(key.column.table is table for key in column.foreign_keys)]
            assert all(column.nullable for column in own), table.name


@any_database
class TestImport:
    async def test_is_refused_where_there_is_something(
        self, settings: Settings, command: Command, tmp_path: Path
    ) -> None:
        command.configure("DATABASE_URL", settings.database_url)
        await command.run("export", str(tmp_path / "whole"))
        assert await command.refused("export", str(tmp_path / "whole")) == f"{tmp_path / 'whole'} is not empty"
        assert "is not empty: there is something in its table" in await command.refused(
            "import", str(tmp_path / "whole")
        )

    async def test_is_all_or_nothing(
        self, settings: Settings, empty_settings: Settings, command: Command, tmp_path: Path
    ) -> None:
        whole, broken = tmp_path / "whole", tmp_path / "broken"
        command.configure("DATABASE_URL", settings.database_url)
        await command.run("export", str(whole))
        command.configure("DATABASE_URL", empty_settings.database_url)
        assert "it is no export" in await command.refused("import", str(tmp_path / "nowhere"))
        for name, change, told in BROKEN:
            shutil.rmtree(broken, ignore_errors=True)
            shutil.copytree(whole, broken)
            file = broken / name
            file.write_text(change(file.read_text("utf-8")), "utf-8")
            assert told in await command.refused("import", str(broken)), name
        await self.forge(broken, whole)
        assert "is not as it was written: not as in the log: goal " in await command.refused("import", str(broken))
        await command.run("import", str(whole))
        command.configure("DATABASE_URL", settings.database_url)

    async def forge(self, broken: Path, whole: Path) -> None:
        """Rewrite a goal's words, and make the hashes right again."""
        shutil.rmtree(broken)
        shutil.copytree(whole, broken)
        lines = (broken / "goal.jsonl").read_text("utf-8").splitlines()
        first = json.loads(lines[0])
        lines[0] = json.dumps({**first, "title": "Anders"}, ensure_ascii=False)
        text = "".join(f"{line}\n" for line in lines).encode()
        (broken / "goal.jsonl").write_bytes(text)
        about = json.loads((broken / "register.json").read_text("utf-8"))
        about["tables"]["goal"]["sha256"] = hashlib.sha256(text).hexdigest()
        (broken / "register.json").write_text(json.dumps(about), "utf-8")

    async def test_leaves_keys_that_nobody_can_use(
        self, settings: Settings, templates: Templates, empty_settings: Settings, command: Command, tmp_path: Path
    ) -> None:
        command.configure("DATABASE_URL", settings.database_url)
        await command.run("export", str(tmp_path / "whole"))
        command.configure("DATABASE_URL", empty_settings.database_url)
        await command.run("import", str(tmp_path / "whole"))
        listed = await command.run("keys", "list")
        assert len(listed.splitlines()) == len(templates.keys)
        admin = next(line.split("\t")[0] for line in listed.splitlines() if "\tadmin\t" in line)
        async with running(empty_settings) as app:
            async with client_of(app, templates.keys["admin"]) as old:
                assert (await old.get("/v1/keys")).status_code == 401
            async with client_of(app, (await command.run("keys", "rotate", admin)).strip()) as new:
                assert (await new.get("/v1/keys")).status_code == 200
