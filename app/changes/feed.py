"""Reading the log: as a feed of everything, and as the history of one resource."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    false,
    not_,
    null,
    or_,
    select,
    true,
    type_coerce,
)

from app.access.caller import ANONYMOUS, COMMAND, Caller
from app.access.visibility import Visibility, visible
from app.changes.cursors import (
    HASH_SHOWN,
    OF_EARLIER_LOG,
    START,
    LogPlace,
)
from app.changes.errors import FeedReset, HistoryRewritten
from app.changes.models import Action, Change, LogHead, Subject, SubjectAbout
from app.database import pages
from app.database.engines import Database
from app.database.kept import Kept
from app.database.tables import table_of
from app.http.errors import NotFound
from app.proofs.leaves import LEAF_COLUMNS, leaf_of

POLL_SECONDS = 0.5
MOST_KEPT = 100
"""Of how many ways to ask for a page the statements are kept."""
NEAR = 20
"""How many entries before its end count as the end of the log."""

CHANGE, SUBJECT, FEED = table_of(Change).c, table_of(Subject), table_of(LogHead).c
ABOUT = table_of(SubjectAbout)
SHOWN_OTHERWISE = ("action", "by_partner_id", "proposal_id")
"""What an entry's leaf says that is not the same for every caller."""
LEAF = tuple(CHANGE[name].label(f"leaf_{name}") if name in SHOWN_OTHERWISE else CHANGE[name] for name in LEAF_COLUMNS)


@dataclass(frozen=True)
class Wanted:
    """Which entries are asked for."""

    types: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    partner_ids: tuple[UUID, ...] = ()
    resource_id: UUID | None = None
    agreement_ids: tuple[UUID, ...] = ()
    goal_ids: tuple[UUID, ...] = ()


class Batch(NamedTuple):
    """Entries as JSON texts with their places, where the examined part of the log ends, and whether there is more."""

    items: list[tuple[LogPlace, str]]
    end: LogPlace
    more: bool


async def read(
    database: Database, caller: Caller, wanted: Wanted, after: LogPlace, limit: int, most_bytes: int | None = None
) -> Batch:
    """The next entries behind a place; raises FeedReset or HistoryRewritten when the log does not have that place."""

    def work(connection: Connection) -> Batch:
        return batch_in(connection, caller, wanted, after, limit, most_bytes)

    # What a filter passes over has no bound, and whoever reads all of the log reads page after page.
    is_near_end = wanted == Wanted() and await end_of(database) <= after.position + NEAR
    return await database.read_anywhere(work, is_quick=is_near_end)


def batch_in(
    connection: Connection,
    caller: Caller,
    wanted: Wanted,
    after: LogPlace,
    limit: int,
    most_bytes: int | None = None,
) -> Batch:
    """The next entries behind a place, in one state of the log; raises what `read` raises."""
    check_place(connection, after)
    head = head_of(connection)
    is_postgresql, most = connection.dialect.name == "postgresql", most_bytes or pages.PAGE_BYTES
    kept = prepared(COMMAND if caller.sees_partners else ANONYMOUS, wanted, limit, most, is_postgresql=is_postgresql)
    with kept.rows(connection, {"after": after.position, "end": head.position}) as found:
        rows, more = pages.take(found, limit, "data", most, is_weighed=is_postgresql)
    items = [(LogPlace(row.position, row.leaf_hash), item(row)) for row in rows]
    return Batch(items, items[-1][0] if more else head, more)


@lru_cache(MOST_KEPT)
def prepared(caller: Caller, wanted: Wanted, limit: int, most_bytes: int, *, is_postgresql: bool) -> Kept:
    """The statement of a page behind one position and up to another; who follows the log asks the same again and again."""
    after, end = (bindparam(name, type_=CHANGE.position.type) for name in ("after", "end"))
    statement = entries(caller, wanted).where(CHANGE.position > after, CHANGE.position <= end)
    return Kept(pages.cut(statement, [CHANGE.position], limit, "data", most_bytes, is_weighed=is_postgresql))


def head_of(connection: Connection) -> LogPlace:
    """Where the log ends."""
    head = select(FEED.position, CHANGE.leaf_hash).outerjoin(table_of(Change), CHANGE.position == FEED.position)
    position, hash = connection.execute(head).one()
    return LogPlace(position, hash) if position else START


def check_place(connection: Connection, place: LogPlace) -> None:
    """Refuse a place that this log does not have: it was restored from an older backup, or somebody rewrote it."""
    if place.position == 0:
        return
    found = connection.execute(select(CHANGE.leaf_hash).where(CHANGE.position == place.position)).scalar_one_or_none()
    if found is None or OF_EARLIER_LOG.fullmatch(place.hash):
        raise FeedReset
    if not found.startswith(place.hash[:HASH_SHOWN]):
        raise HistoryRewritten


async def wait_for_more(database: Database, after: LogPlace, seconds: float, ending: asyncio.Event) -> None:
    """Wait until the log goes on behind a place, at most for some seconds and not when the service is to end.

    No connection is held meanwhile.
    """
    until = asyncio.get_running_loop().time() + seconds
    while await end_of(database) <= after.position:
        left = until - asyncio.get_running_loop().time()
        if left <= 0 or ending.is_set():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), min(POLL_SECONDS, left))


async def end_of(database: Database) -> int:
    """The last position of the log."""
    statement = select(FEED.position)
    return await database.read_anywhere(
        lambda connection: int(connection.execute(statement).scalar_one()), is_quick=True
    )


