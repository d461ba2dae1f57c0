"""How much one key may add to the log in a day."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import case, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.access.models import ApiKey
from app.http.problems import TooManyRequests
from app.language import Text

ENTRY_BYTES = 1024
"""What every entry takes beside its data: its columns, its indices, and the row that it is about."""
WRITTEN_ENOUGH = Text(
    "Dieser Schlüssel hat heute so viel geschrieben, wie ein Schlüssel an einem Tag (UTC) schreiben darf.",
    "This key has written as much today as one key may write in a day (UTC).",
)


async def charge(
    session: AsyncSession, by: Caller, texts: Iterable[str | None], now: datetime, most_bytes: int | None
) -> None:
    """Count what a transaction adds to the log, for its key and day; raises TooManyRequests above the quota.

    The count stands in the row of the key and is committed with what it counts: it is the same for every process, and what
    is rolled back counts nothing. The register's own commands have no key and no quota.
    """
    if by.key_id is None or most_bytes is None:
        return
    size = sum(ENTRY_BYTES + len((text or "").encode()) for text in texts)
    today = now.astimezone(UTC).date()
    written = case((col(ApiKey.written_on) == today, col(ApiKey.written_bytes)), else_=0) + size
    counting = (
        update(ApiKey)
        .where(col(ApiKey.id) == by.key_id)
        .values(written_on=today, written_bytes=written)
        .returning(col(ApiKey.written_bytes))
        .execution_options(synchronize_session=False)
    )
    total = (await session.execute(counting)).scalar_one_or_none()
    if total is not None and total > most_bytes:
        tomorrow = datetime.combine(today + timedelta(days=1), time(), UTC)
        raise TooManyRequests(int((tomorrow - now).total_seconds()) + 1, WRITTEN_ENOUGH)
