"""Every question that a list can be asked is served by an index, and so is every reference."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import BinaryExpression, Column, Table, UniqueConstraint
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import SQLModel

from app.access.caller import COMMAND
from app.catalogue import FEATURES
from app.database.tables import table_of
from app.resources.kind import Kind
from app.resources.lists import APART, PAGING, ListQuery, matching
from app.resources.paging import Order
from tests.schemas import parameters, resolved

KINDS = tuple(feature.kind for feature in FEATURES)

WITHOUT_INDEX = {
    "q": "looks for text anywhere in a text, which no index of both databases serves",
}

SAMPLES = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "date": "2024-02-29",
    "date-time": "2024-02-29T10:00:00Z",
}


# What stands below another is listed for that one alone: finding it by that is enough.
LISTED = [resource for resource in KINDS if resource.within is None]
BELOW = [resource for resource in KINDS if resource.within is not None]


def list_of(resource: Kind[Any]) -> type[ListQuery]:
    """The query of a resource's list."""
    [feature] = [feature for feature in FEATURES if feature.kind is resource]
    return feature.query


def filters() -> Iterator[tuple[Kind[Any], str]]:
    """Every filter of every list."""
    for resource in LISTED:
        query = list_of(resource)
        # In order, because every test process must find the same.
        for name in sorted(query.model_fields.keys() - (PAGING | APART - {"q"})):
            yield resource, name


def sorts() -> Iterator[tuple[Kind[Any], str]]:
    """Every sort key of every list, in both directions."""
    for resource in LISTED:
        for sort in parameters(resource.path)["sort"]["enum"]:
            yield resource, sort


def sample(path: str, name: str) -> Any:
    """A value for a filter."""
    schema = resolved(parameters(path)[name])
    inner = resolved(schema["items"]) if schema["type"] == "array" else schema
    if "enum" in inner:
        value: Any = inner["enum"][0]
    elif inner["type"] == "integer":
        value = inner["minimum"]
    else:
        value = SAMPLES.get(inner.get("format", "")) or {8: "14612000", 10: "1.1"}.get(inner["maxLength"], "a")
    return [value] if schema["type"] == "array" else value


def conditions(resource: Kind[Any], name: str) -> list[ColumnElement[bool]]:
    """The conditions of a list that is asked with one filter only."""
    wanted = list_of(resource).model_validate({name: sample(resource.path, name)})
    return matching(resource, wanted, COMMAND)


def compared(condition: ColumnElement[bool]) -> Iterator[Column[Any]]:
    """The columns that a condition compares, those in the queries that it contains too."""
    for part in visitors.iterate(condition):
        if isinstance(part, BinaryExpression):
            yield from (side for side in (part.left, part.right) if isinstance(side, Column))


def stored(column: Column[Any]) -> Table:
    """The table that a column stands in, also where a query calls it otherwise."""
    return getattr(column.table, "element", column.table)


def leading(table: Table) -> list[list[str]]:
    """The columns of every index of a table, that of its key and those of its unique constraints included."""
    keys = [list(table.primary_key.columns.keys())]
    unique = [
        [column.name for column in constraint.columns]
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    ]
    return keys + unique + [list(index.columns.keys()) for index in table.indexes]


def begins_with(columns: list[str], wanted: list[str]) -> bool:
    """Whether an index serves columns in this order."""
    return columns[: len(wanted)] == wanted


class TestFilters:
    @pytest.mark.parametrize(
        ("resource", "name"),
        list(filters()),
        ids=lambda value: getattr(value, "path", value),
    )
    def test_look_into_indexed_columns(self, resource: Kind[Any], name: str) -> None:
        columns = {column for condition in conditions(resource, name) for column in compared(condition)}
        assert columns, "the filter compares nothing"
        missing = [
            str(column)
            for column in columns
            if not any(begins_with(index, [column.name]) for index in leading(stored(column)))
        ]
        if name in WITHOUT_INDEX:
            assert missing, f"{name} has an index now: drop the exception"
        else:
            assert missing == []

    def test_are_all_those_of_the_contract(self) -> None:
        known = {(resource.path, name) for resource, name in filters()}
        assert known == {
            (resource.path, name)
            for resource in LISTED
            for name in parameters(resource.path)
            if name not in PAGING | APART - {"q"}
        }

    @pytest.mark.parametrize("resource", BELOW, ids=lambda resource: resource.path)
    def test_of_what_is_below_another_look_there_only(self, resource: Kind[Any]) -> None:
        assert any(begins_with(index, [str(resource.within)]) for index in leading(table_of(resource.table)))

    def test_through_links_find_their_resources_in_one_index(self) -> None:
        """A link is looked for by its value, and by the resource that a page has come to: both stand in each index."""
        for resource in KINDS:
            for child in resource.lists.values():
                if child.value:
                    indices = leading(table_of(child.table))
                    assert any(begins_with(index, [child.value, child.parent]) for index in indices)
                    assert any(begins_with(index, [child.parent, child.value]) for index in indices)


class TestSorts:
    @pytest.mark.parametrize(("resource", "sort"), list(sorts()), ids=lambda value: getattr(value, "path", value))
    def test_read_an_index_in_its_total_order(self, resource: Kind[Any], sort: str) -> None:
        order = [column.name for column in Order(resource, sort).columns]
        assert order[-1] == "id"
        indices = leading(table_of(resource.table))
        unique = [
            [*index, "id"] for index in indices if begins_with(index, order[:-1]) and len(index) == len(order) - 1
        ]
        assert any(begins_with(index, order) for index in indices + unique), order


class TestReferences:
    @pytest.mark.parametrize("table", SQLModel.metadata.sorted_tables, ids=str)
    def test_are_indexed(self, table: Table) -> None:
        """Deleting asks for those that refer to the deleted: without an index that reads the whole table."""
        for constraint in table.foreign_key_constraints:
            wanted = [column.name for column in constraint.columns]
            assert any(begins_with(index, wanted) for index in leading(table)), wanted

    def test_are_there(self) -> None:
        """The tables above are all of them: those of each resource, and those of its lists."""
        tables = set(SQLModel.metadata.sorted_tables)
        for resource in KINDS:
            assert {table_of(resource.table), *(table_of(child.table) for child in resource.lists.values())} <= tables
