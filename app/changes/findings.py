"""What lists find resources by, as it is stored: rows in the order of a list, so that a page costs the same whatever else there is.

They are written with the log. Nothing reads them in a transaction that changes them.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Connection, Index, Uuid, bindparam, delete, func, insert, select, tuple_
from sqlmodel import Field, SQLModel

from app.database.engines import insert_into
from app.database.kept import Kept
from app.database.tables import ordered_text, table_of


class Finding(SQLModel, table=True):
    """A resource is found by one value of one filter: `mark` says by which, `place` where it stands in its list."""

    __tablename__ = "finding"
    __table_args__ = (Index(None, "resource_id", "mark"), {"sqlite_with_rowid": False})

    mark: UUID = Field(primary_key=True)
    place: str = Field(primary_key=True, sa_type=ordered_text(80))
    resource_id: UUID = Field(primary_key=True)


class FoundBy(NamedTuple):
    """What a resource is found by, as a row says it."""

    mark: UUID
    place: str


FINDING = table_of(Finding)
ADDING = Kept(insert(FINDING))
DROPPING = Kept(delete(FINDING).where(FINDING.c.resource_id == bindparam("resource_id")))


def store_findings(connection: Connection, found: Mapping[UUID, Collection[FoundBy]], new: Collection[UUID]) -> None:
    """Let resources be found by this and nothing else; the new ones among them were not found before."""
    known = [{"resource_id": id} for id in found if id not in new]
    if known:
        DROPPING.run(connection, known)
    rows = [{**each._asdict(), "resource_id": id} for id, all_of_it in found.items() for each in sorted(all_of_it)]
    if rows:
        ADDING.run(connection, rows)


def storing(id: Any, *, is_new: bool) -> Iterator[Any]:
    """The same of one resource as parts of a statement of PostgreSQL's, for the values that `found_in` names."""
    marks, places = (
        bindparam("found_marks", type_=ARRAY(Uuid())),
        bindparam("found_places", type_=ARRAY(FINDING.c.place.type)),
    )
    rows = func.unnest(marks, places).table_valued("mark", "place").render_derived()
    if not is_new:
        # What stays is not dropped and added: the parts of a statement do not see what each other does.
        others = tuple_(FINDING.c.mark, FINDING.c.place).not_in(select(*rows.c))
        yield delete(FINDING).where(FINDING.c.resource_id == id, others).cte("lost")
    adding = insert_into(FINDING, "postgresql").from_select(FINDING.c.keys(), select(*rows.c, id))
    yield adding.on_conflict_do_nothing().cte("found")


def found_in(found: Collection[FoundBy]) -> dict[str, Any]:
    """The values of that."""
    rows = sorted(found)
    return {"found_marks": [each.mark for each in rows], "found_places": [each.place for each in rows]}
