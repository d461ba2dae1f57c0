"""How a PostgreSQL is reached: by libpq's own URL, host after host, and never waited for without end."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from types import MappingProxyType
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import Boolean, ColumnElement, Connection, bindparam, event, literal_column, or_
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.database.deadlines import STATEMENT_SECONDS

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
"""How long each host is waited for."""
COMMAND_SECONDS = STATEMENT_SECONDS + 2
"""How long an answer is waited for: a server that is there has ended the statement by itself before."""
SUSPICIOUS_SECONDS = 3.0
"""After how long it is asked beside whether the server is there at all."""
SILENT_SECONDS = 30.0
"""How long the other hosts are asked before one that was silent."""

LIMITS: dict[str, str] = {
    "statement_timeout": str(int(STATEMENT_SECONDS * 1000)),
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "15000",
    "timezone": "UTC",
    # Pages and reports have many ways of which few are gone: their costs are high, and what is compiled for them is not run.
    "jit": "off",
}
"""PostgreSQL has no limit of its own for any of these: a lock or an idle client would hold a connection for ever."""

PLANNED_ANEW: ColumnElement[bool] = or_(
    bindparam("planned_anew", True),  # noqa: FBT003 (the value)
    literal_column("(SELECT count(*) FROM generate_series(1, 1000000000000)) > 0", Boolean()),
)
"""What is always so, and has a statement planned for the values that it is given, each time.

A plan for any values looks cheaper once it has been asked for five times, and may read a whole table for a value that little has.
Of one for these values nothing of this is left, in one for any it would be what costs most.
"""

ALONE = "register_alone"
"""The option of connections over which each statement is sent by itself, with no transaction around it."""
ONE_STATE: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True, ALONE: False}
"""The options of a connection whose transaction reads one state of the database, that of its first statement."""

READ_ONLY = "25006"
OF_NO_USE = (OSError, asyncpg.CannotConnectNowError, asyncpg.TargetServerAttributeNotMatched)
"""With what the next host is tried, as libpq does; who is not let in at one is not let in."""
DEFAULT_PORT = 5432
ANYWHERE: Mapping[str, Any] = MappingProxyType({})
"""The host where the URL names none: that of libpq's variables, or the socket of this machine."""


class Client(asyncpg.Connection):  # type: ignore[misc]  # the driver has no types
    """A connection whose prepared statements have names that no other process gives.

    A pooler that lends transactions, where the register does not know of it, would have a statement of another process carried
    out under the same name; so there is none, which is an error.
    """

    def _get_unique_id(self, prefix: str) -> str:
        return f"{prefix}_{uuid4().hex}"


