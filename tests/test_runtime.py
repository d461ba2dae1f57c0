"""How a register meets its database: whose its file is, by what URL, and with which schema."""

import stat
from pathlib import Path

from sqlalchemy import text

from app import migrating
from app.database import Database
from app.settings import Settings
from tests.conftest import Templates, client_of, running, settings_for
from tests.databases import any_database, only_postgresql
from tests.problems import problem_of

SET_REVISION = text("UPDATE alembic_version SET version_num = :revision")


async def set_revision(database: Database, revision: str) -> None:
    """Let a database have another schema, as far as it says."""
    async with database.transaction() as session:
        await session.execute(SET_REVISION, {"revision": revision})


def modes_in(folder: Path) -> dict[str, int]:
    """The permissions of each file."""
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


class TestFile:
    async def test_is_its_owners_alone(self, tmp_path: Path) -> None:
        settings = settings_for(f"sqlite:///{tmp_path}/register.db")
        await migrating.upgrade(settings)
        async with running(settings) as app:
            async with app.state.runtime.database.transaction() as session:
                await session.execute(text("UPDATE feed SET position = 0"))
            modes = modes_in(tmp_path)
        assert modes.pop("register.db") == 0o600
        assert set(modes.values()) <= {0o600}, "the files beside it hold the same"


class TestUrl:
    @only_postgresql
    async def test_may_say_what_libpq_reads(self, settings: Settings, templates: Templates) -> None:
        more = "&sslmode=prefer&application_name=register&target_session_attrs=read-write"
        said = settings.model_copy(update={"database_url": settings.database_url + more})
        await migrating.upgrade(said)
        async with running(said) as app, client_of(app, templates.keys["operator"]) as client:
            assert (await client.get("/v1/goals")).status_code == 200
            shown = "SELECT current_setting('application_name'), current_setting('lock_timeout')"
            async with app.state.runtime.database.transaction() as session:
                assert (await session.execute(text(shown))).one() == ("register", "5s")


class TestSchema:
    @any_database
    async def test_of_another_version_is_said_on_all_of_the_api(self, settings: Settings) -> None:
        async with running(settings) as app, client_of(app) as client:
            async with app.state.runtime.database.transaction() as session:
                newest = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
            await set_revision(app.state.runtime.database, "0001")
            for path in ("/v1/goals", "/v1/changes", "/v1/reports/progress", "/readyz"):
                assert "register migrate" in problem_of(await client.get(path), 503, "unavailable")["detail"]
            problem_of(await client.post("/v1/goals", json={}), 503, "unavailable")
            assert (await client.get("/healthz")).status_code == 200
            await set_revision(app.state.runtime.database, newest)
            assert (await client.get("/v1/goals")).status_code == 200

    @any_database
    async def test_that_a_newer_version_changes_lets_this_one_go_on(self, settings: Settings) -> None:
        async with running(settings) as app, client_of(app) as client:
            assert (await client.get("/v1/goals")).status_code == 200
            await set_revision(app.state.runtime.database, "9999")
            assert (await client.get("/v1/goals")).status_code == 200
            problem_of(await client.get("/readyz"), 503, "unavailable")
