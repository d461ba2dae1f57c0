"""A primary and a standby that follows it, of the same server that the other tests run on."""

import asyncio
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

from tests.faults.conftest import DurableCluster
from tests.processes import free_port

ATTEMPTS = 300


@dataclass
class Node:
    """One server on a port of its own: the primary, or what was made of a copy of it."""

    folder: Path
    programs: Path
    user: str | None
    port: int = field(default_factory=free_port)

    @property
    def host(self) -> str:
        """Where it listens, as a URL says it."""
        return f"127.0.0.1:{self.port}"

    def url(self, database: str = "postgres") -> str:
        """The URL of a database of it."""
        return f"postgresql://postgres@{self.host}/{database}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs; no pipe, because a server would inherit it and keep it open."""
        with (self.folder.parent / "programs.log").open("ab") as log:
            subprocess.run(  # noqa: S603 (PostgreSQL's own program)
                [str(self.programs / program), *arguments],
                check=True,
                timeout=60,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
                cwd="/",
            )

    def control(self, *command: str) -> None:
        """Have pg_ctl do something with it, and wait until it is done."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=100 -c fsync=off"
        starting = ("-o", options) if command[-1] == "start" else ()
        log = str(self.folder.parent / f"{self.folder.name}.log")
        self.run("pg_ctl", "-D", str(self.folder), "-l", log, "-w", *starting, *command)

    def freeze(self) -> None:
        """Stop all of its processes: the network still takes what is sent to it, and nobody answers."""
        self.tell(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let its processes go on."""
        self.tell(signal.SIGCONT)

    def tell(self, what: signal.Signals) -> None:
        """Send a signal to all of its processes; those of connections end when they like."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(what)

    def processes(self) -> list[psutil.Process]:
        """All of its processes."""
        leader = psutil.Process(int((self.folder / "postmaster.pid").read_text("utf-8").split()[0]))
        return [leader, *leader.children(recursive=True)]

    def end(self) -> None:
        """Make sure that nothing of it runs."""
        if (self.folder / "postmaster.pid").exists():
            self.thaw()
            self.control("-m", "immediate", "stop")

    async def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement."""
        async with self.asking(database) as connection:
            await connection.execute(statement)

    async def value(self, question: str, database: str = "postgres") -> object:
        """What one question is answered with."""
        async with self.asking(database) as connection:
            return await connection.fetchval(question)

    async def until_it_has_followed(self, primary: "Node", database: str) -> None:
        """Wait until it shows what the primary has committed."""
        wanted = await primary.value("SELECT pg_current_wal_lsn()::text")
        question = f"SELECT pg_last_wal_replay_lsn() >= '{wanted}'"
        for _ in range(ATTEMPTS):
            if await self.value(question, database):
                return
            await asyncio.sleep(0.1)
        raise TimeoutError

    @asynccontextmanager
    async def asking(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        """A connection for a moment."""
        connection = await asyncpg.connect(self.url(database))
        try:
            yield connection
        finally:
            await connection.close()

    def copied(self, name: str) -> "Node":
        """A standby that is made from it and follows it."""
        standby = Node(self.folder.parent / name, self.programs, self.user)
        source = f"host=127.0.0.1 port={self.port} user=postgres"
        self.run("pg_basebackup", "-D", str(standby.folder), "-d", source, "-R", "-X", "stream", "-c", "fast", "-N")
        standby.control("start")
        return standby


@contextmanager
def copy_of(cluster: DurableCluster) -> Iterator[Node]:
    """A new primary with all that a cluster of the test run holds."""
    folder = Path(tempfile.mkdtemp(prefix="pr", dir="/tmp"))
    if cluster.system_user:
        shutil.chown(folder, cluster.system_user)
    node = Node(folder / "primary", cluster.programs, cluster.system_user)
    try:
        node.run("pg_basebackup", "-D", str(node.folder), "-d", cluster.url, "-X", "stream", "-c", "fast", "-N")
        node.control("start")
        yield node
    finally:
        for each in (path for path in folder.iterdir() if (path / "postmaster.pid").exists()):
            Node(each, cluster.programs, cluster.system_user).end()
        shutil.rmtree(folder, ignore_errors=True)
