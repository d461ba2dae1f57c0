"""In which time zone a register counts its days: kept beside its log since it was migrated first, as stored days depend on it."""

from sqlalchemy import Connection, column, inspect, select, table, update

FEED, STATEMENT = table("feed", column("timezone")), table("statement", column("id"))
REMEDY = "set it to that, or, before the first statement, run `register migrate`"


class OtherZone(Exception):
    """Days were counted in another time zone than that of the settings; the message says so, and what to do."""


def kept_zone(connection: Connection) -> str | None:
    """The time zone in which a register at the newest schema counts its days; None before it is kept."""
    kept: str | None = connection.execute(select(FEED.c.timezone)).scalar_one()
    return kept


def difference(kept: str | None, timezone: str) -> str | None:
    """What is wrong where a setting is not what is kept; None where nothing is."""
    if kept in (None, timezone):
        return None
    return f"REGISTER_TIMEZONE is {timezone}, but this register counts its days in {kept}"


def keep_zone(connection: Connection, timezone: str) -> None:
    """Keep the time zone of the settings, where the schema knows it; raises OtherZone once a day was counted in another one."""
    if FEED.c.timezone.name not in {each["name"] for each in inspect(connection).get_columns(FEED.name)}:
        return
    kept = kept_zone(connection)
    if kept == timezone:
        return
    found = difference(kept, timezone)
    if found is not None and connection.execute(select(STATEMENT.c.id).limit(1)).first() is not None:
        raise OtherZone(f"{found}: {REMEDY}")
    connection.execute(update(FEED).values(timezone=timezone))
