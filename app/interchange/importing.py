"""Carrying an import out: every line is tried where no writer waits for it, then all are written in one transaction, or none."""

import asyncio
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from os import SEEK_END
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

from sqlalchemy.orm import Session

from app.access.caller import Caller
from app.access.validity import check_still_valid
from app.changes.log import Transaction, end, lay_by, rehearsal, transaction
from app.changes.quota import check_quota
from app.changes.repeating import Done, noted, repeated
from app.database.engines import Database
from app.database.executed import Executed
from app.database.private_copy import private_copy
from app.http.errors import Invalid
from app.http.problems import Problem, at
from app.interchange.bodies import Intake
from app.interchange.lines import Line, lines_of
from app.interchange.trying import Counts, ImportTally, Said, judged, try_lines
from app.language import Text

BATCH = 25
"""How many lines are tried together where others wait for what they touch: some hundredths of a second."""
BATCH_APART = 500
"""The same on SQLite, where what others read is not held: the more together, the less work, above all in the transaction that writes."""
BATCH_BYTES = 1024 * 1024
"""How long lines are together at most, the last one excepted."""
SMALL = 64 * 1024
"""How many bytes a file may have for which SQLite's is not copied: some hundred lines."""
MOST_ANEW = 1_000
"""How many lines are tried anew at most while all writers of SQLite wait."""
ATTEMPTS = 3
OVERTAKEN = Text(
    "Worauf sich die Zeilen beziehen, haben andere währenddessen zu oft geändert. Es wurde nichts geschrieben; bitte noch "
    "einmal senden.",
    "What the lines refer to was changed by others too often meanwhile. Nothing was written; please send it again.",
)


class Overtaken(Exception):
    """Others have changed too much of what the lines go by."""


class Tried(NamedTuple):
    """Lines that were tried together: how many, as they are kept in case that they are tried anew, what was done for them, and
    what they came to."""

    number: int
    lines: bytes
    done: Done
    counts: Counts


class Trial(NamedTuple):
    """What was tried, some lines after the others: in a file, up to its `end`, and from which position of the log."""

    file: BinaryIO
    position: int | None
    writes: bool
    end: int


