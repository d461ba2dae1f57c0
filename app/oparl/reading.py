"""Reads objects: one by its address, and a page of a list."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, literal, select, tuple_

from app.access.caller import ANONYMOUS
from app.access.visibility import visible
from app.database import pages
from app.http.errors import Invalid, NotFound
from app.oparl.objects import Object, Source, World, moment, stub
from app.oparl.query import ExternalListQuery
from app.oparl.sources import AGREEMENT, CHANGE, EVENT, ITEM, SUBJECT, Scope, found, one, times, was_shown
from app.oparl.types import Type
from app.resources.paging import MOST_COUNTED, decode, encode, fingerprint
from app.resources.totals import counted

AT_ONCE = 5_000
"""How many ids are asked for in one statement."""
MOST_ENTRIES = 2_000
"""How many entries of the log are looked at for what the sources of a page had before."""
BACKWARDS = "-"
END = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
"""Behind everything: where the last page is read from, backwards."""
EVER = ExternalListQuery(modified_since=datetime(1000, 1, 1, tzinfo=UTC))
"""What is there, and all that is gone."""


class ListPage(NamedTuple):
    """A page of a list: its objects, how many there are in all where that is known, and cursors of the pages around it."""

    objects: list[Object]
    total: int | None
    before: str | None
    after: str | None
    last: str | None


class Place(NamedTuple):
    """Where a page begins, and in which direction it is read."""

    values: tuple[Any, ...]
    is_backwards: bool


def read_object(connection: Connection, world: World, type: Type, id: UUID, key: str) -> Object:
    """An object, or what is left of it; raises NotFound for what never was public."""
    rows = connection.execute(select(found(type, one(type.kind, id), EVER))).all()
    sources = [source_of(row) for row in rows]
    address = world.address(type.segment, id, *([key] if key else []))
    for each in objects_of(connection, world, type, sources, EVER):
        if each["id"] == address:
            return each
    raise NotFound


def read_list(
    connection: Connection, world: World, type: Type, scope: Scope, wanted: ExternalListQuery, name: str
) -> ListPage:
    """A page of a list, in the order in which its sources came to be; raises Invalid for a cursor of another list."""
    rows = found(type, scope, wanted)
    conditions = list(times(rows, wanted))
    mark = fingerprint(f"oparl {name}", wanted.model_copy(update={"cursor": None}))
    place = place_of(wanted.cursor, mark)
    order: list[ColumnElement[Any]] = [rows.c.created, rows.c.id]
    statement = select(rows).where(*conditions, *([beyond(order, place)] if place else []))
    is_backwards = place is not None and place.is_backwards
    clauses: list[ColumnElement[Any]] = [each.desc() if is_backwards else each.asc() for each in order]
    page, more = pages.read_page(connection, statement, clauses, wanted.limit, "text", pages.PAGE_BYTES)
    page = page[::-1] if is_backwards else page
    has_before, has_after = (more, place and place.values != END) if is_backwards else (place is not None, more)
    total = connection.execute(counted(select(rows.c.id).where(*conditions))).scalar_one() if type.is_whole else None
    return ListPage(
        list(objects_of(connection, world, type, [source_of(row) for row in page], wanted)),
        None if total == MOST_COUNTED else total,
        encode(mark + BACKWARDS, (page[0].created, page[0].id)) if page and has_before else None,
        encode(mark, (page[-1].created, page[-1].id)) if page and has_after else None,
        encode(mark + BACKWARDS, END),
    )


def place_of(cursor: str | None, mark: str) -> Place | None:
    """The place that a cursor stands for; None for the beginning."""
    if cursor is None:
        return None
    columns = [AGREEMENT.c.created_at, AGREEMENT.c.id]
    try:
        return Place(tuple(decode(cursor, mark, columns)), is_backwards=False)
    except Invalid:
        return Place(tuple(decode(cursor, mark + BACKWARDS, columns)), is_backwards=True)


def beyond(order: Sequence[ColumnElement[Any]], place: Place) -> ColumnElement[bool]:
    """The condition for what stands behind a place, or before it."""
    pairs = zip(place.values, order, strict=True)
    row, bound = tuple_(*order), tuple_(*(literal(value, column.type) for value, column in pairs))
    return row < bound if place.is_backwards else row > bound


def source_of(row: Row[Any]) -> Source:
    """A source as it was read; the words of what is gone may be gone, too."""
    content = json.loads(row.text or "{}")
    created = moment(content.get("created_at")) or row.created.isoformat()
    return Source(row.id, created, row.modified.isoformat(), content, is_gone=bool(row.is_gone))


def objects_of(
    connection: Connection, world: World, type: Type, sources: Sequence[Source], wanted: ExternalListQuery
) -> Iterator[Object]:
    """What sources are now, and where it is asked what was modified, what is left of what they were."""
    world = surrounded(connection, world, sources)
    had: Mapping[UUID, set[str]] = {}
    if wanted.modified_since is not None and not type.is_whole:
        had = keys_before(connection, type, [source.id for source in sources])
    for source in sources:
        now = {} if source.is_gone else type.objects(world, source)
        yield from now.values()
        before = {""} if type.is_whole else had.get(source.id, set())
        for key in sorted(before - now.keys()):
            yield stub(world, type.name, source, *([key] if key else []))


def keys_before(connection: Connection, type: Type, ids: Sequence[UUID]) -> Mapping[UUID, set[str]]:
    """The keys of all that sources had while they were public, as far as the newest entries of the log tell."""
    statement = select(CHANGE.c.resource_id, CHANGE.c.data).where(CHANGE.c.resource_id.in_(ids), *was_shown())
    newest = statement.order_by(CHANGE.c.position.desc()).limit(MOST_ENTRIES)
    found: dict[UUID, set[str]] = defaultdict(set)
    for row in connection.execute(newest):
        found[row.resource_id] |= set(type.keys(json.loads(row.data)))
    return found


def surrounded(connection: Connection, world: World, sources: Sequence[Source]) -> World:
    """The world with what is around sources: which of all that they refer to is public, and the items about decisions."""
    agendas: dict[str, dict[str, int]] = defaultdict(dict)
    held = select(ITEM.c.decision_id, ITEM.c.consultation_event_id, ITEM.c.position).join(
        EVENT, EVENT.c.id == ITEM.c.consultation_event_id
    )
    ids = [source.id for source in sources]
    for row in connection.execute(held.where(ITEM.c.decision_id.in_(ids), visible(EVENT, ANONYMOUS))):
        agendas[str(row.decision_id)].setdefault(str(row.consultation_event_id), row.position + 1)
    referred = {id for source in sources for id in references(source.content)}
    referred |= {id for events in agendas.values() for id in events}
    bodies = connection.execute(select(AGREEMENT.c.id).where(visible(AGREEMENT, ANONYMOUS)).limit(2)).scalars().all()
    only = str(bodies[0]) if len(bodies) == 1 else None
    return replace(world, shown=shown(connection, sorted(referred)), agendas=agendas, body=only)


def references(content: Any) -> Iterator[str]:
    """The ids that a representation names, in whatever depth."""
    if isinstance(content, list):
        for each in content:
            yield from references(each)
    if isinstance(content, dict):
        for name, value in content.items():
            if name.endswith("_id") and value is not None:
                yield value
            elif name.endswith("_ids"):
                yield from value
            else:
                yield from references(value)


def shown(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Those of these ids that are public."""
    found: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        some = [UUID(id) for id in ids[start : start + AT_ONCE]]
        public = [SUBJECT.c.deleted_at.is_(None), visible(SUBJECT, ANONYMOUS)]
        found |= {
            str(id) for id in connection.execute(select(SUBJECT.c.id).where(SUBJECT.c.id.in_(some), *public)).scalars()
        }
    return frozenset(found)
