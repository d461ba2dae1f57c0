"""From when until when something holds."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import create_model
from sqlalchemy import ColumnElement, FromClause, and_, or_
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import Field

from app.schema.base import Schema
from app.schema.fields import Day

# Made by a call, since `from` is a word of Python's own.
FIELDS: Mapping[str, Any] = {
    "from": (Day | None, Field(default=None, description="First day; null: from the beginning.")),
    "until": (Day | None, Field(default=None, description="Last day; null: without end.")),
}
Period: type[Schema] = create_model("Period", __base__=Schema, **FIELDS)
"""Two days, `from` and `until`, both included; either can be open."""


def goes_on(last_day: SQLCoreOperations[Any], day: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Whether what has this last day, or null where none is known, is there on a day: the last one is one of its days."""
    return or_(last_day.is_(None), last_day >= day)


def has_ended(last_day: date | None, day: date) -> bool:
    """Whether what has this last day, if one is known, is over on a day."""
    return last_day is not None and last_day < day


def holds_on(table: FromClause, day: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Whether a row of a table of periods holds on a day."""
    start = table.c["from"]
    return and_(or_(start.is_(None), start <= day), goes_on(table.c.until, day))
