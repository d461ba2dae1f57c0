"""What is about something of any kind in its agreement, and on which side of the agreement somebody stands."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator
from pydantic import Field as Bound
from pydantic_core import PydanticCustomError
from sqlalchemy import Connection, select
from sqlmodel import Field, col

from app.access.errors import Forbidden
from app.access.parties import Side, sides_of
from app.access.visibility import Visibility, visible
from app.changes.log import Transaction
from app.changes.models import Subject
from app.database import table_of
from app.language import Text
from app.resources.external_ids import Identified
from app.resources.kind import KINDS, Write
from app.resources.ownership import NO_PARTY
from app.resources.schema import HomedAtFirst
from app.resources.scope import subjects
from app.schema.base import Schema
from app.schema.fields import Id

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


def known_subject(value: str) -> str:
    """Refuse what is the name of no kind that belongs to agreements."""
    names = subject_types()
    if value not in names:
        *first, last = (repr(name) for name in names)
        raise PydanticCustomError("enum", "Unknown kind", {"expected": f"{', '.join(first)} or {last}"})
    return value


def subject_types() -> list[str]:
    """The names of the kinds that something can be about."""
    return sorted(kind.type for kind in subjects())


def with_known_subjects(schema: dict[str, Any]) -> None:
    """Name the kinds in the contract."""
    schema["enum"] = subject_types()


SubjectType = Annotated[str, Bound(max_length=60, json_schema_extra=with_known_subjects), AfterValidator(known_subject)]


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
        write.values["visibility"] = (await session.execute(wanted)).scalar_one_or_none()


async def locked_subject(session: Transaction, write: Write[Any]) -> Any:
    """The row of what something is about, held until the transaction ends; None where it is not there."""
    table = KINDS[write.values["subject_type"]].table
    wanted = select(table).where(col(table.id) == write.values["subject_id"], visible(table_of(table), session.by))
    return (await session.execute(wanted.with_for_update(key_share=True))).scalar_one_or_none()


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
