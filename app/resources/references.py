"""What refers to what: read from the tables' foreign keys, so that no reference can be forgotten."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Column,
    CompoundSelect,
    Connection,
    Select,
    Table,
    Uuid,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from app.access.caller import ANONYMOUS, COMMAND
from app.access.models import ApiKey
from app.access.visibility import visible
from app.changes.log import Transaction
from app.database.kept import Kept
from app.database.tables import table_of
from app.http.problems import FieldError, at
from app.language import Text
from app.resources.kind import KINDS, Kind, Write
from app.resources.parts import ChildList
from app.resources.scope import AGREEMENT, home, kind_at

ELSEWHERE = Text("Das gehört zu einer anderen Vereinbarung.", "This belongs to another agreement.")
UNKNOWN = Text("Diesen Eintrag gibt es nicht.", "There is no such resource.")
REFERRERS_SHOWN = 100
FEW = 8
"""References to as many of one kind are looked up by a statement that is kept; for more, one is made."""


class Reference(NamedTuple):
    """One reference in a body: where it stands, which table it names, which row."""

    path: tuple[str | int, ...]
    target: Table
    id: UUID


async def wrong_references(session: Transaction, writes: Sequence[Write[Any]]) -> list[list[FieldError]]:
    """The references to nothing, and out of its agreement, in each of these; what the caller may not see is nothing.

    What belongs to an agreement stays in it, and all that it refers to belongs to it too, where that belongs to any.
    """
    asked = [list(new_references(write)) for write in writes]
    before = [homes_before(write) if references else [] for write, references in zip(writes, asked, strict=True)]
    wanted: dict[Table, set[UUID]] = defaultdict(set)
    for reference in chain.from_iterable((*asked, *before)):
        wanted[reference.target].add(reference.id)
    found = await homes_in(session, wanted)
    for write in writes:
        if write.is_new:
            write.home = home_of_new(write, found)
    return [
        list(wrong(write.kind, references, stated_home(write, stays, found), found))
        for write, references, stays in zip(writes, asked, before, strict=True)
    ]


def new_references(write: Write[Any]) -> Iterator[Reference]:
    """The references that a write makes: those in fields that it leaves as they are lead where they led before."""
    for reference in references_of(write.kind, write.values):
        name = reference.path[0]
        if name not in write.after or write.changes(str(name)):
            yield reference


def wrong(
    kind: Kind[Any],
    references: Sequence[Reference],
    home: UUID | None,
    found: Mapping[Table, Mapping[UUID, UUID | None]],
) -> Iterator[FieldError]:
    """The errors of references from something in an agreement, None for what is in none."""
    for reference in references:
        known = found[reference.target]
        if reference.id not in known:
            # Whether its subject must be there, each kind that has one says itself.
            if kind.has_subject and reference.path == ("subject_id",):
                continue
            yield at(*reference.path, code="unknown_reference", detail=UNKNOWN)
        elif home is not None and reference.path[0] not in kind.leads_out and known[reference.id] not in (None, home):
            yield at(*reference.path, code="other_agreement", detail=ELSEWHERE)


async def homes_in(
    session: Transaction, wanted: Mapping[Table, Collection[UUID]]
) -> dict[Table, dict[UUID, UUID | None]]:
    """Those of these ids that are there for the caller, each with its agreement, where it belongs to one."""
    found: dict[Table, dict[UUID, UUID | None]] = {target: {} for target in wanted}
    if wanted:
        targets = {target.name: target for target in sorted(wanted, key=lambda each: each.name)}
        ids = {name: list(wanted[target]) for name, target in targets.items()}
        for name, id, home in await session.over(read_homes, ids, session.by.sees_partners):
            found[targets[name]][id] = home
    return found


def read_homes(
    connection: Connection,
    ids: Mapping[str, list[UUID]],
    sees_partners: bool,  # noqa: FBT001 (a cache's key)
) -> Sequence[Any]:
    """Those of these ids, by the names of their kinds, that are there, each with its kind and its agreement."""
    if max(map(len, ids.values())) > FEW:
        asked = {f"{name}_ids": each for name, each in ids.items()}
        return connection.execute(selecting_homes(tuple((name, None) for name in ids), sees_partners), asked).all()
    rounded = {
        name: [*each, *each[-1:] * ((1 << (len(each) - 1).bit_length()) - len(each))] for name, each in ids.items()
    }
    places = tuple((name, len(each)) for name, each in rounded.items())
    few = {f"{name}_{number}": id for name, each in rounded.items() for number, id in enumerate(each)}
    return keeping_homes(places, sees_partners).all(connection, few)


@lru_cache(maxsize=512)
def keeping_homes(
    places: tuple[tuple[str, int], ...],
    sees_partners: bool,  # noqa: FBT001 (a cache's key)
) -> Kept:
    """The statement for so many ids, kept: their number is a power of two, the last one stands for those that are missing."""
    return Kept(selecting_homes(places, sees_partners))


@lru_cache(maxsize=512)
def selecting_homes(
    places: tuple[tuple[str, int | None], ...],
    sees_partners: bool,  # noqa: FBT001 (a cache's key)
) -> Select[Any] | CompoundSelect[Any]:
    """Selects the resources of some kinds that have one of so many ids, or of any number of them, with their agreements."""
    caller, parts = COMMAND if sees_partners else ANONYMOUS, []
    for type, count in places:
        kind = KINDS[type]
        target = table_of(kind.table)
        at = home(kind) if kind.belongs_by else target.c.id if type == AGREEMENT else cast(null(), Uuid())
        given: Any = bindparam(f"{type}_ids", expanding=True, type_=Uuid())
        if count is not None:
            given = [bindparam(f"{type}_{number}", type_=Uuid()) for number in range(count)]
        selected = select(literal_column(f"'{type}'").label("type"), target.c.id, at.label("home"))
        parts.append(selected.where(target.c.id.in_(given), visible(target, caller)))
    return parts[0] if len(parts) == 1 else union_all(*parts)


def home_of_new(write: Write[Any], found: Mapping[Table, Mapping[UUID, UUID | None]]) -> UUID | None:
    """The agreement of something new: that of the first thing that it belongs to one by."""
    for name in write.kind.belongs_by:
        id = write.values[name]
        if id is not None:
            return found[table_of(kind_at(table_of(write.kind.table).c[name]).table)].get(id)
    return None


def homes_before(write: Write[Any]) -> list[Reference]:
    """What a stored resource belongs to an agreement by."""
    if write.row is None:
        return []
    names = set(write.kind.belongs_by)
    return [
        Reference((column.name,), target, getattr(write.row, column.name))
        for column, target in foreign_keys(write.kind.table)
        if column.name in names and getattr(write.row, column.name) is not None
    ]


def stated_home(
    write: Write[Any], before: Sequence[Reference], found: Mapping[Table, Mapping[UUID, UUID | None]]
) -> UUID | None:
    """The agreement that a resource says it is in, or else is in already."""
    own: UUID | None = write.values.get("agreement_id")
    return own or next((found[each.target].get(each.id) for each in before), None)


def references_of(kind: Kind[Any], content: Mapping[str, Any]) -> Iterator[Reference]:
    """Every reference in the content of a resource."""
    for column, target in foreign_keys(kind.table):
        if content.get(column.name) is not None:
            yield Reference((column.name,), target, content[column.name])
    if kind.has_subject:
        yield Reference(("subject_id",), table_of(KINDS[content["subject_type"]].table), content["subject_id"])
    for name, child in kind.lists.items():
        for column, target in foreign_keys(child.table):
            if column.name != child.parent:
                yield from references_in(name, child, column, target, content.get(name) or [])


def references_in(
    name: str, child: ChildList, column: Column[Any], target: Table, entries: list[Any]
) -> Iterator[Reference]:
    """The references in one list."""
    for position, entry in enumerate(entries):
        if child.value:
            yield Reference((name, position), target, entry)
        elif entry[column.name] is not None:
            yield Reference((name, position, column.name), target, entry[column.name])


def foreign_keys(table: type[SQLModel]) -> tuple[tuple[Column[Any], Table], ...]:
    """The columns of a table that refer to another, each with the one it refers to."""
    return referring(table_of(table))


@cache
def referring(table: Table) -> tuple[tuple[Column[Any], Table], ...]:
    """Those columns and tables, looked up once."""
    return tuple((column, key.column.table) for column in table.columns for key in column.foreign_keys)


async def referrers_of(session: AsyncSession, kind: Kind[Any], id: UUID) -> list[dict[str, str]]:
    """What refers to this resource, each by what its kind is called and by its id: the first hundred."""
    found: dict[tuple[str, str], None] = {}
    subjects = (each for each in KINDS.values() if each.has_subject)
    by_subject = ((each.plural, table_of(each.table).c.subject_id, table_of(each.table).c.id) for each in subjects)
    for name, column, owner in chain(referring_columns(table_of(kind.table)), by_subject):
        ids = (await session.execute(select(owner).where(column == id).limit(REFERRERS_SHOWN))).scalars()
        found |= {(name, str(referrer)): None for referrer in ids if referrer != id}
    return [{"resource": name, "id": referrer} for name, referrer in list(found)[:REFERRERS_SHOWN]]


def referring_columns(target: Table) -> Iterator[tuple[str, Column[Any], Column[Any]]]:
    """The columns that refer to a table, each with what its kind is called, and the column of the id of what refers."""
    owners = {table_of(each.table): (each.plural, "id") for each in KINDS.values()}
    for each in KINDS.values():
        owners |= {table_of(child.table): (each.plural, child.parent) for child in each.lists.values()}
    owners[table_of(ApiKey)] = ("keys", "id")
    for table, (name, id_column) in owners.items():
        for column in table.columns:
            if column.name != id_column and any(key.column.table is target for key in column.foreign_keys):
                yield name, column, table.c[id_column]
