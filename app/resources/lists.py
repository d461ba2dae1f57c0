"""What every list can be asked for: filters, order, pages."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import Field
from sqlalchemy import Column, ColumnElement, and_, exists
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import SQLModel

from app.access.caller import Caller
from app.access.visibility import Visibility
from app.changes.findings import FINDING
from app.database.tables import table_of
from app.resources.findings import mark_of
from app.resources.kind import Kind
from app.resources.scope import scoped
from app.resources.text import searchable
from app.schema.base import Schema
from app.schema.fields import Cursor, Id, Moment, Search

MAX_LIMIT = 200
ABOUT_GOAL = (
    "Goal that it is about, itself or by one of the goal's sub-measures, also by an item of its agenda; of agreements, topics "
    "and partners, those that have such a goal or work on it."
)


class ListQuery(Schema):
    """The query parameters that all lists share; a filter that is given more than once means any of its values."""

    limit: int = Field(default=50, ge=1, le=MAX_LIMIT, description="How many entries a page has at most.")
    cursor: Cursor = Field(
        default=None,
        description="`next_cursor` of the page before; the other parameters must be the same.",
    )
    include_total: bool = Field(default=False, description="Whether to count the entries that match, as `total`.")
    q: Search | None = Field(
        default=None,
        description="Text that names or descriptions contain, in any case, with or without accents.",
    )
    visibility: list[Visibility] | None = Field(default=None, max_length=2, description="Who may read the resource.")
    agreement_id: list[Id] | None = Field(
        default=None, max_length=50, description="Agreement that it belongs to; of partners, that they are a party of."
    )
    goal_id: list[Id] | None = Field(default=None, max_length=50, description=ABOUT_GOAL)
    created_at_from: Moment | None = Field(default=None, description="Created at this time or later.")
    created_at_before: Moment | None = Field(default=None, description="Created before this time.")
    updated_at_from: Moment | None = Field(default=None, description="Last changed at this time or later.")
    updated_at_before: Moment | None = Field(default=None, description="Last changed before this time.")

    @property
    def has_filters(self) -> bool:
        """Whether less than everything is asked for."""
        return not self.model_fields_set <= PAGING

    def on_day(self, today: date) -> Self:  # noqa: ARG002 (lists of what lasts ask for one)
        """What is asked for, with the day that is meant where none is said; most lists do not ask for one."""
        return self


PAGING = frozenset({"limit", "cursor", "include_total", "sort", "on"})
"""What does not change which entries there are; `on` does so only for a filter that asks for a day."""
APART = frozenset({"q", "agreement_id", "goal_id"})
"""Filters of every list, whatever its columns."""


def matching(kind: Kind[Any], wanted: ListQuery, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions for what is wanted of a kind.

    A filter named as a column compares it, `<column>_from` and `<column>_before` bound it, those that the kind is
    `found_through` look among its findings, and those that look into other tables are its `conditions`.
    """
    columns, others = table_of(kind.table).columns, kind.conditions(wanted, caller)
    met = scoped(kind.table, caller, wanted.agreement_id, wanted.goal_id)
    for name in wanted.model_fields_set - PAGING - APART:
        value = getattr(wanted, name)
        if value is None:
            continue
        if name in others:
            met.append(others[name](value))
        elif name in kind.found_through:
            met.append(is_found(kind, name, value))
        elif name.endswith("_from"):
            met.append(columns[name.removesuffix("_from")] >= value)
        elif name.endswith("_before"):
            met.append(columns[name.removesuffix("_before")] < value)
        else:
            met.append(any_of(columns[name], value))
    if wanted.q is not None:
        met.append(columns["search_text"].contains(searchable(wanted.q), autoescape=True))
    return met


def is_found(kind: Kind[Any], name: str, values: Iterable[object]) -> ColumnElement[bool]:
    """Whether a row of a kind is found by any of these values of a filter that its kind is `found_through`."""
    marks = [mark_of(kind, name, value, circle) for value in values for circle in Visibility]
    found = FINDING.alias()
    return exists().where(found.c.resource_id == table_of(kind.table).c.id, found.c.mark.in_(marks))


def linked(
    table: type[SQLModel], link: type[SQLModel], column: str, values: Iterable[UUID | str | int]
) -> ColumnElement[bool]:
    """Whether a table of links connects a row of the table with any of the values.

    EXISTS and not IN: a page then walks the index of its order and stops when it is full, where SQLite would first
    collect and sort everything that a common value matches.
    """
    return exists().where(parent_of(table, link) == table_of(table).c.id, any_of(table_of(link).c[column], values))


def parent_of(table: type[SQLModel], link: type[SQLModel]) -> Column[Any]:
    """The column by which a table of links refers to the table."""
    [parent] = (
        column for column in table_of(link).c if any(key.column.table is table_of(table) for key in column.foreign_keys)
    )
    return parent


def any_of(column: SQLCoreOperations[Any], values: Any) -> ColumnElement[bool]:
    """The column is one of the values; one alone is compared, which databases plan better than a list of one."""
    if isinstance(values, list) and len(values) == 1:
        return and_(column == values[0])
    return column.in_(values)
