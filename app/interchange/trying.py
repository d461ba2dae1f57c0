"""The lines of an import, each written as a PUT under its id would write it."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select

from app.changes.log import Transaction
from app.database.executed import Executed
from app.database.tables import table_of
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
from app.resources.kind import Write
from app.resources.ownership import authorise, authorise_write, standing_of
from app.resources.schema import Stored
from app.resources.writing import at_address, rewrite, store_many

NO_ID = Text(
    "Jede Zeile sagt in external_ids, unter welcher Id welches Systems sie steht.",
    "Each line says in external_ids by which id of which system it is known.",
)
SAID_TWICE = Text("Diese Id steht schon in einer früheren Zeile.", "This id stands in an earlier line already.")

PARTS = 5
"""Into how many parts lines are divided where one is wrong, and nobody knows which."""
NUMBERED = re.compile(r"#/(\d+)(.*)", re.DOTALL)
"""The place of something that is wrong in one of several."""


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


class Wrong(Exception):
    """What is wrong with some lines, by their numbers; others may be wrong as well."""

    def __init__(self, problems: Mapping[int, Problem]) -> None:
        super().__init__()
        self.problems = problems


async def try_lines(
    session: Transaction,
    intake: Intake,
    lines: Sequence[Said],
    tally: ImportTally,
    executed: list[Executed] | None = None,
) -> Counts:
    """Write lines together; where that is refused, those that nothing is known to be wrong with, and note it of the others.

    Where it is not known of which it is refused, they are divided, and at last tried one by one. What is undone is taken out
    of `executed`, where it is noted. Returns what the lines came to that are not wrong.
    """
    known = await session.run_sync(lambda inner: known_in(inner.connection(), keys_of(intake, lines)))
    executed = [] if executed is None else executed
    before, noted = len(session.written), len(executed)
    try:
        async with session.begin_nested():
            counts = await write_lines(session, intake, lines, known)
    except (Problem, Wrong) as refused:
        del session.written[before:], executed[noted:]
        wrong = told_of(refused, lines)
        for number, problem in wrong.items():
            tally.fail(number, problem)
        rest = [line for line in lines if line.number not in wrong]
        some = len(lines) if wrong else max(1, len(lines) // PARTS)
        parts = [rest[start : start + some] for start in range(0, len(rest), some)]
        each = [await try_lines(session, intake, part, tally, executed) for part in parts]
        counts = Counts(*map(sum, zip(Counts(), *each, strict=True)))
    session.expunge_all()
    return counts


def told_of(refused: Problem | Wrong, lines: Sequence[Said]) -> Mapping[int, Problem]:
    """What is known to be wrong with which of these lines."""
    if isinstance(refused, Wrong):
        return refused.problems
    return {lines[0].number: refused} if len(lines) == 1 else {}


async def write_lines(session: Transaction, intake: Intake, lines: Sequence[Said], known: Known) -> Counts:
    """Write lines, each as a PUT under its id would; raises Wrong, or what is refused of one that is not told."""
    kind = intake.kind
    rows = await rows_of(session, intake, [known.get((kind.type, *key_of(line.own))) for line in lines])
    new: dict[int, Write[Any]] = {}
    wrong: dict[int, Problem] = {}
    updated = unchanged = 0
    for line in lines:
        row = rows.get(known.get((kind.type, *key_of(line.own))))
        try:
            meant = await meaning(session, intake, line, row, known)
        except Problem as problem:
            wrong[line.number] = problem
            continue
        if isinstance(meant, Write):
            new[line.number] = meant
        elif not wrong:
            there, after = meant
            version = there.version
            is_changed = bool((await rewrite(session, kind, there, after)).version != version)
            updated, unchanged = updated + is_changed, unchanged + (not is_changed)
    if wrong:
        raise Wrong(wrong)
    if new:
        try:
            await store_many(session, kind, [*new.values()])
        except Invalid as problem:
            raise Wrong(by_line(problem, [*new])) from None
    return Counts(len(new), updated, unchanged)


async def meaning(
    session: Transaction, intake: Intake, line: Said, row: Stored | None, known: Known
) -> Write[Any] | tuple[Stored, dict[str, Any]]:
    """What a line is: something new that the caller may make, or what there is and what that becomes; writes nothing."""
    kind, own = intake.kind, line.own
    said, errors = with_own_ids(intake, line.content, known)
    if errors:
        raise Invalid(errors=errors)
    if row is None:
        content = await placed(session, kind, as_new(kind, said, own))
        row = None if kind.id_of is None else await at_address(session, kind, content)
    if row is None:
        write = Write(kind, content)
        await authorise_write(session, write)
        write.is_allowed = True
        return write
    await authorise(session, kind, row)
    ids = identified(said, free_for(row, own), own)
    return row, replaced(kind, row, {**said, EXTERNAL_IDS: ids}, await standing_of(session, kind, row))


def by_line(problem: Problem, numbers: Sequence[int]) -> Mapping[int, Problem]:
    """What is wrong with which of these lines; raises the problem where it does not say so."""
    if len(numbers) == 1:
        return {numbers[0]: problem}
    found = defaultdict[int, list[FieldError]](list)
    for each in problem.errors:
        told = NUMBERED.fullmatch(each.name)
        if told is None:
            raise problem
        found[numbers[int(told[1])]].append(replace(each, name=f"#{told[2]}"))
    return {number: Invalid(errors=errors) for number, errors in found.items()}


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
