"""The lines of an import, each written as a PUT under its id would write it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select

from app.changes.log import Transaction
from app.executed import Executed
from app.http.errors import Invalid
from app.http.messages import errors_in
from app.http.problems import FieldError, Problem, at
from app.interchange.bodies import Intake, said_in
from app.interchange.content import identified, replaced
from app.interchange.lines import Line
from app.interchange.models import ERRORS_KEPT
from app.interchange.putting import as_new, free_for, placed
from app.interchange.resolving import Known, asked, known_in, with_own_ids
from app.language import Text
from app.resources.external_ids import EXTERNAL_IDS, ExternalId
from app.resources.ownership import authorise, standing_of
from app.resources.schema import Stored
from app.resources.writing import at_address, rewrite, store_many
from app.schema.base import Schema
from app.tables import table_of

NO_ID = Text(
    "Jede Zeile sagt in external_ids, unter welcher Id welches Systems sie steht.",
    "Each line says in external_ids by which id of which system it is known.",
)
SAID_TWICE = Text("Diese Id steht schon in einer früheren Zeile.", "This id stands in an earlier line already.")

PARTS = 20
"""Into how many parts lines are divided where one is wrong."""


class Said(NamedTuple):
    """A line that is well-formed: its number, by which id it is known, and what it says."""

    number: int
    own: ExternalId
    content: dict[str, Any]


class Counts(NamedTuple):
    """What lines came to."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass
class ImportTally:
    """How far an import is."""

    lines_read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def add(self, counts: Counts) -> None:
        """Count what lines came to."""
        self.created += counts.created
        self.updated += counts.updated
        self.unchanged += counts.unchanged

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


async def try_lines(
    session: Transaction,
    intake: Intake,
    lines: Sequence[Said],
    tally: ImportTally,
    executed: list[Executed] | None = None,
) -> Counts:
    """Write lines together; where that is refused, some of them and at last one by one, to note what is wrong with which.

    What is undone is taken out of `executed`, where it is noted. Returns what the others came to.
    """
    known = await session.run_sync(lambda inner: known_in(inner.connection(), keys_of(intake, lines)))
    executed = [] if executed is None else executed
    before, noted = len(session.written), len(executed)
    counts = Counts()
    try:
        async with session.begin_nested():
            counts = await write_lines(session, intake, lines, known)
    except Problem as problem:
        del session.written[before:], executed[noted:]
        if len(lines) == 1:
            tally.fail(lines[0].number, problem)
        else:
            some = max(1, len(lines) // PARTS)
            parts = [lines[start : start + some] for start in range(0, len(lines), some)]
            each = [await try_lines(session, intake, part, tally, executed) for part in parts]
            counts = Counts(*map(sum, zip(*each, strict=True)))
    session.expunge_all()
    return counts


async def write_lines(session: Transaction, intake: Intake, lines: Sequence[Said], known: Known) -> Counts:
    """Write lines, each as a PUT under its id would; raises what is wrong with the first that is."""
    kind = intake.kind
    rows = await rows_of(session, intake, [known.get((kind.type, *key_of(line.own))) for line in lines])
    new: list[Schema] = []
    updated = unchanged = 0
    for line in lines:
        said, errors = with_own_ids(intake, line.content, known)
        if errors:
            raise Invalid(errors=errors)
        row = rows.get(known.get((kind.type, *key_of(line.own))))
        if row is None:
            content = await placed(session, kind, as_new(kind, said, line.own))
            row = None if kind.id_of is None else await at_address(session, kind, content)
        if row is None:
            new.append(content)
            continue
        is_changed = await replace(session, intake, row, said, line.own)
        updated, unchanged = updated + is_changed, unchanged + (not is_changed)
    if new:
        await store_many(session, kind, new)
    return Counts(len(new), updated, unchanged)


async def replace(session: Transaction, intake: Intake, row: Stored, said: dict[str, Any], own: ExternalId) -> bool:
    """Replace what is there; returns whether it is changed."""
    kind, version = intake.kind, row.version
    await authorise(session, kind, row)
    ids = identified(said, free_for(row, own), own)
    after = replaced(kind, row, {**said, EXTERNAL_IDS: ids}, await standing_of(session, kind, row))
    written = await rewrite(session, kind, row, after)
    return bool(written.version != version)


async def rows_of(session: Transaction, intake: Intake, ids: Sequence[UUID | None]) -> dict[UUID | None, Stored]:
    """The rows of those that are there, held until the transaction ends."""
    there = [id for id in ids if id is not None]
    if not there:
        return {}
    table = intake.kind.table
    wanted = select(table).where(table_of(table).c.id.in_(there)).with_for_update()
    return {row.id: row for row in (await session.execute(wanted)).scalars()}


def key_of(own: ExternalId) -> tuple[str, str]:
    """What tells an id of another system from others."""
    return own.system, own.id


def keys_of(intake: Intake, lines: Sequence[Said]) -> Iterator[tuple[str, str, str]]:
    """All ids of other systems that lines name: their own, and those of what they refer to."""
    for line in lines:
        yield intake.kind.type, *key_of(line.own)
        yield from (each.key for each in asked(intake, line.content))


def judged(intake: Intake, line: Line, seen: set[bytes]) -> Said:
    """What a line says, by the schema; raises what is wrong with it."""
    if line.problem is not None:
        raise line.problem
    try:
        body = intake.body.model_validate(line.content)
    except ValidationError as error:
        raise Invalid(errors=errors_in(error, "body")) from None
    said = said_in(body)
    if not said.get(EXTERNAL_IDS):
        raise Invalid(errors=[at(EXTERNAL_IDS, code="external_id_required", detail=NO_ID)])
    own = ExternalId.model_validate(said[EXTERNAL_IDS][0])
    mark = hashlib.blake2b(f"{own.system}/{own.id}".encode(), digest_size=12).digest()
    if mark in seen:
        raise Invalid(errors=[at(EXTERNAL_IDS, 0, code="repeated", detail=SAID_TWICE)])
    seen.add(mark)
    return Said(line.number, own, said)
