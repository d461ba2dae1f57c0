"""From when until when something holds."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import create_model
from sqlalchemy import ColumnElement, FromClause, and_, or_
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


def holds_on(table: FromClause, day: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Whether a row of a table of periods holds on a day."""
    start, end = table.c["from"], table.c.until
    return and_(or_(start.is_(None), start <= day), or_(end.is_(None), end >= day))
