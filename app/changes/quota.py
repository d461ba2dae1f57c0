"""How much one key may add to the log in a day."""

from datetime import UTC, datetime, time, timedelta
from functools import cache

from sqlalchemy import BigInteger, Date, Update, Uuid, bindparam, case, update

from app.access.models import ApiKey
from app.database.tables import table_of
from app.http.errors import TooManyRequests
from app.language import Text

ENTRY_BYTES = 1024
"""What every entry takes beside its data: its columns, its indices, and the row that it is about."""
WRITTEN_ENOUGH = Text(
    "Dieser Schlüssel hat heute so viel geschrieben, wie ein Schlüssel an einem Tag (UTC) schreiben darf.",
    "This key has written as much today as one key may write in a day (UTC).",
)


@cache
def charging() -> Update:
    """Adds `size` to what the key `key_id` has written `today`, and returns the sum.

    The count stands in the row of the key and is committed with what it counts: it is the same for every process, and what
    is rolled back counts nothing.
    """
    key, size, today = table_of(ApiKey), bindparam("size", type_=BigInteger), bindparam("today", type_=Date)
    written = case((key.c.written_on == today, key.c.written_bytes), else_=0) + size
    counting = update(key).where(key.c.id == bindparam("key_id", type_=Uuid()))
    return counting.values(written_on=today, written_bytes=written).returning(key.c.written_bytes)


def check_quota(total: int | None, now: datetime, most_bytes: int | None) -> None:
    """Raise TooManyRequests where a key has now written more in a day than it may."""
    if total is not None and most_bytes is not None and total > most_bytes:
        tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
        raise TooManyRequests(int((tomorrow - now).total_seconds()) + 1, WRITTEN_ENOUGH)
