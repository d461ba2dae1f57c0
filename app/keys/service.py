"""Making, replacing and revoking keys."""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from app.access import keys
from app.access.caller import Caller
from app.access.errors import Forbidden, role_needed
from app.access.models import ApiKey
from app.access.roles import Role
from app.changes.keys import KeyEvent, check_operators, has_operator, record_keys
from app.changes.log import Transaction
from app.http.errors import Invalid, NotFound
from app.http.masking import shown
from app.http.problems import at
from app.keys.models import KeyCreate, in_a_year
from app.language import Text
from app.partners.models import Partner
from app.partners.terms import PartnerKind
from app.resources.ids import new_id
from app.resources.references import UNKNOWN
from app.schema.period import has_ended

PAST = Text("Dieser Zeitpunkt ist schon vorbei.", "This time has passed.")
NO_MORE = Text(
    "Diesen Schlüssel gibt es nicht, oder er gilt nicht mehr.", "There is no such key, or it no longer works."
)
UNKNOWN_SLUG = Text("Es gibt keinen Partner {slug}.", "There is no partner {slug}.")
KEEPS_ITS_OWN = Text(
    "Dieser Partner gibt seine Schlüssel selbst aus: das tut ein eigener Schlüssel mit der Rolle admin.",
    "This partner gives out its keys itself: a key of its own with the role admin does.",
)
NO_MUNICIPALITY = Text(
    "Es gibt noch keine Kommune, der ein Schlüssel gehören könnte: bitte zuerst `register seed`.",
    "There is no municipality yet that a key could belong to: run `register seed` first.",
)


class Made(NamedTuple):
    """A new key: its row, and the key itself, which nobody can read again."""

    row: ApiKey
    key: str


