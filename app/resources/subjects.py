"""What is about something of any kind in its agreement, and on which side of the agreement somebody stands."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlmodel import Field, col

from app.access.errors import Forbidden
from app.access.parties import Side, sides_of
from app.access.visibility import Visibility, visible
from app.changes.log import Transaction
from app.changes.models import Subject
from app.database.tables import table_of
from app.http.problems import at
from app.language import Text
from app.resources.checking import TOO_VISIBLE
from app.resources.external_ids import Identified
from app.resources.kind import KINDS, Write
from app.resources.ownership import NO_PARTY
from app.resources.references import ELSEWHERE, UNKNOWN
from app.resources.remains import remains
from app.resources.schema import HomedAtFirst
from app.resources.scope import in_an_agreement, subjects
from app.schema.base import Schema
from app.schema.fields import Id
from app.schema.names import named, one_of

OTHER_SIDE = Text(
    "Das sagt eine andere Seite der Vereinbarung: ein Partner, der heute auf keiner Seite mit dem ersten steht.",
    "That is for another side of the agreement to say: a partner that is on no side together with the first one today.",
)


def by_kind(connection: Connection, ids: Collection[UUID]) -> Mapping[str, Sequence[UUID]]:
    """Ids by the kind of what has or had them; those of nothing are left out."""
    subject = table_of(Subject).c
    found: dict[str, list[UUID]] = defaultdict(list)
    for id, kind in connection.execute(select(subject.id, subject.kind).where(subject.id.in_(ids))):
        found[kind].append(id)
    return found


def types_of_subjects() -> Iterator[str]:
    """The names of the kinds that something can be about."""
    return (kind.type for kind in subjects())


def types_in_agreements() -> Iterator[str]:
    """The names of the kinds that belong to agreements, those agreements included."""
    return (kind.type for kind in in_an_agreement())


SubjectType = Annotated[str, named(types_of_subjects), one_of(types_of_subjects)]
ErasableType = Annotated[str, named(types_in_agreements), one_of(types_in_agreements)]


class SubjectPlace(Schema):
    """Where the subject of something is."""

    subject_type: SubjectType = Field(description="Kind of what it is about, as in `sub_measure`; it never changes.")
    subject_id: Id = Field(description="Id of what it is about; it never changes.")


class HomedBySubject(Identified, HomedAtFirst):
    """What is said of something new by its subject, where it is not said."""

    agreement_id: Id | None = Field(
        default=None, description="Agreement that its subject belongs to; it can be left out."
    )
    visibility: Visibility | None = Field(
        default=None,
        description=f"Who may read it: {Visibility.explained()}; not given: who may read its subject. Never more than may "
        "read that.",
    )


async def settle_visibility(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Let those that do not say who may read them be as visible as their subjects."""
    for write in (write for write in writes if write.values["visibility"] is None):
        subject = table_of(KINDS[write.values["subject_type"]].table)
        wanted = select(subject.c.visibility).where(subject.c.id == write.values["subject_id"])
        # Of what is gone the public is told nothing more.
        write.values["visibility"] = (await session.execute(wanted)).scalar_one_or_none() or Visibility.partners


async def locked_subject(session: Transaction, write: Write[Any]) -> Any:
    """The row of what something is about, held until the transaction ends; None, and an error, where it is not there."""
    table = KINDS[write.values["subject_type"]].table
    wanted = select(table).where(col(table.id) == write.values["subject_id"], visible(table_of(table), session.by))
    row = (await session.execute(wanted.with_for_update(key_share=True))).scalar_one_or_none()
    if row is None:
        write.errors.append(at("subject_id", code="unknown_reference", detail=UNKNOWN))
    return row


async def subject_or_remains(session: Transaction, write: Write[Any]) -> Any:
    """What a write is about, held; where that may be deleted and is, what is left of it."""
    kind, id = KINDS[write.values["subject_type"]], write.values["subject_id"]
    gone = remains(session.by, kind, id).with_for_update()
    left = (await session.execute(gone)).one_or_none()
    if left is None:
        return await locked_subject(session, write)
    if left.agreement_id != write.values["agreement_id"]:
        write.errors.append(at("subject_id", code="other_agreement", detail=ELSEWHERE))
    if write.values["visibility"] is Visibility.public:
        write.errors.append(at("visibility", code="too_visible", detail=TOO_VISIBLE))
    return left


async def check_party(session: Transaction, agreement_id: UUID) -> UUID:
    """The caller's partner, which is a party of an agreement today; raises Forbidden for all others."""
    partner_id = session.by.partner_id
    if partner_id is None or not await sides_on(session, agreement_id, partner_id, session.today):
        raise Forbidden("agreement", NO_PARTY)
    return partner_id


async def check_other_side(session: Transaction, row: Any, first: UUID) -> UUID:
    """The caller's partner, which is on another side than the one that spoke first in a row; raises Forbidden for others.

    That one stands where it stood when it spoke, and where it stands today.
    """
    partner_id = await check_party(session, row.agreement_id)
    days = {row.created_at.astimezone(session.zone).date(), session.today}
    theirs = {side for day in days for side in await sides_on(session, row.agreement_id, first, day)}
    own = await sides_on(session, row.agreement_id, partner_id, session.today)
    if partner_id == first or not theirs or own & theirs:
        raise Forbidden("side", OTHER_SIDE)
    return partner_id


async def sides_on(session: Transaction, agreement_id: UUID, partner_id: UUID, day: date) -> set[Side]:
    """The sides of an agreement on which a partner is a party on a day."""
    return set((await session.execute(sides_of(agreement_id, partner_id, day))).scalars())
