"""Whether a stored key is valid."""

from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.access.caller import Caller
from app.access.errors import Lacking, Unauthorized
from app.access.models import ApiKey
from app.database.kept import Kept
from app.database.tables import table_of
from app.schema.period import has_ended


def lack_of(key: Any, now: datetime, today: date) -> Lacking | None:
    """What a stored key lacks to be valid now."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return "ended" if has_ended(key.dissolved_on, today) else None


def check_still_valid(connection: Connection, caller: Caller, now: datetime, today: date) -> None:
    """Raise Unauthorized where a caller's key is not valid any more, for what goes on behind the answer to a request."""
    if caller.key_id is not None:
        row = selecting("id").first(connection, {"wanted": caller.key_id})
        lacking = "unknown" if row is None else lack_of(row, now, today)
        if lacking is not None:
            raise Unauthorized(lacks=lacking)


@cache
def selecting(by: str) -> Kept:
    """The statement that finds a key by what is stored of it."""
    columns = table_of(ApiKey).c
    names = ("id", "partner_id", "role", "digest", "expires_at", "revoked_at", "last_used_on")
    [key_of] = columns.partner_id.foreign_keys
    partner = key_of.column.table
    return Kept(
        select(*(columns[name] for name in names), partner.c.dissolved_on)
        .join(partner, partner.c.id == columns.partner_id)
        .where(columns[by] == bindparam("wanted"))
    )
