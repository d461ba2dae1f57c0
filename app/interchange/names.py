"""What people call the things whose ids stand in a file."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, FromClause, select

from app.access.caller import Caller
from app.access.visibility import visible
from app.database.tables import table_of
from app.language import Language
from app.reports.upcoming import first_line
from app.resources.kind import KINDS, Kind
from app.resources.scope import kind_at
from app.resources.subjects import by_kind
from app.sheets.columns import as_text
from app.vocabularies.term import Term

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AT_ONCE = 5_000
"""How many ids one statement asks for: a database takes some 32,000 values."""


def ids_in(texts: Iterable[str]) -> set[str]:
    """Whatever looks like an id in some representations."""
    return {id for text in texts for id in ID.findall(text)}


def names_of(connection: Connection, caller: Caller, ids: Iterable[str], language: Language) -> dict[str, str]:
    """The names of what has these ids; what the caller may not see has none."""
    wanted = sorted(ids)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        those = [UUID(id) for id in wanted[start : start + AT_ONCE]]
        for kind, of_kind in by_kind(connection, those).items():
            found |= names_in(connection, caller, KINDS[kind], of_kind, language)
    return found


def names_in(
    connection: Connection, caller: Caller, kind: Kind[Any], ids: Sequence[UUID], language: Language
) -> Iterator[tuple[str, str]]:
    """The same for things of one kind; what stands below another has that one's name before its own."""
    table = table_of(kind.table)
    names = [table.c[kind.named_by]]
    source: FromClause = table
    if kind.within is not None:
        above = kind_at(table.c[kind.within])
        names.insert(0, table_of(above.table).c[above.named_by])
        source = table.join(table_of(above.table), table_of(above.table).c.id == table.c[kind.within])
    wanted = select(table.c.id, *names).select_from(source).where(table.c.id.in_(ids), visible(table, caller))
    for id, *parts in connection.execute(wanted):
        yield str(id), ": ".join(named(part, language) for part in parts)


def named(value: Any, language: Language) -> str:
    """A name in words: the first line of a text, the label of a term, a day."""
    if isinstance(value, Term):
        return str(getattr(value.label, language))
    return str(first_line(as_text(value, language)))
