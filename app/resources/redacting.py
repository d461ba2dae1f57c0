"""Redacting: words are erased from a resource, from its history, and from whatever else was kept of them."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlmodel import col

from app.access.caller import Caller
from app.access.errors import Forbidden
from app.access.parties import sides_of
from app.access.voices import Standing, Voice
from app.changes.blanking import Blank
from app.changes.log import Transaction, record
from app.changes.models import Action, Change, Subject
from app.changes.schemas import Position
from app.changes.written import Written
from app.database.tables import table_of
from app.http.errors import Invalid
from app.http.problems import at
from app.language import Text
from app.resources.blanking import blanked, redactable
from app.resources.findings import stored_findings
from app.resources.freezing import is_on_record
from app.resources.kept_answers import blank_answers
from app.resources.kind import Kind
from app.resources.ownership import check_party, demand, standing_in
from app.resources.references import UNKNOWN
from app.resources.rendering import logged, render, stored_lists
from app.resources.schema import Stored
from app.resources.storing import replace_values
from app.schema.fields import Distinct, Name

FieldNames = Annotated[
    Distinct[Annotated[str, Field(max_length=60, pattern="^[a-z_]+$")]], Field(min_length=1, max_length=60)
]
LegalBasis = Name
MOST_POSITIONS = 1_000
Positions = Annotated[Distinct[Position], Field(max_length=MOST_POSITIONS)]
NOT_REDACTABLE = Text(
    "Diese Art von Eintrag hat hier keine Worte, die gelöscht werden können. Möglich sind: {names}.",
    "This kind of resource has no words here that can be erased. These can be: {names}.",
)
UNKNOWN_POSITION = Text(
    "An dieser Stelle steht kein Eintrag über diese Ressource.",
    "There is no entry about this resource at this position.",
)
TWO_SIDES = Text(
    "Das sind Worte eines Partners, oder sie sind aktenkundig: bitte vorschlagen, sie zu löschen (POST /v1/proposals mit "
    "`redaction`); eine andere Seite bestätigt es.",
    "These are the words of a partner, or they are on record: propose to erase them (POST /v1/proposals with `redaction`), "
    "for another side to confirm.",
)
AUTHORS = Text(
    "Das hat ein anderer Partner gesagt: nur mit ihm zusammen wird es gelöscht.",
    "Another partner said this: it is erased only together with that one.",
)
ANYBODYS = frozenset({Voice.coordinator, Voice.admin, Voice.operator})
"""Whose words are nobody's in particular."""

COLUMNS = table_of(Change).c


class Known(NamedTuple):
    """What there is of a resource: its row, unless it is deleted, what is known of it, and its entries with data by position."""

    row: Stored | None
    subject: Mapping[str, Any]
    entries: Mapping[int, Any]


async def redact(
    session: Transaction,
    kind: Kind[Any],
    id: UUID,
    fields: Sequence[str],
    legal_basis: str,
    positions: Collection[int] | None = None,
) -> list[int]:
    """Erase these fields of a resource, there or deleted, from all entries about it, or from those at some positions.

    Returns the positions of the entries in which there was something to erase; where there was none, nothing is written.
    Raises Invalid for what there is not, for fields without words and positions of other resources, and Forbidden.
    """
    known = await check_redaction(session, kind, id, fields, positions)
    await authorise_redaction(session, session.by, kind, known, fields)
    row, subject, entries = known
    wanted = [position for position in entries if positions is None or position in positions]
    left = {position: blanked(kind, fields, entries[position]) for position in wanted}
    blanks = [Blank(position, entries[position], values) for position, values in left.items() if values]
    if not blanks:
        return []
    last = next(reversed(entries))
    if row is None:
        written = gone(kind, subject)
    else:
        written = await store_left(session, kind, row, left.get(last, {}))
    await record(
        session,
        [replace(written, changed_fields=fields, reason=legal_basis, blanks=blanks, proposal_id=proposal_of(session))],
    )
    await blank_answers(session, kind, fields, {(str(id), entries[blank.position]["version"]) for blank in blanks})
    return [blank.position for blank in blanks]


async def check_redaction(
    session: Transaction,
    kind: Kind[Any],
    id: UUID,
    fields: Sequence[str],
    positions: Collection[int] | None,
    *above: str,
) -> Known:
    """What there is of a resource, held; raises Invalid for what cannot be erased of it, `above` is where that is said."""
    check_fields(kind, fields, *above)
    row = (
        await session.execute(select(kind.table).where(col(kind.table.id) == id).with_for_update())
    ).scalar_one_or_none()
    subject = (await session.execute(subject_of(kind, id))).mappings().one_or_none()
    if subject is None:
        raise Invalid(errors=[at("resource_id", code="unknown_reference", detail=UNKNOWN)])
    entries = {each.position: json.loads(each.data) for each in await session.execute(entries_of(id))}
    check_positions(positions, entries, *above)
    return Known(row, dict(subject), entries)


