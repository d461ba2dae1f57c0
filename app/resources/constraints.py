"""Constraints of the database, said in the words of the API."""

import re
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import ColumnCollectionConstraint
from sqlmodel import SQLModel

from app.database.tables import table_of
from app.http.errors import Invalid
from app.http.problems import Problem, at
from app.language import Text
from app.resources.errors import Duplicate, InUse
from app.resources.kind import Kind
from app.resources.references import UNKNOWN

SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")
FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION = "23503", "23505"


def violated(kind: Kind[Any], error: IntegrityError) -> Problem | IntegrityError:
    """The problem behind a refused write; the error itself where no caller could have caused it.

    References are checked before the write, so a foreign key speaks only when another writer was faster.
    """
    original: Any = error.orig
    if getattr(original, "sqlite_errorname", "") in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"):
        match = SQLITE_UNIQUE.search(str(original))
        found = [name.split(".") for name in match[1].split(", ")] if match else []
        return duplicate(places_of(kind, found[0][0], [column for _, column in found]) if found else [])
    state, constraint = getattr(original, "sqlstate", None), constraint_of(original)
    if constraint is None:
        return error
    names = [column.name for column in constraint.columns]
    places = places_of(kind, constraint.table.name, names)
    if state == UNIQUE_VIOLATION:
        return duplicate(places or names)
    if state == FOREIGN_KEY_VIOLATION:
        return Invalid(errors=[at(places[0], code="unknown_reference", detail=UNKNOWN)]) if places else InUse()
    return error


def places_of(kind: Kind[Any], table: str, columns: list[str]) -> list[str]:
    """The fields behind these columns of a table: themselves, or the list that the table holds."""
    if table == kind.type:
        return columns
    return [name for name, child in kind.lists.items() if table_of(child.table).name == table]


def duplicate(fields: list[str]) -> Duplicate:
    """The problem of values that are taken."""
    return Duplicate(
        Text(
            f"Ein anderer Eintrag hat dieselben Angaben: {', '.join(fields)}.",
            f"Another resource has the same: {', '.join(fields)}.",
        ),
        fields=fields,
    )


def constraint_of(original: Any) -> ColumnCollectionConstraint | None:
    """The constraint that PostgreSQL names; asyncpg keeps its name on the error behind SQLAlchemy's."""
    wanted = getattr(original.__cause__, "constraint_name", None)
    for table in SQLModel.metadata.tables.values():
        for constraint in table.constraints:
            if constraint.name == wanted and isinstance(constraint, ColumnCollectionConstraint):
                return constraint
    return None
