"""Carrying an import out: every line is tried outside of the one transaction in which then all are written, or none."""

import asyncio
import hashlib
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select

from app.access.caller import Caller
from app.changes.log import Transaction, lay_by, rehearsal, transaction
from app.database import Database, table_of
from app.http.errors import Invalid
from app.http.messages import field_errors
from app.http.problems import FieldError, Problem, at
from app.interchange.bodies import Form, said_in
from app.interchange.content import identified, replaced
from app.interchange.lines import Line, lines_of
from app.interchange.models import ERRORS_KEPT
from app.interchange.putting import as_new, free_for, placed
from app.interchange.resolving import Known, asked, known_in, with_own_ids
from app.language import Text
from app.resources.external_ids import EXTERNAL_IDS, ExternalId
from app.resources.ownership import authorise, standing_of
from app.resources.schema import Stored
from app.resources.writing import at_address, rewrite, store_many
from app.schema.base import Schema

BATCH = 100
"""How many lines are written without a look at who else waits for this process: some hundredths of a second."""
NO_ID = Text(
    "Jede Zeile sagt in external_ids, unter welcher Id welches Systems sie steht.",
    "Each line says in external_ids by which id of which system it is known.",
)
SAID_TWICE = Text("Diese Id steht schon in einer früheren Zeile.", "This id stands in an earlier line already.")


class Said(NamedTuple):
    """A line that is well-formed: its number, by which id it is known, and what it says."""

    number: int
    own: ExternalId
    content: dict[str, Any]


@dataclass
class Tally:
    """How far an import is."""

    lines_read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, line: int | None, problem: Problem) -> None:
        """Note what is wrong in a line."""
        self.note(line, problem.errors or [at(code=problem.slug.replace("-", "_"), detail=problem.detail)])

    def note(self, line: int | None, errors: Sequence[FieldError]) -> None:
        """Note errors of a line, or of the file as a whole."""
        self.failed += 1
        for each in errors[: ERRORS_KEPT - len(self.errors)]:
            self.errors.append(
                {"line": line, "pointer": each.name, "code": each.code, "de": each.detail.de, "en": each.detail.en}
            )


