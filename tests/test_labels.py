"""What people call the fields: every field of every kind has a label in both languages."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from app.catalogue import FEATURES
from app.labels import LABELS, label_of
from app.language import Text
from app.reports.downloads import DOWNLOADS
from app.resources.schema import Stamped
from app.sheets.choice import FormQuery
from app.sheets.columns import bare, entry_of, is_schema
from app.sheets.table import Table, Title, sheets_of, told_columns

PAGES = {"limit", "cursor", "include_total", *FormQuery.model_fields}
TITLE = Title("table", Text("Tabelle", "Table"), Text("Zeile", "Row"))
SCHEMAS: dict[str, type[BaseModel]] = {
    **{feature.kind.type: feature.kind.public for feature in FEATURES},
    **{
        each.path: bare_entry
        for each in DOWNLOADS
        for bare_entry in [entry_of(bare(each.figures.model_fields["items"].annotation))]
    },
}


def names_in(schema: Any) -> Iterator[str]:
    """The names of the fields of a schema, and of the objects in it."""
    for name, field in schema.model_fields.items():
        yield name
        shape = bare(field.annotation)
        for part in (shape, entry_of(shape)):
            if is_schema(part):
                yield from names_in(part)


class TestLabels:
    @pytest.mark.parametrize("name", SCHEMAS)
    def test_are_there_for_every_field(self, name: str) -> None:
        for field in names_in(SCHEMAS[name]):
            label = label_of(field)
            assert label.de
            assert label.en

    def test_are_there_for_every_kind(self) -> None:
        assert [feature.kind.type for feature in FEATURES if f"{feature.kind.type}_id" not in LABELS] == []

    def test_are_there_for_every_filter(self) -> None:
        queries = [feature.query for feature in FEATURES] + [each.query for each in DOWNLOADS]
        for name in {name for query in queries for name in query.model_fields} - PAGES:
            assert all(label_of(name)), name
        assert label_of("starts_at_before") == Text("Beginn: vor", "Start: before")

    def test_are_missed_where_nobody_has_named_a_field(self) -> None:
        with pytest.raises(LookupError, match="unheard_of has no label"):
            label_of("unheard_of")

    @pytest.mark.parametrize("name", SCHEMAS)
    @pytest.mark.parametrize("language", ["de", "en"])
    def test_tell_the_columns_of_a_table_apart(self, name: str, language: str) -> None:
        is_kind = issubclass(SCHEMAS[name], Stamped)
        table = Table(TITLE, SCHEMAS[name], has_names=is_kind)
        sheets = sheets_of(table)
        for columns in (*(sheet.columns for sheet in sheets), told_columns(table)):
            labels = [getattr(column.label, language) for column in columns]
            assert len(set(labels)) == len(labels)
        titles = [getattr(sheet.title, language) for sheet in sheets]
        assert len(set(titles)) == len(titles)
        # What Excel takes as the name of a sheet.
        assert all(len(title) <= 31 and not set(title) & set("[]:*?/\\") for title in titles)
