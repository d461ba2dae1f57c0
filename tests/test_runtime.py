"""How a register meets its database: whose its file is, by what URL, and with which schema."""

import gc
import stat
import weakref
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app import migrating
from app.cli.loading import load
from app.database.engines import Database
from app.http.failures import LEFT_TO_OPERATOR
from app.settings import Settings
from tests.conftest import Templates, client_of, running, settings_for
from tests.databases import any_database, only_postgresql
from tests.factories import body_of
from tests.problems import problem_of
from tests.processes import free_port

SET_REVISION = text("UPDATE alembic_version SET version_num = :revision")


async def set_revision(database: Database, revision: str) -> None:
    """Let a database have another schema, as far as it says."""
    async with database.transaction() as session:
        await session.execute(SET_REVISION, {"revision": revision})


def modes_in(folder: Path) -> dict[str, int]:
    """The permissions of each file."""
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


@any_database
class TestEnd:
    async def test_leaves_nothing_behind(self, settings: Settings, templates: Templates) -> None:
        """Commands keep what they have loaded for good, and with it nothing of a register that is closed."""
        other = settings.model_copy(update={"rate_limit": 1_000})
        async with running(other) as app, client_of(app, templates.keys["operator"]) as client:
            assert (await client.get("/v1/goals")).status_code == 200
            left = [weakref.ref(each) for each in (app, app.state.runtime, app.state.runtime.database)]
        load("migrate")
        del app, client
        gc.collect()
        assert [each() for each in left] == [None] * 3


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

    @only_postgresql
    async def test_may_name_several_hosts(self, settings: Settings, templates: Templates) -> None:
        """As libpq takes them: the first that is there serves, and one where nobody listens is passed over."""
        assert templates.cluster
        there = make_url(templates.cluster.url)
        socket, port = quote(str(there.query["host"]), safe=""), there.query.get("port", "5432")
        for hosts in (f"127.0.0.1:{free_port()},{socket}:{port}", f"{socket}:{port},[::1]:{free_port()}"):
            url = f"postgresql://postgres@{hosts}/{settings.database.database}?target_session_attrs=primary"
            named = Settings(_env_file=None, database_url=url)
            async with running(named) as app, client_of(app) as client:
                assert (await client.get("/v1/goals")).status_code == 200

    @only_postgresql
    @pytest.mark.parametrize(
        ("change", "line"),
        [
            ({"username": "nobody"}, "the database does not let this user in: "),
            ({"database": "nowhere"}, "there is no such database: "),
            (
                {"query": {"target_session_attrs": "standby"}},
                "the database does not answer: none of its hosts is standby",
            ),
        ],
        ids=["user", "database", "session"],
    )
    async def test_that_leads_nowhere_is_told_in_one_line(
        self, settings: Settings, caplog: pytest.LogCaptureFixture, change: dict[str, Any], line: str
    ) -> None:
        query = {**settings.database.query, **change.get("query", {})}
        url = settings.database.set(**{**change, "query": query, "drivername": "postgresql"})
        wrong = settings.model_copy(update={"database_url": url.render_as_string(hide_password=False)})
        async with running(wrong) as app, client_of(app) as client:
            problem_of(await client.get("/v1/goals"), 503, "unavailable")
            problem_of(await client.get("/readyz"), 503, "unavailable")
        said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert said[0].startswith(line)
        assert said[1].startswith(f"not ready: {line}")
        assert not any(record.exc_info for record in caplog.records)

    @only_postgresql
    async def test_of_a_standby_serves_reads_only(
        self, settings: Settings, templates: Templates, caplog: pytest.LogCaptureFixture
    ) -> None:
        named = settings.model_copy(update={"operator": "Musterstadt"})
        async with running(named) as app, client_of(app, templates.keys["keeper"]) as client:
            async with app.state.runtime.database.transaction() as session:
                name = settings.database.database
                await session.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
            await app.state.runtime.database.close()
            try:
                assert (await client.get("/v1/goals")).status_code == 200
                problem_of(await client.post("/v1/partners", json=body_of("partners")), 503, "unavailable")
            finally:
                async with app.state.runtime.database.transaction() as session:
                    await session.execute(text("SET TRANSACTION READ WRITE"))
                    await session.execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
        assert "the database is a standby, which only reads: " in caplog.text


class TestSchema:
    @any_database
    async def test_of_another_version_is_said_on_all_of_the_api(self, settings: Settings) -> None:
        async with running(settings) as app, client_of(app) as client:
            async with app.state.runtime.database.transaction() as session:
                newest = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
            await set_revision(app.state.runtime.database, "0001")
            for path in ("/v1/goals", "/v1/changes", "/v1/reports/progress", "/readyz"):
                told = problem_of(await client.get(path), 503, "unavailable", remedy=LEFT_TO_OPERATOR)
                assert "register migrate" in told["detail"]
            problem_of(await client.post("/v1/goals", json={}), 503, "unavailable", remedy=LEFT_TO_OPERATOR)
            assert (await client.get("/healthz")).status_code == 200
            await set_revision(app.state.runtime.database, newest)
            assert (await client.get("/v1/goals")).status_code == 200

    @any_database
    async def test_that_a_newer_version_changes_lets_this_one_go_on(self, settings: Settings) -> None:
        async with running(settings) as app, client_of(app) as client:
            assert (await client.get("/v1/goals")).status_code == 200
            await set_revision(app.state.runtime.database, "9999")
            assert (await client.get("/v1/goals")).status_code == 200
            problem_of(await client.get("/readyz"), 503, "unavailable", remedy=LEFT_TO_OPERATOR)
