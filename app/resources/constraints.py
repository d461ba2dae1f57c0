"""Constraints of the database, said in the words of the API."""

import re
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app.http.problems import Invalid, Problem, at
from app.language import Text
from app.resources.errors import Duplicate, InUse
from app.resources.references import UNKNOWN
from app.resources.resource import Resource

SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")
FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION = "23503", "23505"


def violated(resource: Resource[Any], error: IntegrityError) -> Problem | IntegrityError:
    """The problem behind a refused write; the error itself where no caller could have caused it.

    References are checked before the write, so a foreign key speaks only when another writer was faster.
    """
    original: Any = error.orig
    if getattr(original, "sqlite_errorname", "") in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"):
        match = SQLITE_UNIQUE.search(str(original))
        return duplicate([name.rpartition(".")[2] for name in match[1].split(", ")] if match else [])
    state = getattr(original, "sqlstate", None)
    if state == UNIQUE_VIOLATION:
        return duplicate(columns_of(constraint_name(original)))
    if state == FOREIGN_KEY_VIOLATION:
        columns = columns_of(constraint_name(original))
        if columns and columns[0] in resource.table.model_fields:
            return Invalid(errors=[at(columns[0], code="unknown_reference", detail=UNKNOWN)])
        lists = [name for name, child in resource.lists.items() if columns and columns[0] in child.table.model_fields]
        return Invalid(errors=[at(lists[0], code="unknown_reference", detail=UNKNOWN)]) if lists else InUse()
    return error


def duplicate(fields: list[str]) -> Duplicate:
    """The problem of values that are taken."""
    return Duplicate(
        Text(
            f"Ein anderer Eintrag hat dieselben Angaben: {', '.join(fields)}.",
            f"Another resource has the same: {', '.join(fields)}.",
        ),
        fields=fields,
    )


def constraint_name(original: Any) -> str:
    """The name of the constraint, which asyncpg keeps on the error behind SQLAlchemy's."""
    return str(getattr(original.__cause__, "constraint_name", ""))


def columns_of(name: str) -> list[str]:
    """The columns of a constraint."""
    for table in SQLModel.metadata.tables.values():
        for constraint in named(table):
            if constraint.name == name:
                return [column.name for column in constraint.columns]
    return []


def named(table: Table) -> list[UniqueConstraint | ForeignKeyConstraint]:
    """The constraints of a table that a write can meet."""
    return [each for each in table.constraints if isinstance(each, UniqueConstraint | ForeignKeyConstraint)]
