"""An index for whatever lists are filtered and sorted by, and for every reference."""

import typing
from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Table
from sqlmodel import SQLModel

import app.catalogue  # noqa: F401 (makes every table known)
from app.agreements.models import AgreementList
from app.consultation_events.models import ConsultationEventList
from app.database import table_of
from app.goals.models import GoalList
from app.partners.models import PartnerList
from app.resources.lists import NOT_FILTERS, ListQuery
from app.resources.pages import Order
from app.resources.resource import KINDS
from app.sub_measures.models import SubMeasureList
from app.topics.models import TopicList

LISTS: dict[str, type[ListQuery]] = {
    "agreement": AgreementList,
    "topic": TopicList,
    "partner": PartnerList,
    "goal": GoalList,
    "sub_measure": SubMeasureList,
    "consultation_event": ConsultationEventList,
}
# Two values select nothing that an index would find faster.
UNSELECTIVE = frozenset({"visibility", "attendance_mode"})


def leading(table: Table) -> Iterator[tuple[str, ...]]:
    """The columns of every index of a table, unique constraints and the key included."""
    yield tuple(column.name for column in table.primary_key.columns)
    for index in table.indexes:
        yield tuple(column.name for column in index.columns)
    for constraint in table.constraints:
        yield tuple(column.name for column in getattr(constraint, "columns", ()))


def is_indexed(column: Column[typing.Any]) -> bool:
    """Whether an index begins with the column."""
    return any(columns[:1] == (column.name,) for columns in leading(column.table))


class TestIndices:
    @pytest.mark.parametrize("kind", LISTS)
    def test_serve_every_sort(self, kind: str) -> None:
        keys = typing.get_args(LISTS[kind].model_fields["sort"].annotation)
        assert keys
        for key in keys:
            columns = tuple(column.name for column in Order(KINDS[kind], key).columns)
            # What is unique needs no id behind it to be in one order.
            assert {columns, columns[:-1]} & set(leading(table_of(KINDS[kind].table))), key

    @pytest.mark.parametrize("kind", LISTS)
    def test_serve_every_filter_on_a_column(self, kind: str) -> None:
        columns = table_of(KINDS[kind].table).columns
        names = {
            name.removesuffix("_from").removesuffix("_before")
            for name in LISTS[kind].model_fields
            if name not in NOT_FILTERS
        }
        unindexed = {name for name in names if name in columns and not is_indexed(columns[name])}
        assert unindexed <= UNSELECTIVE

    @pytest.mark.parametrize("table", SQLModel.metadata.sorted_tables, ids=lambda table: table.name)
    def test_serve_every_reference(self, table: Table) -> None:
        references = [column for column in table.columns if column.foreign_keys]
        assert [column.name for column in references if not is_indexed(column)] == []
