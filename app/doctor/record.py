"""What the database says of the register in it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from app.access.models import ApiKey
from app.access.roles import Role
from app.changes.models import Change, LogHead
from app.database.tables import table_of
from app.doctor.advice import Advice, look, mend
from app.settings import Settings
from app.upkeep import Backup, Verification
from app.webhooks.models import WebhookEndpoint

MOST_WITHOUT_BACKUP = timedelta(days=2)
MOST_WITHOUT_VERIFY = timedelta(days=8)
SOON = timedelta(days=30)
WAITING = timedelta(hours=1)
TICK = timedelta(seconds=5)
"""By how much clocks may differ."""

KEY, HEAD, CHANGE, ENDPOINT, BACKUP, VERIFICATION = (
    table_of(model).c for model in (ApiKey, LogHead, Change, WebhookEndpoint, Backup, Verification)
)


def on_record(connection: Connection, settings: Settings, now: datetime) -> Iterator[Advice]:
    """What is to be mended about a register whose schema is this version's."""
    yield from about_backups(connection, settings, now)
    yield from about_verifying(connection, now)
    yield from about_keys(connection, now)
    yield from about_time(connection, now)
    yield from about_webhooks(connection, settings, now)


def about_backups(connection: Connection, settings: Settings, now: datetime) -> Iterator[Advice]:
    """Whether there is a backup of these days; of a PostgreSQL there may be others than the register's own."""
    at = connection.execute(select(BACKUP.at)).scalar_one_or_none()
    if at is None or now - at > MOST_WITHOUT_BACKUP:
        find = mend if settings.database_file is not None else look
        yield find(f"no `register backup` {since(at)}", "have it run every night")


def about_verifying(connection: Connection, now: datetime) -> Iterator[Advice]:
    """Whether somebody looks for what was written past the log, and what was found."""
    at, faults = connection.execute(select(VERIFICATION.at, VERIFICATION.faults)).one_or_none() or (None, 0)
    if at is None or now - at > MOST_WITHOUT_VERIFY:
        yield mend(f"no `register verify` {since(at)}", "have it run every night")
    if faults:
        yield mend(f"the last `register verify` found {faults} faults", "run it, and find who wrote past the log")


def since(at: datetime | None) -> str:
    """Since when something was not done."""
    return "was ever noted" if at is None else f"since {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def about_keys(connection: Connection, now: datetime) -> Iterator[Advice]:
    """Which keys end soon, and whether anybody can keep them."""
    wanted = select(KEY.id, KEY.prefix, KEY.role, KEY.expires_at).where(
        KEY.revoked_at.is_(None), or_(KEY.expires_at.is_(None), KEY.expires_at > now)
    )
    keys = connection.execute(wanted.order_by(KEY.expires_at)).all()
    for key in keys:
        if key.expires_at is not None and key.expires_at - now < SOON:
            ends = f"{key.expires_at.astimezone(UTC):%Y-%m-%d}"
            yield look(f"the key {key.prefix} ends on {ends}", f"`register keys rotate {key.id}`, and tell its partner")
    if not any(key.role is Role.operator for key in keys):
        yield look("no operator's key works, so the register is kept by commands alone", "`register keys init`")


def about_time(connection: Connection, now: datetime) -> Iterator[Advice]:
    """Whether the clock went back behind the end of the log."""
    last = select(CHANGE.at).where(CHANGE.position == select(HEAD.position).scalar_subquery())
    at = connection.execute(last).scalar_one_or_none()
    if at is not None and at - now > TICK:
        yield mend(f"the last change is {(at - now).total_seconds():.0f} s in the future", "set the clock, best by NTP")


def about_webhooks(connection: Connection, settings: Settings, now: datetime) -> Iterator[Advice]:
    """Whether somebody delivers what is asked for."""
    head = select(HEAD.position).scalar_subquery()
    enabled = select(func.count()).select_from(table_of(WebhookEndpoint)).where(ENDPOINT.is_enabled)
    if settings.webhook_key is None:
        if connection.execute(enabled).scalar_one():
            yield mend("webhook endpoints wait, and nothing can be signed", "set REGISTER_WEBHOOK_KEY")
        return
    waiting = enabled.where(ENDPOINT.position < head, ENDPOINT.next_attempt_at < now - WAITING)
    if count := connection.execute(waiting).scalar_one():
        yield mend(f"{count} webhook endpoints wait for more than an hour", "have `register deliver` run")