def check_fields(kind: Kind[Any], fields: Sequence[str], *above: str) -> None:
    """Refuse fields that hold no words; `above` is where the list of fields stands."""
    names = redactable(kind)
    detail = NOT_REDACTABLE.format(names=", ".join(names))
    errors = [
        at(*above, "fields", number, code="not_redactable", detail=detail)
        for number, name in enumerate(fields)
        if name not in names
    ]
    if errors:
        raise Invalid(errors=errors)


def check_positions(positions: Collection[int] | None, entries: Mapping[int, Any], *above: str) -> None:
    """Refuse positions at which there is no data of the resource."""
    errors = [
        at(*above, "positions", number, code="unknown_position", detail=UNKNOWN_POSITION)
        for number, position in enumerate(positions or ())
        if position not in entries
    ]
    if errors:
        raise Invalid(errors=errors)


def subject_of(kind: Kind[Any], id: UUID) -> Any:
    """Selects what is known of a resource, held until the transaction ends."""
    subject = table_of(Subject)
    return select(subject).where(subject.c.id == id, subject.c.kind == kind.type).with_for_update()


def entries_of(id: UUID) -> Any:
    """Selects the entries about a resource that have data, in their order."""
    with_data = COLUMNS.resource_id == id, COLUMNS.data.is_not(None)
    return select(COLUMNS.position, COLUMNS.data).where(*with_data).order_by(COLUMNS.position)


async def authorise_redaction(
    session: Transaction, by: Caller, kind: Kind[Any], known: Known, fields: Sequence[str]
) -> None:
    """Refuse a caller to erase the words of a partner or of one side, or what is on record, unless two sides do it.

    Commands may: who has the database needs nobody's leave, and its entry is there for everybody to see.
    """
    if by.is_command:
        return
    row, entries = known.row, [*known.entries.values()]
    data = entries[-1]
    left_in = known.subject["agreement_id"] if row is None else None
    standing = await standing_to(session, by, kind, row or kind.public.model_validate(data), left_in)
    check_party(standing)
    whose = {name: kind.rights.of_field(name, data.get(kind.state), is_new=False) for name in fields}
    if session.correcting is None and (
        not all(by & ANYBODYS for by in whose.values())
        or (row is not None and await is_fixed(session, kind, row, fields))
    ):
        raise Forbidden("ownership", TWO_SIDES)
    demand(standing, kind, [(name, by, standing.voices) for name, by in whose.items()])
    named = {kind.authors[name] for name in fields if name in kind.authors}
    authors = {UUID(each[name]) for each in entries for name in named if each[name] is not None}
    if not authors <= standing.partners:
        raise Forbidden("ownership", AUTHORS)


async def standing_to(session: Transaction, by: Caller, kind: Kind[Any], holder: Any, left_in: UUID | None) -> Standing:
    """What a caller is to a resource, alone or with who proposed; `left_in` is the agreement of one that is deleted."""
    proposed_by_id = None if session.correcting is None else session.correcting.proposed_by_id
    standing = await session.over(standing_in, by, session.today, kind, holder, proposed_by_id=proposed_by_id)
    if left_in is None:
        return standing
    # What it belonged to its agreement by can be deleted, too.
    partners = [id for id in standing.partners if id is not None]
    sides = [await session.execute(sides_of(left_in, id, session.today)) for id in partners]
    return replace(standing, sides=frozenset(side for found in sides for side in found.scalars()))


async def is_fixed(session: Transaction, kind: Kind[Any], row: Stored, fields: Sequence[str]) -> bool:
    """Whether some of these fields are on record."""
    if kind.frozen is None or not await is_on_record(session, kind, row.id):
        return False
    return kind.frozen.fields is None or not {*fields}.isdisjoint(kind.frozen.fields)


def proposal_of(session: Transaction) -> UUID | None:
    """The proposal whose confirmation is being carried out."""
    return None if session.correcting is None else session.correcting.proposal_id


async def store_left(session: Transaction, kind: Kind[Any], row: Stored, values: Mapping[str, Any]) -> Written:
    """Store what is left of a resource, with all that it is found by; returns what the log says of that."""
    lists = (await stored_lists(session, kind, [row.id]))[row.id]
    found = (await stored_findings(session, kind, [row.id]))[row.id]
    row.version, row.updated_at = row.version + 1, session.now
    said = {**json.loads(row.representation), "version": row.version, "updated_at": row.updated_at, **values}
    content = kind.public.model_validate(said).model_dump()
    await replace_values(session, kind, row, content, lists, found)
    row.representation = render(kind, row, {name: content[name] for name in kind.lists})
    await session.flush()
    return logged(kind, row, Action.redacted, [], row.visibility)


def gone(kind: Kind[Any], subject: Mapping[str, Any]) -> Written:
    """What the log says where only the history of a deleted resource is redacted."""
    known = subject["id"], subject["version"] + 1, subject["visibility"]
    return Written(Action.redacted, kind.type, *known, None, [], None, deleted_at=subject["deleted_at"])
