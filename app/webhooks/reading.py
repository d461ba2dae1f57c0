"""What an endpoint is to be sent, as messages."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, RowMapping, select

from app.changes.feed import CHANGE, FEED
from app.database import pages
from app.webhooks.messages import Message, message_of
from app.webhooks.queries import entries_for


class Waiting(NamedTuple):
    """Messages in the order of the feed, the position up to which it was looked through, and whether there are more."""

    messages: list[Message]
    end: int
    more: bool


def waiting(
    connection: Connection, endpoint: RowMapping, after: int, until: int | None, limit: int, most_bytes: int
) -> Waiting:
    """What an endpoint is to be sent of the feed behind a position, up to another or to the end."""
    head: int = connection.execute(select(FEED.position)).scalar_one()
    end = head if until is None else min(until, head)
    statement = entries_for(endpoint).where(CHANGE.position > after, CHANGE.position <= end)
    rows: Collection[Row[Any]]
    rows, more = pages.read_page(connection, statement, [CHANGE.position], limit, "data", most_bytes)
    messages = [message_of(endpoint["id"], row) for row in rows]
    return Waiting(messages, messages[-1].position or end if more else end, more)
