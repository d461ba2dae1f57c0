"""Keys in the log: what its entries say of a key, which is neither the key nor what is stored of it."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import Connection, Date, Uuid, and_, column, exists, or_, select, table
from sqlmodel import col

from app.access.errors import LastOperator
from app.access.keys import stand_in
from app.access.models import ApiKey
from app.access.roles import Role
from app.access.visibility import Visibility
from app.changes.log import Transaction, record
from app.changes.models import KEY, Action, Subject
from app.changes.schemas import Hash
from app.changes.written import Written
from app.database.engines import one_at_a_time
from app.database.tables import table_of
from app.proofs.canonical import canonical
from app.proofs.leaves import encoded, moment
from app.schema.fields import Version

# Named and not declared here: what a partner is stands above.
PARTNER = table("partner", column("id", Uuid()), column("dissolved_on", Date()))
KEYS = table_of(ApiKey)


class KeyEvent(StrEnum):
    """What happened to a key: the `reason` of its entry."""

    migrated = "migrated"
    made = "made"
    rotated = "rotated"
    revoked = "revoked"
    partner_end_changed = "partner_end_changed"
    partner_deleted = "partner_deleted"


class KeyVersion(BaseModel):
    """A key as the log tells of it, to whoever has a key: whose it is and what it allows, never the key."""

    id: UUID = Field(description="Id of the key.")
    version: Version = Field(description="1 when it was made, one more with each change.")
    partner_id: UUID = Field(description="Partner that the key belongs to.")
    role: Role = Field(description=f"What it allows: {Role.explained()}.")
    prefix: str = Field(max_length=12, pattern=r"^crk_.{8}$", description="Beginning of the key, to tell keys apart.")
    digest_hash: Hash = Field(
        description="SHA-256, in Base64, of the hexadecimal SHA-256 of the key: whoever has a key finds its entry by it."
    )
    created_at: datetime = Field(description="When it was made (UTC).")
    expires_at: datetime | None = Field(description="When it stops working; null: never.")
    revoked_at: datetime | None = Field(description="When it was revoked; null: it was not.")
    partner_ends_on: date | None = Field(
        description="Last day of its partner, behind which it does not work; null: none is known."
    )


async def record_keys(
    session: Transaction, rows: Collection[ApiKey], event: KeyEvent, changed_fields: Sequence[str]
) -> None:
    """Note for the end of the transaction what happened to keys, whose rows are as they are to be."""
    ids = [row.id for row in rows]
    if not ids:
        return
    known = select(col(Subject.id), col(Subject.version)).where(col(Subject.id).in_(ids))
    versions = {row.id: row.version for row in await session.execute(known)}
    # What this transaction has said of them is noted at its end.
    versions |= {each.id: each.version for each in session.written if each.type == KEY}
    partners = select(PARTNER).where(PARTNER.c.id.in_({row.partner_id for row in rows}))
    ends = {row.id: row.dissolved_on for row in await session.execute(partners)}
    action = Action.deleted if event is KeyEvent.partner_deleted else Action.updated
    written = []
    for row in rows:
        before = versions.get(row.id, 0)
        said = said_of(row.model_dump(), before + 1, ends[row.partner_id])
        written.append(
            Written(
                action=action if before else Action.created,
                type=KEY,
                id=row.id,
                version=before + 1,
                visibility=Visibility.partners,
                previous_visibility=Visibility.partners if before else None,
                changed_fields=changed_fields if before else [name for name in said if name != "version"],
                data=None if action is Action.deleted else canonical(said),
                reason=event,
            )
        )
    await record(session, written)


async def check_operators(session: Transaction, ended: Iterable[ApiKey]) -> None:
    """Refuse to end the last key by which the register is kept; these have ended, or end with their partner.

    Raises LastOperator, for the transaction to be rolled back.
    """
    worked = (row.expires_at is None or row.expires_at > session.now for row in ended if row.role is Role.operator)
    if not any(worked):
        return
    # Of two that end each other's there would otherwise be none left.
    await one_at_a_time(session, "operators")
    if not await has_operator(session):
        raise LastOperator


async def has_operator(session: Transaction) -> bool:
    """Whether there is a key by which the register is kept: one that works, of a partner whose end is not known."""
    is_working = and_(
        KEYS.c.role == Role.operator,
        KEYS.c.revoked_at.is_(None),
        or_(KEYS.c.expires_at.is_(None), KEYS.c.expires_at > session.now),
    )
    goes_on = and_(PARTNER.c.id == KEYS.c.partner_id, PARTNER.c.dissolved_on.is_(None))
    return bool((await session.execute(select(exists().where(is_working, goes_on)))).scalar_one())


def said_of(row: Mapping[str, Any], version: int, partner_ends_on: date | None) -> dict[str, Any]:
    """What an entry says of a key with this row: `KeyVersion` as JSON."""
    times = {name: row[name] and moment(row[name]) for name in ("created_at", "expires_at", "revoked_at")}
    return {
        "id": str(row["id"]),
        "version": version,
        "partner_id": str(row["partner_id"]),
        "role": str(row["role"]),
        "prefix": row["prefix"],
        "digest_hash": encoded(hashlib.sha256(row["digest"].encode()).digest()),
        **times,
        "partner_ends_on": partner_ends_on and partner_ends_on.isoformat(),
    }


def key_faults(connection: Connection, told: Mapping[UUID, str | None]) -> Iterator[str]:
    """How stored keys differ from what the log tells of them last, by their ids; it tells nothing of what was deleted."""
    wanted = select(KEYS, PARTNER.c.dissolved_on).join(PARTNER, PARTNER.c.id == KEYS.c.partner_id)
    rows = {row["id"]: dict(row) for row in connection.execute(wanted.where(KEYS.c.id.in_(told))).mappings()}
    for id, text in told.items():
        row = rows.get(id)
        if row is None or text is None:
            if row is not None or text is not None:
                yield f"in the log and not in its table, or the other way round: {KEY} {id}"
        elif names := list(differing(row, json.loads(text))):
            yield f"not as in the log: {KEY} {id} ({', '.join(names)})"


def differing(row: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[str]:
    """In what a stored key differs from what the log says; one whose secret stayed behind works for nobody."""
    found = said_of(row, data["version"], row["dissolved_on"])
    for name in {**found, **data}:
        is_nobodys = name == "digest_hash" and row["digest"] == stand_in(row["id"])
        if found.get(name) != data.get(name) and not is_nobodys:
            yield name