async def read_history(database: Database, caller: Caller, kind: str, id: UUID, after: LogPlace, limit: int) -> Batch:
    """The entries about one resource, for whoever sees it or could see it when it was deleted."""

    def work(connection: Connection) -> Batch:
        statement = select(SUBJECT.c.id).where(SUBJECT.c.id == id, SUBJECT.c.kind == kind, visible(SUBJECT, caller))
        if connection.execute(statement).first() is None:
            raise NotFound
        return batch_in(connection, caller, Wanted(resource_id=id), after, limit)

    return await database.read_anywhere(work)


def entries(caller: Caller, wanted: Wanted) -> Select[Any]:
    """The entries as the caller may see them, each with its leaf before all else.

    Data is given only of what the caller may see now. What left their view was deleted for them, and
    what entered it was created. What was deleted is, but for partners, not told again.
    """
    actor, proposal = SUBJECT.alias("actor"), SUBJECT.alias("proposal")
    seen = seen_by(caller)
    action = case((seen.left, Action.deleted), (seen.entered, Action.created), else_=CHANGE.action)
    statement = (
        select(
            *LEAF,
            CHANGE.position,
            type_coerce(action, CHANGE.action.type).label("action"),
            actor.c.id.label("by_partner_id"),
            proposal.c.id.label("proposal_id"),
            case((or_(seen.left, seen.withheld), null()), else_=CHANGE.data).label("data"),
            seen.left.label("has_left"),
            CHANGE.salt,
            CHANGE.leaf_hash,
            CHANGE.redacted_by,
        )
        .join(SUBJECT, SUBJECT.c.id == CHANGE.resource_id)
        .outerjoin(actor, and_(actor.c.id == CHANGE.by_partner_id, visible(actor, caller)))
        .outerjoin(proposal, and_(proposal.c.id == CHANGE.proposal_id, visible(proposal, caller)))
        .where(or_(seen.served, seen.left))
    )
    if wanted.types:
        statement = statement.where(CHANGE.resource_type.in_(wanted.types))
    if wanted.actions:
        statement = statement.where(CHANGE.action.in_(wanted.actions))
    if wanted.partner_ids:
        statement = statement.where(actor.c.id.in_(wanted.partner_ids))
    if wanted.resource_id is not None:
        statement = statement.where(CHANGE.resource_id == wanted.resource_id)
    if wanted.agreement_ids:
        statement = statement.where(SUBJECT.c.agreement_id.in_(wanted.agreement_ids))
    if wanted.goal_ids:
        statement = statement.where(SUBJECT.c.id.in_(select(about(caller, wanted.goal_ids).c.id)))
    return statement


def about(caller: Caller, goal_ids: Sequence[UUID]) -> CTE:
    """The goals, and all that is or was about them, by whatever way; what the caller may not see leads nowhere."""
    goals = select(SUBJECT.c.id).where(SUBJECT.c.id.in_(goal_ids), SUBJECT.c.kind == "goal")
    found = goals.cte("about", recursive=True)
    above = SUBJECT.alias("above")
    below = (
        select(ABOUT.c.subject_id)
        .join(found, found.c.id == ABOUT.c.about_id)
        .join(above, and_(above.c.id == ABOUT.c.about_id, visible(above, caller)))
    )
    return found.union(below)


class Seen(NamedTuple):
    """Conditions on an entry: it is served, its resource left the caller's view, or entered it, its data is not told any more."""

    served: ColumnElement[bool]
    left: ColumnElement[bool]
    entered: ColumnElement[bool]
    withheld: ColumnElement[bool]


def seen_by(caller: Caller) -> Seen:
    """What an entry is for a caller."""
    if caller.sees_partners:
        return Seen(true(), false(), false(), false())
    is_public, was_public = CHANGE.visibility == Visibility.public, CHANGE.previous_visibility == Visibility.public
    is_deleted = CHANGE.action == Action.deleted
    served = and_(is_public, not_(is_deleted), visible(SUBJECT, caller))
    left = and_(was_public, or_(is_deleted, not_(is_public)))
    entered = and_(is_public, CHANGE.action.in_((Action.updated, Action.corrected)), not_(was_public))
    return Seen(served, left, entered, was_deleted())


def was_deleted() -> ColumnElement[bool]:
    """Whether the resource of an entry was deleted after it, come back or not."""
    return CHANGE.version < SUBJECT.c.deleted_version


def item(row: Row[Any]) -> str:
    """An entry as JSON; its data and its leaf are JSON already."""
    known = {
        "position": row.position,
        "at": row.at,
        "action": row.action,
        "resource_type": row.resource_type,
        "resource_id": row.resource_id,
        "version": row.version,
        "changed_fields": [] if row.action is Action.deleted else row.changed_fields,
        "by": None if row.by_partner_id is None else {"partner_id": row.by_partner_id},
        "proposal_id": row.proposal_id,
    }
    salt = f'"{row.salt}"' if row.data and row.salt else "null"
    return (
        f'{to_json(known).decode()[:-1]},"data":{row.data or "null"},"leaf":{leaf_shown(row)},'
        f'"salt":{salt},"redacted_by":{row.redacted_by or "null"}}}'
    )


def leaf_shown(row: Row[Any]) -> str:
    """The leaf of an entry, where nothing in it is hidden from the caller."""
    hidden = row.leaf_by_partner_id != row.by_partner_id or row.leaf_proposal_id != row.proposal_id
    if row.has_left or hidden:
        return "null"
    return leaf_of(dict(zip(LEAF_COLUMNS, row, strict=False)))