class Server:
    """The PostgreSQL behind a URL, whichever of its hosts that is, and all connections to it.

    Connections to a host that has fallen silent are dropped together, so that nobody waits for them one by one. With
    `lends_transactions` a pooler stands between that gives a connection away for one transaction: nothing is prepared for
    longer, and limits are set in each. What may take long has no `command_seconds`.
    """

    def __init__(
        self, url: URL, *, lends_transactions: bool = False, command_seconds: float | None = COMMAND_SECONDS
    ) -> None:
        self.dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.hosts = hosts_in(url)
        self.wanted = str(url.query.get("target_session_attrs", "any"))
        self.lends_transactions, self.command_seconds = lends_transactions, command_seconds
        self.connections: WeakKeyDictionary[asyncpg.Connection, int] = WeakKeyDictionary()
        self.silent_until: dict[int, float] = {}
        self.looking: asyncio.Task[None] | None = None

    def engine(self, **pool: Any) -> AsyncEngine:
        """An engine whose connections are the server's."""
        arguments: dict[str, Any] = {"async_creator_fn": self.connect}
        if self.lends_transactions:
            arguments["prepared_statement_cache_size"] = 0
        engine = create_async_engine("postgresql+asyncpg://", connect_args=arguments, **pool)
        event.listen(engine.sync_engine, "handle_error", self.judge)
        event.listen(engine.sync_engine, "checkout", refuse_closed)
        if self.lends_transactions:
            event.listen(engine.sync_engine, "begin", limit_transaction)
        return engine

    async def connect(self) -> asyncpg.Connection:
        """A connection to the first host that is there and is what the URL wants.

        Raises OSError where there is none, and what PostgreSQL says to whom it does not let in.
        """
        said: Exception = OSError()
        for wanted in ("standby", "any") if self.wanted == "prefer-standby" else (self.wanted,):
            for number in sorted(range(len(self.hosts)), key=self.is_silent):
                try:
                    connection = await self.reach(number, wanted)
                except OF_NO_USE as error:
                    said = error
                    if isinstance(error, TimeoutError):
                        self.silent_until[number] = monotonic() + SILENT_SECONDS
                else:
                    self.connections[connection] = number
                    return connection
        if isinstance(said, asyncpg.TargetServerAttributeNotMatched):
            raise ConnectionError(f"none of its hosts is {self.wanted}") from said
        raise said

    def is_silent(self, number: int) -> bool:
        """Whether a host has kept somebody waiting lately: then it is asked last."""
        return self.silent_until.get(number, 0.0) > monotonic()

    async def reach(self, number: int, wanted: str) -> asyncpg.Connection:
        """A connection to one of the hosts."""
        try:
            connection = await asyncpg.connect(
                self.dsn,
                **self.hosts[number],
                connection_class=Client,
                timeout=CONNECT_SECONDS,
                command_timeout=self.command_seconds,
                target_session_attrs=wanted,
                **({"statement_cache_size": 0} if self.lends_transactions else {}),
            )
        except asyncpg.ClientConfigurationError as error:
            # Such as that certificates are to be verified, and by what is not there.
            raise ConnectionError(str(error)) from error
        if not self.lends_transactions:
            # Not with the start of the connection: poolers refuse what they do not know there.
            try:
                await connection.execute(limiting(is_local=False), timeout=CONNECT_SECONDS)
            except BaseException:
                connection.terminate()
                raise
        return connection

    def judge(self, context: ExceptionContext) -> None:
        """Drop what is of no use any more, by what a statement ended with."""
        error = context.original_exception
        if isinstance(error, TimeoutError):
            context.is_disconnect = True
            asked = context.connection
            driver: Any = None if asked is None or asked.invalidated else asked.connection.driver_connection
            if driver in self.connections:
                self.drop(self.connections[driver], error)
        elif getattr(error, "sqlstate", None) == READ_ONLY:
            # What was the primary is a standby now, and the URL may know the one that has followed it.
            context.is_disconnect = True

    def drop(self, number: int, error: BaseException) -> None:
        """End every connection to a host without asking it; whoever waits for an answer is told."""
        self.silent_until[number] = monotonic() + SILENT_SECONDS
        silent = [connection for connection, host in self.connections.items() if host == number]
        place = ":".join(str(each[0]) for each in self.hosts[number].values())
        logger.warning(
            "the database does not answer, %d connections to it are dropped: %s",
            len(silent),
            " ".join((place, str(error) or type(error).__name__)).strip(),
        )
        for connection in silent:
            self.connections.pop(connection, None)
            connection.terminate()

    def watched(self) -> "Watch":
        """Looks after the server for as long as a block waits for it."""
        return Watch(self)

    def suspect(self) -> None:
        """Look whether the server is there, unless somebody does."""
        if self.looking is None or self.looking.done():
            self.looking = asyncio.get_running_loop().create_task(self.look())

    async def look(self) -> None:
        """See whether the hosts of the connections are there, by new ones; drop the connections to those that are not."""
        for number in sorted(set(self.connections.values())):
            try:
                connection = await self.reach(number, "any")
            except OSError as error:
                self.drop(number, error)
            except (asyncpg.PostgresError, asyncpg.InterfaceError):
                # It is there, if it only says that it has no connection left.
                continue
            else:
                with suppress(OSError):
                    await connection.close(timeout=CONNECT_SECONDS)

    async def close(self) -> None:
        """End the connections that are left when their engines are disposed of."""
        if self.looking is not None:
            self.looking.cancel()
            await asyncio.gather(self.looking, return_exceptions=True)
        for connection in list(self.connections):
            connection.terminate()


class Watch:
    """Has it looked whether the server is there, as often as a block has waited for some seconds more."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __enter__(self) -> None:
        self.call = asyncio.get_running_loop().call_later(SUSPICIOUS_SECONDS, self.look)

    def __exit__(self, *_raised: object) -> None:
        self.call.cancel()

    def look(self) -> None:
        """Look now, and after some seconds again."""
        self.server.suspect()
        self.__enter__()


def hosts_in(url: URL) -> list[Mapping[str, Any]]:
    """The hosts that a URL names, each as the driver takes it."""
    named = url.host or url.query.get("host")
    if not named:
        return [ANYWHERE]
    hosts = str(named).split(",")
    ports = str(url.port or url.query.get("port", DEFAULT_PORT)).split(",")
    each = ports * len(hosts) if len(ports) == 1 else ports
    return [{"host": [host], "port": [int(port)]} for host, port in zip(hosts, each, strict=True)]


def limiting(*, is_local: bool) -> str:
    """The statement that sets the limits, for one transaction or for as long as the connection lasts."""
    settings = (f"set_config('{name}', '{value}', {str(is_local).lower()})" for name, value in LIMITS.items())
    return f"SELECT {', '.join(settings)}"


def limit_transaction(connection: Connection) -> None:
    """Set the limits for a transaction that has just begun."""
    connection.exec_driver_sql(limiting(is_local=True))


def refuse_closed(connection: Any, _entry: ConnectionPoolEntry, _lent: Any) -> None:
    """Have the pool make a new connection in place of one that has ended meanwhile."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
