"""What a report is made of: its questions, its rows from one statement, and the change position they were computed at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, wraps
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, Field
from sqlalchemy import CTE, Column, ColumnElement, Connection, Select, literal, select, true, tuple_

from app.access.caller import Caller
from app.changes.models import LAST_POSITION, LogHead
from app.changes.schemas import CURSOR_PATTERN
from app.database.tables import table_of
from app.language import Text
from app.resources.lists import ABOUT_GOAL, MAX_LIMIT
from app.schema.base import Schema
from app.schema.fields import Cursor, Id

MOST_GROUPS = 10_000
MOST_KEPT = 10
"""Of each report: one statement takes about half a MiB."""

ReportRow = TypeVar("ReportRow", bound=BaseModel)


class ReportHead(BaseModel):
    """What every report says of itself."""

    position: int = Field(
        ge=0,
        le=LAST_POSITION,
        json_schema_extra={"format": "int64"},
        description="Position in the change log that the figures were computed at.",
    )
    as_of: date = Field(description="Day that the figures are of, in the time zone of the installation.")


class ReportPage(ReportHead):
    """One page of a report's rows."""

    next_cursor: str | None = Field(
        max_length=2000, pattern=CURSOR_PATTERN, description="Cursor of the next page; null on the last one."
    )


class RowQuery(Schema):
    """How many rows are asked for, and from where."""

    limit: int = Field(default=50, ge=1, le=MAX_LIMIT, description="How many rows a page has at most; a file has all.")
    cursor: Cursor = Field(
        default=None,
        description="`next_cursor` of the page before; the other parameters must be the same.",
    )


PAGING = set(RowQuery.model_fields)
"""What does not change which rows there are."""


class AgreementQuery(Schema):
    """Which part of the cooperation is asked for."""

    agreement_id: list[Id] | None = Field(default=None, max_length=50, description="Agreement.")
    topic_id: list[Id] | None = Field(default=None, max_length=50, description="Topic.")
    goal_id: list[Id] | None = Field(default=None, max_length=50, description=ABOUT_GOAL)


Page = Callable[[int, Sequence[Any] | None], Mapping[str, Any]]
"""The values that what rows are made of is given for a page: of so many rows, behind some values of the order."""


def no_values(_limit: int, _after: Sequence[Any] | None) -> Mapping[str, Any]:
    """For rows that are made of the same whatever page is asked for."""
    return {}


@dataclass(frozen=True)
class Report(Generic[ReportRow]):
    """The rows of a report: what it is called, what they are made of, and the columns of their total order, none of them null.

    What they are made of may be bounded for each page by the values of `page`.
    """

    name: str
    title: Text
    entry: type[ReportRow]
    source: CTE
    order: tuple[str, ...]
    page: Page = no_values

    @property
    def columns(self) -> list[Column[Any]]:
        """The columns of the order, for cursors."""
        return [Column(name, self.source.c[name].type, nullable=False) for name in self.order]

    def after(self, values: Sequence[Any]) -> ColumnElement[bool]:
        """The condition for what stands behind these values."""
        columns = [self.source.c[name] for name in self.order]
        bound = tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))
        return tuple_(*columns) > bound

    def selected(self, limit: int, after: Sequence[Any] | None) -> Select[Any]:
        """Rows with the position of the log in the same statement; one without a row when there is none."""
        inner = select(self.source).order_by(*(self.source.c[name] for name in self.order)).limit(limit)
        rows = (inner if after is None else inner.where(self.after(after))).subquery("rows")
        feed = table_of(LogHead)
        whole = select(feed.c.position.label("log_position"), *rows.c).select_from(feed.outerjoin(rows, true()))
        return whole.order_by(*(rows.c[name] for name in self.order))

    def read(self, connection: Connection, limit: int, after: Sequence[Any] | None) -> tuple[int, list[Any]]:
        """The position and the rows."""
        found = connection.execute(self.selected(limit, after), self.page(limit, after)).all()
        return found[0].log_position, [row for row in found if getattr(row, self.order[0]) is not None]


Made = TypeVar("Made", bound=Callable[..., Report[Any]])


def kept(made: Made) -> Made:
    """Keep the statements of what is asked most: to put one together takes several times as long as to run it.

    They hold what was asked and nothing that was answered.
    """

    @lru_cache(MOST_KEPT)
    def made_once(caller: Caller, query: type[BaseModel], asked: str, *rest: Any) -> Report[Any]:
        return made(caller, query.model_validate_json(asked), *rest)

    @wraps(made)
    def rows(caller: Caller, wanted: BaseModel, *rest: Any) -> Report[Any]:
        asked = wanted.model_dump_json(exclude=PAGING, exclude_defaults=True)
        return made_once(replace(caller, key_id=None), type(wanted), asked, *rest)

    return cast("Made", rows)
