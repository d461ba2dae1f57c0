"""What people call the resources whose ids stand in reports."""

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import SQLModel

from app.access.caller import Caller
from app.access.visibility import visible
from app.database.tables import table_of
from app.resources.kind import KINDS


def name_of(model: type[SQLModel], id: ColumnElement[Any], caller: Caller) -> ColumnElement[str]:
    """The name or title of what has this id; null for no id, and for what the caller may not see."""
    # One of its own: whoever asks may select from the same table.
    table = table_of(model).alias()
    column = table.c[KINDS[str(model.__tablename__)].named_by]
    return select(column).where(table.c.id == id, visible(table, caller)).correlate_except(table).scalar_subquery()
