"""The statements that write the log, each put together once: a position for each change, in the order of the commits."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Connection, Integer, Uuid, bindparam, func, insert, null, select, update
from sqlalchemy.engine import Dialect

from app.changes.findings import FoundBy, found_in, storing
from app.changes.models import Change, LogHead, Subject, SubjectAbout
from app.changes.pending import Entry, Pending
from app.changes.quota import charging
from app.changes.tallies import Cell, counting_behind, rows_of, tallied_in
from app.database.engines import insert_into
from app.database.kept import Kept
from app.database.tables import table_of

CHANGE, FEED = table_of(Change), table_of(LogHead)
SUBJECT, ABOUT = table_of(Subject), table_of(SubjectAbout)
SUBJECT_NAMES = ("id", "kind", "version", "visibility", "deleted_at", "agreement_id")
NAMES_OF = {"new": SUBJECT_NAMES, "known": (*SUBJECT_NAMES, "deleted_version")}
NEW_SUBJECT = insert(SUBJECT).values(
    {name: bindparam(f"new_{name}") for name in SUBJECT_NAMES} | {"deleted_version": 0}
)
KNOWN_SUBJECT = (
    update(SUBJECT)
    .where(SUBJECT.c.id == bindparam("known_id"))
    .values(
        version=bindparam("known_version"),
        visibility=bindparam("known_visibility"),
        deleted_at=bindparam("known_deleted_at"),
        deleted_version=func.coalesce(bindparam("known_deleted_version", type_=Integer), SUBJECT.c.deleted_version),
        agreement_id=func.coalesce(bindparam("known_agreement_id", type_=Uuid()), SUBJECT.c.agreement_id),
    )
)
COUNTING = (
    update(FEED)
    .where(FEED.c.id == 1)
    .values(position=FEED.c.position + bindparam("count", type_=Integer))
    .returning(FEED.c.position)
)
ADDING_SUBJECT, CHANGING_SUBJECT, TAKING_POSITIONS = Kept(NEW_SUBJECT), Kept(KNOWN_SUBJECT), Kept(COUNTING)


def note_subjects(connection: Connection, new: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]]) -> None:
    """Write what is now known of the subjects of changes."""
    if new:
        ADDING_SUBJECT.run(connection, [of_subject("new", each) for each in new])
    if known:
        CHANGING_SUBJECT.run(connection, [of_subject("known", each) for each in known])


def of_subject(prefix: str, subject: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a statement about a subject."""
    return {f"{prefix}_{name}": subject[name] for name in NAMES_OF[prefix]}


def note_about(connection: Connection, about: Sequence[Mapping[str, Any]]) -> None:
    """Note what subjects are about now; what they were about before stays noted."""
    if about:
        noting_about(connection.dialect.name).run(connection, about)


@cache
def noting_about(dialect: str) -> Kept:
    """The statement that notes one thing that a subject is about."""
    return Kept(insert_into(ABOUT, dialect).on_conflict_do_nothing(), ABOUT.c.keys())


def count_quota(connection: Connection, charge: Mapping[str, Any] | None) -> int | None:
    """Charge a key, and return what it has written today; nothing where nobody is charged."""
    charged = None if charge is None else keeping_charge().first(connection, charge)
    return None if charged is None else int(charged.written_bytes)


@cache
def keeping_charge() -> Kept:
    """The statement that charges a key."""
    return Kept(charging())


def add_entries(connection: Connection, pending: Pending) -> range:
    """Add entries to the log, and return their positions.

    They come from one row whose lock is held until the commit: without gaps, in the order of the commits. So this must be
    the last thing that a transaction does, or others wait for whatever it does after.
    """
    last = TAKING_POSITIONS.first(connection, {"count": pending.count}).position
    positions = range(last - pending.count + 1, last + 1)
    following, (statement, _) = iter(positions), adding(connection.dialect)
    for entries in pending.chunks():
        connection.exec_driver_sql(statement, [(next(following), *entry) for entry in entries])
    return positions


def bound(dialect: Dialect, entry: Mapping[str, Any]) -> Entry:
    """An entry as the driver gets it: made before its position is known, so that nobody waits for it then."""
    _, processors = adding(dialect)
    return tuple([entry[name] if process is None else process(entry[name]) for name, process in processors])


@lru_cache(maxsize=16)
def adding(dialect: Dialect) -> tuple[str, Sequence[tuple[str, Callable[[Any], Any] | None]]]:
    """The statement that adds an entry, its position first, and how each of the other columns becomes what the driver gets."""
    compiled: Any = insert(CHANGE).compile(dialect=dialect)
    first, *names = compiled.positiontup
    if first != CHANGE.c.position.name:
        raise TypeError(f"{first} stands before the position")
    return str(compiled), [(name, CHANGE.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names]


def add_only_entry(
    connection: Connection,
    subject: Mapping[str, Any],
    entry: Mapping[str, Any],
    charge: Mapping[str, Any] | None,
    about: Collection[UUID],
    tallies: Mapping[Cell, int],
    found: Collection[FoundBy] | None,
    *,
    is_new: bool,
) -> tuple[int, int | None]:
    """Add the only entry of a transaction in PostgreSQL, in one round trip with all that is noted of its subject.

    Returns the position, and what the key has written today.
    """
    values = {f"entry_{name}": value for name, value in entry.items()}
    values |= {**of_subject("new" if is_new else "known", subject), **(charge or {}), "count": 1}
    tallied = rows_of(tallies)
    values |= {"about": list(about), **tallied_in(tallied), **found_in(found or ())}
    statement = numbering(
        is_new=is_new,
        is_charged=charge is not None,
        is_about=bool(about),
        is_tallied=bool(tallied),
        is_found=found is not None,
    )
    position, written = statement.first(connection, values)
    return position, written


@cache
def numbering(*, is_new: bool, is_charged: bool, is_about: bool, is_tallied: bool, is_found: bool) -> Kept:
    """The statement that adds an only entry: the key is charged first, as by whoever writes more than one change."""
    counting: Any = COUNTING
    written: Any = null()
    if is_charged:
        charged = charging().cte("charged")
        counting = counting.where(select(func.count()).select_from(charged).scalar_subquery() >= 0)
        written = select(charged.c.written_bytes).scalar_subquery()
    head = counting.cte("head")
    columns = [column for column in CHANGE.c if column is not CHANGE.c.position]
    bound = (bindparam(f"entry_{column.name}", type_=column.type) for column in columns)
    said = select(head.c.position, *bound)
    subject = (NEW_SUBJECT if is_new else KNOWN_SUBJECT).cte("noted")
    beside = [subject]
    id = bindparam("entry_resource_id", type_=Uuid())
    if is_found:
        beside += storing(id, is_new=is_new)
    if is_about:
        named = func.unnest(bindparam("about", type_=ARRAY(Uuid()))).column_valued()
        pairs = select(id, named)
        noting = insert_into(ABOUT, "postgresql").from_select(ABOUT.c.keys(), pairs)
        beside.append(noting.on_conflict_do_nothing().cte("about"))
    if is_tallied:
        beside.append(counting_behind(head).cte("tallied"))
    adding = insert(CHANGE).from_select([CHANGE.c.position, *columns], said).add_cte(*beside)
    return Kept(adding.returning(CHANGE.c.position, written.label("written")))
