"""What a running register has at hand, whether it serves requests, works in the background or carries out a command."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Self
from uuid import UUID, uuid4

from app.database.engines import Database
from app.places import Places
from app.settings import Settings

MIB = 1024 * 1024
MOST_WAITING = 100
MOST_WAITING_WITHOUT_KEY = 50


def utc_now() -> datetime:
    """The time that it is, in UTC."""
    return datetime.now(UTC)


def places_to_wait() -> Places:
    """The places for requests that wait for changes."""
    return Places(
        MOST_WAITING,
        most_without_key=MOST_WAITING_WITHOUT_KEY,
        each=MOST_WAITING // 4,
        each_without_key=MOST_WAITING_WITHOUT_KEY // 5,
    )


def places_to_make_tables() -> Places:
    """The places for tables that are made to be sent: each takes a thread and room on the disk."""
    return Places(4, most_without_key=2, each=2, each_without_key=1)


@dataclass
class Runtime:
    """The settings, the database, the clock, and who waits or has something made in this process.

    `process` tells this one from others, and `tasks` are what it does beside its requests. `has_schema` is set once the
    database was seen to have the schema of this version; a newer version may migrate it then, and this one goes on.
    `ending` is set when the process is asked to end, for what would otherwise go on. Nothing is connected before it is
    asked for; whoever makes a Runtime closes it.
    """

    settings: Settings
    database: Database
    clock: Callable[[], datetime] = utc_now
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: Places = field(default_factory=places_to_wait)
    making: Places = field(default_factory=places_to_make_tables)
    has_schema: bool = False
    process: UUID = field(default_factory=uuid4)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What belongs to an installation with these settings."""
        database = Database(
            settings.database,
            pool_size=settings.database_pool_size,
            pool_timeout=settings.database_pool_timeout,
            write_quota=settings.write_quota * MIB,
            lends_transactions=settings.database_pooling == "transaction",
            standby=settings.standby,
        )
        return cls(settings, database)

    @property
    def today(self) -> date:
        """The day that it is in the city: what is late, due or in time depends on it."""
        return self.clock().astimezone(self.settings.zone).date()

    async def close(self) -> None:
        """End what goes on, then close every connection."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.database.close()