@dataclass
class Importing:
    """One import: what is read, for whom, and how far it is; `tell` is called whenever it is further.

    `lines_done` counts the lines that were tried, and again those that are written.
    """

    database: Database
    by: Caller
    zone: tzinfo
    now: datetime
    form: Form
    file: BinaryIO
    media_type: str
    tell: Callable[[Tally], Awaitable[None]]
    tally: Tally = field(default_factory=Tally)
    lines_done: int = 0
    is_writing: bool = False

    async def carry_out(self, *, is_dry: bool) -> Tally:
        """Try all lines, and write them when none is wrong."""
        with TemporaryFile() as tried:
            async for lines in self.batches():
                async with rehearsal(self.database, self.by, self.zone, self.now) as session:
                    await self.try_lines(session, lines)
                await asyncio.to_thread(pickle.dump, lines, tried)
                self.lines_done += len(lines)
                await self.tell(self.tally)
            if not self.tally.failed and not is_dry:
                await self.write(tried)
        return self.tally

    async def write(self, tried: BinaryIO) -> None:
        """Write all lines in one transaction; what they say was read before it, so that others wait less long for it."""
        written = Tally(lines_read=self.tally.lines_read)
        self.tally, self.is_writing, end = written, True, tried.tell()
        tried.seek(0)
        try:
            async with transaction(self.database, self.by, self.zone, self.now) as session:
                while tried.tell() < end:
                    lines: list[Said] = await asyncio.to_thread(pickle.load, tried)
                    await self.try_lines(session, lines)
                    self.stop_if_failed()
                    await lay_by(session)
                    self.lines_done += len(lines)
                    await self.tell(self.tally)
        except Problem as problem:
            if not written.failed:
                written.fail(None, problem)

    def stop_if_failed(self) -> None:
        """Let the transaction be rolled back: what could be written when it was tried cannot be any more."""
        if self.tally.failed:
            raise Invalid

    async def batches(self) -> AsyncIterator[list[Said]]:
        """The well-formed lines, some at a time, read where it stops nobody else."""
        self.file.seek(0)
        lines, seen = lines_of(self.file, self.media_type, self.form), set[bytes]()
        while True:
            read = await asyncio.to_thread(lambda: list(islice(lines, BATCH)))
            if not read:
                return
            said = await asyncio.to_thread(self.judged, read, seen)
            if said:
                yield said

    def judged(self, lines: Sequence[Line], seen: set[bytes]) -> list[Said]:
        """The lines that are well-formed; what is wrong with the others is noted."""
        found: list[Said] = []
        for line in lines:
            self.tally.lines_read += 1
            try:
                found.append(judged(self.form, line, seen))
            except Problem as problem:
                self.tally.fail(line.number, problem)
        return found

    async def try_lines(self, session: Transaction, lines: Sequence[Said]) -> None:
        """Write lines together; where that is refused, one by one, to see which it is."""
        known = await session.run_sync(lambda inner: known_in(inner.connection(), keys_of(self.form, lines)))
        before = len(session.written)
        try:
            async with session.begin_nested():
                await self.write_lines(session, lines, known)
        except Problem:
            del session.written[before:]
            for line in lines:
                await self.try_line(session, line, known)
        session.expunge_all()

    async def try_line(self, session: Transaction, line: Said, known: Known) -> None:
        """Write one line, or note what is wrong with it."""
        before = len(session.written)
        try:
            async with session.begin_nested():
                await self.write_lines(session, [line], known)
        except Problem as problem:
            del session.written[before:]
            self.tally.fail(line.number, problem)

    async def write_lines(self, session: Transaction, lines: Sequence[Said], known: Known) -> None:
        """Write lines, each as a PUT under its id would; raises what is wrong with the first that is."""
        kind = self.form.kind
        rows = await self.rows_of(session, [known.get((kind.type, *key_of(line.own))) for line in lines])
        new: list[Schema] = []
        updated = unchanged = 0
        for line in lines:
            said, errors = with_own_ids(self.form, line.content, known)
            if errors:
                raise Invalid(errors=errors)
            row = rows.get(known.get((kind.type, *key_of(line.own))))
            if row is None:
                content = await placed(session, kind, as_new(kind, said, line.own))
                row = None if kind.id_of is None else await at_address(session, kind, content)
            if row is None:
                new.append(content)
                continue
            is_changed = await self.replace(session, row, said, line.own)
            updated, unchanged = updated + is_changed, unchanged + (not is_changed)
        if new:
            await store_many(session, kind, new)
        self.tally.created += len(new)
        self.tally.updated += updated
        self.tally.unchanged += unchanged

    async def replace(self, session: Transaction, row: Stored, said: dict[str, Any], own: ExternalId) -> bool:
        """Replace what is there; returns whether it is changed."""
        kind, version = self.form.kind, row.version
        await authorise(session, kind, row)
        ids = identified(said, free_for(row, own), own)
        after = replaced(kind, row, {**said, EXTERNAL_IDS: ids}, await standing_of(session, kind, row))
        written = await rewrite(session, kind, row, after)
        return bool(written.version != version)

    async def rows_of(self, session: Transaction, ids: Sequence[UUID | None]) -> dict[UUID | None, Stored]:
        """The rows of those that are there, held until the transaction ends."""
        there = [id for id in ids if id is not None]
        if not there:
            return {}
        table = self.form.kind.table
        wanted = select(table).where(table_of(table).c.id.in_(there)).with_for_update()
        return {row.id: row for row in (await session.execute(wanted)).scalars()}


def key_of(own: ExternalId) -> tuple[str, str]:
    """What tells an id of another system from others."""
    return own.system, own.id


def keys_of(form: Form, lines: Sequence[Said]) -> Iterator[tuple[str, str, str]]:
    """All ids of other systems that lines name: their own, and those of what they refer to."""
    for line in lines:
        yield form.kind.type, *key_of(line.own)
        yield from (each.key for each in asked(form, line.content))


def judged(form: Form, line: Line, seen: set[bytes]) -> Said:
    """What a line says, by the schema; raises what is wrong with it."""
    if line.problem is not None:
        raise line.problem
    try:
        body = form.body.model_validate(line.content)
    except ValidationError as error:
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise Invalid(errors=field_errors(errors)) from None
    said = said_in(body)
    if not said.get(EXTERNAL_IDS):
        raise Invalid(errors=[at(EXTERNAL_IDS, code="external_id_required", detail=NO_ID)])
    own = ExternalId.model_validate(said[EXTERNAL_IDS][0])
    mark = hashlib.blake2b(f"{own.system}/{own.id}".encode(), digest_size=12).digest()
    if mark in seen:
        raise Invalid(errors=[at(EXTERNAL_IDS, 0, code="repeated", detail=SAID_TWICE)])
    seen.add(mark)
    return Said(line.number, own, said)
