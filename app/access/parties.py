"""Who is a party of an agreement, on which day: what rights and defaults go by."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, column, select, table
from sqlmodel import Field

from app.database.tables import closed
from app.schema.fields import Id
from app.schema.period import Period, holds_on
from app.vocabularies.term import Term


class Side(Term):
    """On which side of an agreement a party stands."""

    authority = (
        "authority",
        "Kommune oder Behörde",
        "authority",
        "Wer entscheidet und die Partner vorher hört: die Kommune oder eine Behörde.",
        "Who decides and hears the partners before: the city or another authority.",
    )
    associations = (
        "associations",
        "Verbände",
        "associations",
        "Wer vor Entscheidungen gehört wird: Verbände und ihre Mitglieder.",
        "Who is heard before decisions: associations and their members.",
    )
    other = (
        "other",
        "andere",
        "other",
        "Wer auf keiner der beiden Seiten steht.",
        "Who stands on neither of both sides.",
    )


class Party(Period):
    """A partner that an agreement is between, and from when until when."""

    partner_id: Id = Field(foreign_key="partner.id", description="The partner.")
    side: Side = Field(sa_type=closed(Side), description=f"On which side it stands: {Side.explained()}.")


# Named and not declared here: commands that only keep keys load neither it nor what it refers to.
PARTY = table(
    "agreement_party",
    column("agreement_id", Uuid()),
    column("partner_id", Uuid()),
    column("side", closed(Side)),
    column("from", Date()),
    column("until", Date()),
)


def is_party_on(day: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Whether a row of the table of parties holds on a day."""
    return holds_on(PARTY, day)


def agreements_of(partner_id: ColumnElement[UUID], day: ColumnElement[date]) -> Select[Any]:
    """Selects the agreements that a partner is a party of on a day."""
    return select(PARTY.c.agreement_id).where(PARTY.c.partner_id == partner_id, is_party_on(day)).distinct()


def sides_of(agreement_id: UUID, partner_id: UUID, day: date) -> Select[Any]:
    """Selects the sides of an agreement on which a partner is a party on a day."""
    return (
        select(PARTY.c.side)
        .where(PARTY.c.agreement_id == agreement_id, PARTY.c.partner_id == partner_id, is_party_on(day))
        .distinct()
    )


def parties_of(agreement_id: UUID, side: Side, day: date) -> Select[Any]:
    """Selects the partners that are parties of an agreement on a side and a day."""
    return select(PARTY.c.partner_id).where(
        PARTY.c.agreement_id == agreement_id, PARTY.c.side == side, is_party_on(day)
    )
