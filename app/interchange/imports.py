"""Imports as the register remembers them: begun, carried out at once or beside the requests, and read."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update
from sqlmodel import col
from starlette.requests import Request

from app.access.caller import Caller
from app.changes.log import end
from app.database.engines import one_at_a_time
from app.database.errors import DATABASE_ERRORS
from app.database.tables import table_of
from app.http.envelope import change_position
from app.http.errors import NotFound
from app.http.problems import Problem, at
from app.interchange.bodies import INTAKES
from app.interchange.errors import ImportRunning
from app.interchange.importing import Importing
from app.interchange.models import Import, ImportPublic, ImportQuery, LineError
from app.interchange.terms import ImportState
from app.interchange.trying import ImportTally
from app.language import Language, Text
from app.resources.ids import new_id
from app.runtime import Runtime

AT_ONCE = 1_000
"""How many lines a file has at least that is not answered at once."""
KEPT = timedelta(days=30)
SEEN_WITHIN = timedelta(seconds=60)
TOLD_EVERY = 2.0
INTERRUPTED = Text(
    "Der Prozess endete, bevor der Import fertig war. Es wurde nichts geschrieben; bitte noch einmal senden.",
    "The process ended before the import was done. Nothing was written; please send it again.",
)
BROKEN = Text(
    "Die Datenbank hat den Import nicht angenommen. Es wurde nichts geschrieben.",
    "The database did not take the import. Nothing was written.",
)

logger = logging.getLogger(__name__)


async def received(request: Request) -> tuple[BinaryIO, int]:
    """The body of a request in a file without a name, and how many lines it has."""
    file = TemporaryFile()  # noqa: SIM115 (whoever carries the import out closes it)
    lines, last = 0, b"\n"
    try:
        async for part in request.stream():
            if part:
                await asyncio.to_thread(file.write, part)
                lines, last = lines + part.count(b"\n"), part[-1:]
    except BaseException:
        file.close()
        raise
    return file, lines + (last != b"\n")


async def begin(
    runtime: Runtime, caller: Caller, wanted: ImportQuery, file: BinaryIO, lines: int, media_type: str
) -> tuple[Any, bool]:
    """Carry an import out, or begin to; returns its row, and whether it is done.

    Raises ImportRunning while another one of the partner goes on.
    """
    id = new_id()
    row = {
        "id": id,
        "resource": wanted.resource,
        "partner_id": caller.partner_id,
        "dry_run": wanted.dry_run,
        "state": ImportState.running,
        "process": runtime.process,
        "started_at": runtime.clock(),
        "seen_at": runtime.clock(),
        **asdict(ImportTally()),
    }
    job = Job(runtime, caller, id, file, media_type, wanted)
    try:
        await remember(runtime, caller, row)
    except BaseException:
        file.close()
        raise
    if lines < AT_ONCE:
        await job.carry_out()
        return await found(runtime, caller, id), True
    task = asyncio.create_task(job.carry_out())
    runtime.tasks.add(task)
    task.add_done_callback(runtime.tasks.discard)
    return await found(runtime, caller, id), False


async def remember(runtime: Runtime, caller: Caller, row: dict[str, Any]) -> None:
    """Note that an import begins, and forget those of long ago."""
    table = table_of(Import)
    others = select(table).where(table.c.partner_id == caller.partner_id, table.c.state == ImportState.running)
    async with runtime.database.transaction() as session:
        # Two that begin at once would else not see each other.
        await one_at_a_time(session, f"import {caller.partner_id}")
        await session.execute(delete(Import).where(col(Import.started_at) < row["started_at"] - KEPT))
        for other in (await session.execute(others)).mappings().all():
            if state_of(runtime, other) is ImportState.running:
                raise ImportRunning(headers={"Retry-After": "10"}, import_id=str(other["id"]))
        await session.execute(insert(table), row)
        change_position.set(await end(session))


class Job:
    """An import that is carried out, and told of in its row."""

    def __init__(
        self, runtime: Runtime, caller: Caller, id: UUID, file: BinaryIO, media_type: str, wanted: ImportQuery
    ) -> None:
        self.runtime, self.id, self.file, self.is_dry = runtime, id, file, wanted.dry_run
        self.told_at = 0.0
        self.importing = Importing(
            runtime.database,
            caller,
            runtime.settings.zone,
            runtime.clock(),
            INTAKES[wanted.resource],
            file,
            media_type,
            self.tell,
        )

    async def carry_out(self) -> None:
        """Do it, and say what came of it, whatever it was."""
        failure: Text | None = INTERRUPTED
        try:
            await self.importing.carry_out(is_dry=self.is_dry)
            failure = None
        except Problem as problem:
            failure = problem.detail
        except DATABASE_ERRORS as error:
            logger.warning("an import was given up: %s", type(error).__name__)
            failure = BROKEN
        finally:
            self.file.close()
            if failure is not None:
                self.importing.tally.note(None, [at(code="given_up", detail=failure)])
            with suppress(*DATABASE_ERRORS):
                await self.note(ImportState.failed if self.importing.tally.failed else ImportState.done)

    async def tell(self, _tally: ImportTally) -> None:
        """Note how far it is, every few seconds; SQLite has no second writer for that while all is written."""
        now = asyncio.get_running_loop().time()
        if self.importing.is_writing and self.runtime.database.is_sqlite:
            return
        if now - self.told_at > TOLD_EVERY:
            self.told_at = now
            await self.note(ImportState.running)

    async def note(self, state: ImportState) -> None:
        """Write into its row how far it is."""
        tally = asdict(self.importing.tally)
        if self.importing.tally.failed and state is not ImportState.running:
            tally |= {"created": 0, "updated": 0, "unchanged": 0}
        async with self.runtime.database.transaction() as session:
            await session.execute(
                update(Import)
                .where(col(Import.id) == self.id)
                .values(state=state, seen_at=self.runtime.clock(), **tally)
            )


def state_of(runtime: Runtime, row: Any) -> ImportState:
    """How far an import is: one that no process carries out any more has failed."""
    if row["state"] is not ImportState.running or row["process"] == runtime.process:
        state: ImportState = row["state"]
        return state
    # It may have been seen before the clock was put back.
    is_alive = not runtime.database.is_sqlite and abs(runtime.clock() - row["seen_at"]) < SEEN_WITHIN
    return ImportState.running if is_alive else ImportState.failed


async def found(runtime: Runtime, caller: Caller, id: UUID) -> Any:
    """The row of an import; raises NotFound for whoever's it is not."""
    table = table_of(Import)

    def work(connection: Connection) -> Any:
        return connection.execute(select(table).where(table.c.id == id)).mappings().first()

    row = await runtime.database.read(work, is_quick=True)
    if row is None or (row["partner_id"] != caller.partner_id and not caller.is_command):
        raise NotFound
    return row


def shown(runtime: Runtime, row: Any, language: Language) -> ImportPublic:
    """An import as it is answered, with what is wrong in the caller's language."""
    state = state_of(runtime, row)
    errors = [
        LineError(line=each["line"], pointer=each["pointer"], code=each["code"], detail=each[language])
        for each in row["errors"]
    ]
    errors.sort(key=lambda each: each.line or 0)
    if state is not row["state"]:
        errors.append(LineError(line=None, pointer="#", code="given_up", detail=getattr(INTERRUPTED, language)))
    return ImportPublic.model_validate({**row, "state": state, "errors": errors})