@dataclass
class Importing:
    """One import: what is read, for whom, and how far it is; `tell` is called whenever it is further.

    `lines_done` counts the lines that were tried, and again those that are written.
    """

    database: Database
    by: Caller
    zone: tzinfo
    now: datetime
    intake: Intake
    file: BinaryIO
    media_type: str
    tell: Callable[[ImportTally], Awaitable[None]]
    tally: ImportTally = field(default_factory=ImportTally)
    lines_done: int = 0
    is_writing: bool = False

    async def carry_out(self, *, is_dry: bool) -> ImportTally:
        """Try all lines, and write them when none is wrong."""
        for _ in range(ATTEMPTS):
            self.tally, self.lines_done, self.is_writing = ImportTally(), 0, False
            with TemporaryFile() as file:
                trial = await self.try_all(file)
                if is_dry or self.tally.failed or not trial.writes:
                    return self.tally
                try:
                    await self.write(trial)
                except Overtaken:
                    continue
            return self.tally
        self.tally.note(None, [at(code="overtaken", detail=OVERTAKEN)])
        return self.tally

    async def try_all(self, file: BinaryIO) -> Trial:
        """Try all lines, of which nothing stays but what was done, in a file; raises TooManyRequests."""
        writes, size = False, 0
        async with self.trying() as (begun, position):
            async for lines in self.batches():
                async with begun() as session:
                    tried = await self.database.apart(self.try_batch(session, lines))
                writes, size = writes or tried.done.writes, size + tried.done.entries.size
                self.check_size(size)
                await asyncio.to_thread(pickle.dump, tried, file)
                self.lines_done += len(lines)
                await self.tell(self.tally)
        return Trial(file, position, writes, file.tell())

    @asynccontextmanager
    async def waited_for(
        self, begin: Callable[[], AbstractAsyncContextManager[Transaction]]
    ) -> AsyncIterator[Transaction]:
        """A transaction that others wait for longer."""
        with self.database.written_long():
            async with begin() as session:
                yield session

    def check_size(self, size: int) -> None:
        """Raise TooManyRequests as soon as what is tried is more than the key may write in a day."""
        if self.by.key_id is not None:
            check_quota(size, self.now, self.database.write_quota)

    @asynccontextmanager
    async def trying(
        self,
    ) -> AsyncIterator[tuple[Callable[[], AbstractAsyncContextManager[Transaction]], int | None]]:
        """Transactions to try lines in, and the position of the log that they see, where that is one for all.

        SQLite has one writer at a time: what takes long is tried in a copy, where lines see those before them, too.
        PostgreSQL's lines are tried some at a time, so that no row is held for long.
        """
        begin = partial(rehearsal, self.database, self.by, self.zone, self.now)
        if not self.database.is_sqlite or self.file.seek(0, SEEK_END) <= SMALL:
            yield partial(self.waited_for, begin), None
            return
        async with private_copy(self.database) as copy, begin(copy) as session:
            yield lambda: nullcontext(session), await end(session)

    async def try_batch(self, session: Transaction, lines: list[Said]) -> Tried:
        """Try lines, and note what was done for them."""
        counts = Counts()

        async def do(executed: list[Executed]) -> None:
            nonlocal counts
            counts = await try_lines(session, self.intake, lines, self.tally, executed)

        done = await noted(session, do)
        self.tally.add(counts)
        return Tried(len(lines), pickle.dumps(lines), done, counts)

    async def write(self, trial: Trial) -> None:
        """Do again what was done for all lines, in one transaction; raises Overtaken."""
        written = ImportTally(lines_read=self.tally.lines_read)
        self.tally, self.is_writing = written, True
        trial.file.seek(0)
        anew = 0
        try:
            with self.database.written_long():
                async with transaction(self.database, self.by, self.zone, self.now) as session:
                    await session.run_sync(self.check_key)
                    is_same = trial.position is not None and await end(session) == trial.position
                    while trial.file.tell() < trial.end:
                        tried: Tried = pickle.load(trial.file)  # noqa: S301 (our own file)
                        if await self.database.apart(repeated(session, tried.done, is_same=is_same)):
                            written.add(tried.counts)
                        else:
                            anew += tried.number
                            await self.database.apart(self.write_anew(session, tried.lines, anew))
                        self.lines_done += tried.number
                        await self.tell(written)
                        # Whoever else waits for this process comes next.
                        await asyncio.sleep(0)
        except Problem as problem:
            if not written.failed:
                written.fail(None, problem)

    def check_key(self, session: Session) -> None:
        """Raise Unauthorized where the key is not valid any more: trying may have taken minutes."""
        check_still_valid(session.connection(), self.by, self.now, self.now.astimezone(self.zone).date())

    async def write_anew(self, session: Transaction, kept: bytes, anew: int) -> None:
        """Write lines for which something else was found than when they were tried; raises Overtaken where those are many.

        Where one is wrong now, the transaction is rolled back.
        """
        if self.database.is_sqlite and anew > MOST_ANEW:
            raise Overtaken
        lines: list[Said] = pickle.loads(kept)  # noqa: S301 (our own)
        self.tally.add(await try_lines(session, self.intake, lines, self.tally))
        if self.tally.failed:
            raise Invalid
        await lay_by(session)

    async def batches(self) -> AsyncIterator[list[Said]]:
        """The well-formed lines, some at a time, read where it stops nobody else."""
        self.file.seek(0)
        lines, seen = lines_of(self.file, self.media_type, self.intake), set[bytes]()
        while read := await asyncio.to_thread(self.some_of, lines):
            said = await asyncio.to_thread(self.judged, read, seen)
            if said:
                yield said

    def some_of(self, lines: Iterator[Line]) -> list[Line]:
        """The next lines, as many as are tried together; fewer where they are long."""
        most, begin = BATCH_APART if self.database.is_sqlite else BATCH, self.file.tell()
        some: list[Line] = []
        for line in lines:
            some.append(line)
            if len(some) == most or self.file.tell() - begin >= BATCH_BYTES:
                break
        return some

    def judged(self, lines: Sequence[Line], seen: set[bytes]) -> list[Said]:
        """The lines that are well-formed; what is wrong with the others is noted."""
        found: list[Said] = []
        for line in lines:
            self.tally.lines_read += 1
            try:
                found.append(judged(self.intake, line, seen))
            except Problem as problem:
                self.tally.fail(line.number, problem)
        return found