async def make(
    session: Transaction,
    partner_id: UUID,
    role: Role,
    description: str | None = None,
    expires_at: datetime | None = None,
    event: KeyEvent = KeyEvent.made,
) -> Made:
    """Make a key for a partner; raises Invalid for a partner that is not there and for an end in the past."""
    if expires_at is not None and expires_at <= session.now:
        raise Invalid(errors=[at("expires_at", code="in_the_past", detail=PAST)])
    if not await holds_partner(session, col(Partner.id) == partner_id):
        raise Invalid(errors=[at("partner_id", code="unknown_reference", detail=UNKNOWN)])
    key = keys.new_key()
    row = ApiKey(
        id=new_id(),
        partner_id=partner_id,
        role=role,
        prefix=shown(key),
        digest=keys.digest(key),
        description=description,
        created_at=session.now,
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    await record_keys(session, [row], event, ())
    return Made(row, key)


async def give(session: Transaction, content: KeyCreate) -> Made:
    """Make the key that a caller asks for; raises what `make` raises, and Forbidden for what it does not give out.

    Admins give out keys of their own partner. Operators give each partner its first ones: as long as none of its keys
    keeps it.
    """
    by, is_own = session.by, session.by.partner_id == content.partner_id
    if not by.is_command:
        if not by.has(content.role):
            raise role_needed(content.role)
        if not is_own and (not by.has(Role.operator) or await is_kept(session, content.partner_id)):
            raise Forbidden("ownership", KEEPS_ITS_OWN, writers=[Role.admin])
    return await make(session, content.partner_id, content.role, content.description, content.expires_at)


async def is_kept(session: Transaction, partner_id: UUID) -> bool:
    """Whether a partner has a key that works and gives out others."""
    wanted = select(col(ApiKey.id)).where(
        col(ApiKey.partner_id) == partner_id,
        col(ApiKey.role).in_([Role.admin, Role.operator]),
        col(ApiKey.revoked_at).is_(None),
        col(ApiKey.expires_at).is_(None) | (col(ApiKey.expires_at) > session.now),
    )
    return (await session.execute(wanted.limit(1))).first() is not None


async def rotate(session: Transaction, id: UUID, overlap: timedelta) -> Made:
    """Make a key like this one, which itself stops working after the overlap.

    Raises NotFound for one that is no more, and Forbidden for one that the caller does not keep.
    """
    old = await working(session, id)
    check_keeper(session.by, old)
    if old.expires_at is not None and old.expires_at <= session.now:
        raise NotFound(NO_MORE)
    made = await make(session, old.partner_id, old.role, old.description, old.expires_at, KeyEvent.rotated)
    ends = session.now + overlap
    old.expires_at = min(ends, old.expires_at) if old.expires_at else ends
    await session.flush()
    await record_keys(session, [old], KeyEvent.rotated, ["expires_at"])
    return made


async def revoke(session: Transaction, id: UUID) -> ApiKey:
    """Stop a key at once and for good; raises what `rotate` raises, and LastOperator."""
    row = await working(session, id)
    check_keeper(session.by, row, ends=True)
    row.revoked_at = session.now
    await session.flush()
    await record_keys(session, [row], KeyEvent.revoked, ["revoked_at"])
    await check_operators(session, [row])
    return row


def check_keeper(by: Caller, row: ApiKey, *, ends: bool = False) -> None:
    """Refuse who neither has a key nor keeps it: admins of its partner do, and operators end any, but get none of others'."""
    if by.is_command or by.key_id == row.id:
        return
    is_own = by.partner_id == row.partner_id
    if not is_own and not by.has(Role.operator):
        raise NotFound(NO_MORE)
    if not is_own and not ends:
        raise Forbidden("ownership", KEEPS_ITS_OWN, writers=[Role.admin])
    if not by.has(row.role):
        raise role_needed(row.role)


async def working(session: Transaction, id: UUID) -> ApiKey:
    """The locked row of a key that is not revoked."""
    owner = select(col(ApiKey.partner_id)).where(col(ApiKey.id) == id).scalar_subquery()
    await holds_partner(session, col(Partner.id) == owner)
    statement = select(ApiKey).where(col(ApiKey.id) == id, col(ApiKey.revoked_at).is_(None)).with_for_update()
    row = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise NotFound(NO_MORE)
    return row


async def holds_partner(session: Transaction, condition: ColumnElement[bool]) -> bool:
    """Whether there is such a partner, whose last day then stays what it is until the transaction ends.

    It is held before its keys: whoever ends a partner does it in this order, too.
    """
    wanted = select(col(Partner.id)).where(condition).with_for_update(read=True)
    return (await session.execute(wanted)).first() is not None


async def make_for(
    session: Transaction, slug: str, role: Role, description: str | None, expires_at: datetime | None
) -> Made:
    """Make a key for the partner with this slug; raises Invalid when there is none."""
    statement = select(col(Partner.id)).where(col(Partner.slug) == slug)
    partner_id = (await session.execute(statement)).scalar_one_or_none()
    if partner_id is None:
        raise Invalid(UNKNOWN_SLUG.format(slug=slug))
    return await make(session, partner_id, role, description, expires_at)


async def make_first(session: Transaction) -> Made | None:
    """Make an operator's key for the municipality, unless there is a key by which the register is kept already."""
    if await has_operator(session):
        return None
    first = (
        select(col(Partner.id)).where(col(Partner.kind) == PartnerKind.municipality).order_by(col(Partner.created_at))
    )
    partner_id = (await session.execute(first.limit(1))).scalar_one_or_none()
    if partner_id is None:
        raise Invalid(NO_MUNICIPALITY)
    return await make(session, partner_id, Role.operator, "First key", in_a_year())


async def everything(session: Transaction) -> list[tuple[str, ...]]:
    """Every key as people read it: id, partner, role, beginning, state, last day of use."""
    statement = select(ApiKey, col(Partner.slug), col(Partner.dissolved_on)).join(
        Partner, col(Partner.id) == col(ApiKey.partner_id)
    )
    rows = await session.execute(statement.order_by(col(ApiKey.id)))
    return [
        (
            str(key.id),
            slug,
            key.role,
            key.prefix,
            state_of(session, key, dissolved_on),
            f"used {key.last_used_on or 'never'}",
        )
        for key, slug, dissolved_on in rows
    ]


def state_of(session: Transaction, key: ApiKey, dissolved_on: date | None) -> str:
    """Whether and until when a key of a partner works, which may have ended."""
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if has_ended(dissolved_on, session.today):
        return f"expired, its partner ended on {dissolved_on}"
    if key.expires_at is None:
        return "works"
    return f"{'works until' if key.expires_at > session.now else 'expired'} {key.expires_at:%Y-%m-%d %H:%M} UTC"
