"""What people call the things whose ids stand in the record, and where their pages are."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from app.access.visibility import visible
from app.database.tables import table_of
from app.resources.kind import KINDS, Kind
from app.resources.subjects import by_kind
from app.site.frame import Look
from app.vocabularies.term import Term

LONGEST_NAME = 120
NUMBERS = ("code", "number")
"""What stands before a name, where there is one."""


class Named(NamedTuple):
    """Something with its name and the address of its page."""

    name: str
    path: str


def names_of(look: Look, ids: Iterable[UUID]) -> Mapping[UUID, Named]:
    """The names of what has these ids; what the caller may not see is left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    found: dict[UUID, Named] = {}
    for kind, those in by_kind(look.connection, wanted).items():
        found |= names_in(look, KINDS[kind], those)
    return found


def names_in(look: Look, kind: Kind[Any], ids: Iterable[UUID]) -> Mapping[UUID, Named]:
    """The same for things of one kind."""
    table = table_of(kind.table)
    needed = {"id", kind.named_by, kind.within, kind.key, *NUMBERS}
    columns = [column for column in table.c if column.name in needed]
    wanted = select(*columns).where(table.c.id.in_(ids), visible(table, look.caller))
    rows = look.connection.execute(wanted).mappings()
    return {row["id"]: Named(name_of(look, kind, row), path_of(kind, row)) for row in rows}


def name_of(look: Look, kind: Kind[Any], said: Mapping[Any, Any]) -> str:
    """What people call something, with its number where it has one; what is named by a term or a day, in words."""
    value = said[kind.named_by]
    if isinstance(value, Term):
        return look.say(value.label)
    if isinstance(value, date):
        return look.day(value)
    name = str(value or "").strip().partition("\n")[0]
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 1]}…"
    number = next((said[each] for each in NUMBERS if said.get(each)), None)
    return look.written(f"{number} {name}" if number else name)


def path_of(kind: Kind[Any], said: Mapping[Any, Any]) -> str:
    """The address of its page, which is that of the API without `/v1`."""
    above = kind.path.format(id=said[kind.within]) if kind.within and "{id}" in kind.path else kind.path
    return f"/{above}/{said[kind.key]}"
