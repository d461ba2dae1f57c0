"""Writing the log: the one place that numbers changes."""

import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session
from sqlmodel import col

from app.access.caller import Caller
from app.changes.blanking import Blank, blank_entry, overwrite_behind
from app.changes.findings import FoundBy, store_findings
from app.changes.models import LogHead
from app.changes.numbering import add_entries, add_only_entry, bound, count_quota, note_about, note_subjects
from app.changes.pending import Pending
from app.changes.quota import check_quota
from app.changes.tallies import Cell, add_tallies
from app.changes.tree import TILE, grow
from app.changes.written import Written, entry, size_of, state_of
from app.database.engines import Database
from app.database.errors import DATABASE_ERRORS
from app.http.envelope import change_position

logger = logging.getLogger(__name__)

Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Correction:
    """What two sides correct: by which proposal, made by which partner."""

    proposal_id: UUID
    proposed_by_id: UUID


class Transaction(AsyncSession):
    """One transaction of one caller, whose changes are added to the log at its end.

    `now` is the moment of all that it writes, in UTC; a command that loads what happened earlier sets it. `zone` is the
    city's, by which moments become days. `correcting` is the proposal whose confirmation is being carried out, which lifts
    what is frozen and the steps between states; the words are then those of both partners. `sides` keeps on which sides
    partners stand, as far as that was looked up, `tallied` and `found` what the rows that were stored last are counted in
    and found by. `link` is its connection, once it has begun.
    """

    database: Database
    by: Caller
    now: datetime
    zone: tzinfo
    written: list[Written]
    pending: Pending
    blanks: list[tuple[int, Blank]]
    correcting: Correction | None = None
    sides: dict[Any, Any]
    tallied: dict[UUID, Mapping[Cell, int]]
    found: dict[UUID, Collection[FoundBy]]
    appended: range = range(0)
    link: Connection | None = None

    async def over(
        self, work: Callable[Concatenate[Connection, Given], Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """What work comes to over the connection of the transaction, which the session is asked for once.

        Within a savepoint it is asked each time: it begins one with that.
        """

        def step(session: Session) -> Result:
            if self.link is None or session.in_nested_transaction():
                self.link = session.connection()
            return work(self.link, *given, **named)

        return await self.run_sync(step)

    @contextmanager
    def corrected_by(self, correction: Correction) -> Iterator[None]:
        """Let what is written in the block be what a proposal corrects."""
        self.correcting = correction
        try:
            yield
        finally:
            self.correcting = None

    @property
    def today(self) -> date:
        """The day that it is in the city."""
        return self.now.astimezone(self.zone).date()


@asynccontextmanager
async def transaction(
    database: Database, by: Caller, zone: tzinfo, now: datetime | None = None
) -> AsyncIterator[Transaction]:
    """One transaction, at whose end its changes are added to the log; the only way to write a resource."""
    async with AsyncExitStack() as numbering, begun(database, by, zone, now or datetime.now(UTC)) as session:
        yield session
        if session.written or session.pending.count:
            await numbering.enter_async_context(database.numbering)
            await append(session)
        position = session.appended[-1] if session.appended else await end(session)
    change_position.set(position)
    if session.blanks:
        await overwrite_behind(database)
    if any(position % TILE == TILE - 1 for position in session.appended):
        await grow_behind(database)


@asynccontextmanager
async def joining(
    connection: AsyncConnection, database: Database, by: Caller, zone: tzinfo
) -> AsyncIterator[Transaction]:
    """A transaction like that within one that somebody else has begun and commits, such as a migration's."""
    with closing(Pending()) as pending:
        async with Transaction(connection, expire_on_commit=False) as session:
            begin(session, database, by, zone, datetime.now(UTC), pending)
            yield session
            await append(session)
            await session.commit()


def begin(session: Transaction, database: Database, by: Caller, zone: tzinfo, now: datetime, pending: Pending) -> None:
    """Make a session that was just opened the transaction of a caller at a moment, in which nothing was written yet."""
    session.database, session.by, session.zone, session.now = database, by, zone, now
    session.written, session.pending, session.blanks = [], pending, []
    session.sides, session.tallied, session.found = {}, {}, {}


async def end(session: AsyncSession) -> int:
    """The last position of the log."""
    return int((await session.execute(select(col(LogHead.position)))).scalar_one())


class Undone(Exception):
    """Rolls a rehearsal back."""


@asynccontextmanager
async def rehearsal(
    database: Database, by: Caller, zone: tzinfo, now: datetime, copy: AsyncConnection | None = None
) -> AsyncIterator[Transaction]:
    """A transaction like that of which nothing stays: what it would refuse is refused; in a `copy` of the database, if there is one."""
    with suppress(Undone):
        async with begun(database, by, zone, now, copy) as session:
            yield session
            raise Undone


@asynccontextmanager
async def begun(
    database: Database, by: Caller, zone: tzinfo, now: datetime, copy: AsyncConnection | None = None
) -> AsyncIterator[Transaction]:
    """A transaction of a caller at a moment."""
    with closing(Pending()) as pending:
        async with database.transaction(Transaction) if copy is None else beginning_in(copy) as session:
            begin(session, database, by, zone, now, pending)
            yield session


@asynccontextmanager
async def beginning_in(copy: AsyncConnection) -> AsyncIterator[Transaction]:
    """A transaction over a connection to a copy of the database."""
    async with Transaction(copy, expire_on_commit=False) as session, session.begin():
        yield session


async def grow_behind(database: Database) -> None:
    """Store what the log's tree has grown by; what is not stored now is computed when it is asked for, and stored later."""
    try:
        has_more = True
        while has_more:
            async with database.transaction() as session:
                connection = await session.connection()
                has_more = await database.apart(connection.run_sync(grow))
    except (*DATABASE_ERRORS, PoolTimeout) as error:
        logger.warning("the tree of the log was not stored: %s", type(error).__name__)


async def record(session: Transaction, written: Sequence[Written]) -> None:
    """Note changes for the end of the transaction."""
    start = session.pending.count + len(session.written)
    session.blanks += [(number, blank) for number, each in enumerate(written, start) for blank in each.blanks]
    session.written += [
        replace(each, tallied=session.tallied.pop(each.id, {}), found=session.found.pop(each.id, None))
        for each in written
    ]


async def lay_by(session: Transaction) -> None:
    """Take the changes so far out of memory; who writes much at once calls it now and then."""
    await session.over(prepare, session)


async def append(session: Transaction) -> None:
    """Number the transaction's changes and add them: the last thing that it does.

    Leaves know nothing of their positions and of each other: they are made before.
    """
    if session.written or session.pending.count or session.pending.tallies:
        adding = session.over(append_in, session)
        await (session.database.apart(adding) if session.pending.count else adding)
    for index, blank in session.blanks:
        await blank_entry(session, session.appended[index], blank)


def append_in(connection: Connection, session: Transaction) -> None:
    """Number and add the changes over a connection, and count what they change; raises TooManyRequests above the quota."""
    session.sync_session.flush()
    most, is_alone = session.database.write_quota, len(session.written) == 1 and not session.pending.count
    if is_alone and connection.dialect.name == "postgresql":
        [written] = session.written
        made, tallies = entry(session.by, written, datetime.now(UTC)), session.pending.tallies
        tallies.update(written.tallied)
        charge, subject = charge_for(session, size_of(written)), state_of(written, session.now)
        position, total = add_only_entry(
            connection, subject, made, charge, written.about, tallies, written.found, is_new=written.is_first
        )
        session.appended = range(position, position + 1)
        tallies.clear()
        check_quota(total, session.now, most)
    else:
        prepare(connection, session)
        check_quota(count_quota(connection, charge_for(session, session.pending.size)), session.now, most)
        session.appended = add_entries(connection, session.pending)
        add_tallies(connection, session.pending.tallies)


def prepare(connection: Connection, session: Transaction) -> None:
    """Note what is now known of the subjects of changes, and make the changes entries that lack their positions alone."""
    changes, session.written = session.written, []
    new = [state_of(each, session.now) for each in changes if each.is_first]
    note_subjects(connection, new, [state_of(each, session.now) for each in changes if not each.is_first])
    note_about(connection, [{"subject_id": each.id, "about_id": id} for each in changes for id in each.about])
    found = {each.id: each.found for each in changes if each.found is not None}
    store_findings(connection, found, {each.id for each in changes if each.is_first})
    now = datetime.now(UTC)
    entries = [bound(connection.dialect, entry(session.by, each, now)) for each in changes]
    session.pending.add(entries, sum(map(size_of, changes)), *(each.tallied for each in changes))


def charge_for(session: Transaction, size: int) -> dict[str, Any] | None:
    """What is charged for entries of a size: nothing for the register's own commands, which have no key and no quota."""
    if session.database.write_quota is None or session.by.key_id is None:
        return None
    return {"key_id": session.by.key_id, "size": size, "today": session.now.astimezone(UTC).date()}
