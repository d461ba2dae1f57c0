"""Making and revoking secret addresses of a partner's calendar."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, select
from sqlmodel import col

from app.access import keys
from app.access.caller import Caller
from app.access.guards import note_use
from app.access.models import CalendarFeed
from app.access.roles import Role
from app.changes.log import Transaction
from app.database.engines import Database
from app.database.tables import table_of
from app.http.errors import Gone, Invalid, NotFound
from app.http.masking import shown
from app.language import Text
from app.partners.models import Partner
from app.resources.ids import new_id
from app.schema.period import has_ended

NO_PARTNER = Text(
    "Dieser Aufruf gehört keinem Partner, also kann es keinen Kalender eines Partners geben.",
    "This caller belongs to no partner, so there can be no calendar of one.",
)
REVOKED = Text("Diese Adresse wurde widerrufen.", "This address was revoked.")


class Made(NamedTuple):
    """A new address: its row, and the secret in it, which nobody can read again."""

    row: CalendarFeed
    secret: str


class Reader(NamedTuple):
    """Who reads at a secret address: as what, under which id, and whose calendar it is."""

    caller: Caller
    feed_id: UUID
    partner_name: str


async def make(session: Transaction, description: str | None) -> Made:
    """Make an address for the caller's partner."""
    if session.by.partner_id is None:
        raise Invalid(NO_PARTNER)
    secret = keys.new_key(keys.FEED_PREFIX)
    row = CalendarFeed(
        id=new_id(),
        partner_id=session.by.partner_id,
        prefix=shown(secret),
        digest=keys.digest(secret),
        description=description,
        created_at=session.now,
    )
    session.add(row)
    await session.flush()
    return Made(row, secret)


async def revoke(session: Transaction, id: UUID) -> None:
    """Stop an address of the caller's partner for good; raises NotFound for one that is none of them or no more."""
    table = table_of(CalendarFeed)
    found = select(CalendarFeed).where(table.c.id == id, is_of(session.by), table.c.revoked_at.is_(None))
    row = (await session.execute(found.with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound
    row.revoked_at = session.now
    await session.flush()


def feeds_of(caller: Caller) -> Select[Any]:
    """Selects the addresses of the caller's partner, in the order in which they were made."""
    return select(table_of(CalendarFeed)).where(is_of(caller)).order_by(col(CalendarFeed.id))


def is_of(caller: Caller) -> Any:
    """The condition for an address of the caller's own partner."""
    return col(CalendarFeed.partner_id) == caller.partner_id


async def reader_at(database: Database, secret: str, now: datetime, today: date) -> Reader:
    """Who reads at the address with this secret, whose use is noted.

    Raises NotFound where there is none, and Gone for one that was revoked or whose partner has ended: a calendar then stops
    asking.
    """
    if not keys.is_well_formed(secret, keys.FEED_PREFIX):
        raise NotFound
    feed, partner = table_of(CalendarFeed), table_of(Partner)
    statement = (
        select(feed.c.id, feed.c.partner_id, feed.c.revoked_at, feed.c.last_used_on)
        .add_columns(partner.c.dissolved_on, partner.c.name)
        .join(partner, partner.c.id == feed.c.partner_id)
        .where(feed.c.digest == keys.digest(secret))
    )

    def work(connection: Connection) -> Any:
        return connection.execute(statement).first()

    row = await database.read(work, is_quick=True)
    if row is None:
        raise NotFound
    if row.revoked_at is not None or has_ended(row.dissolved_on, today):
        raise Gone(REVOKED)
    await note_use(database, CalendarFeed, row, now.date())
    return Reader(Caller(role=Role.reader, partner_id=row.partner_id), row.id, row.name)
