"""In which form a table is wanted: what can be asked for, and what goes together."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import Field, create_model
from starlette.datastructures import Headers

from app.http.errors import Invalid
from app.http.negotiation import language_of
from app.http.problems import FieldError
from app.labels import label_of
from app.language import Language, Text
from app.schema.base import Schema
from app.vocabularies.term import Term

Suffix = Literal["jsonl", "csv", "xlsx"]
ReportSuffix = Literal["csv", "xlsx"]
Dialect = Literal["excel-de"]

SUFFIX = (
    "Form of the file: `csv` for programs and, with `dialect`, for Excel; `xlsx`, a spreadsheet for people, with names beside "
    "ids and terms in words; `jsonl`, a resource a line, as its address answers it."
)
REPORT_SUFFIX = "Form of the file: `csv` for programs and, with `dialect`, for Excel; `xlsx`, a spreadsheet for people."
ONLY_WITH_CSV = Text("Das gibt es nur bei .csv.", "That is there for .csv alone.")
ONLY_WITH_XLSX = Text("Das gibt es nur bei .xlsx.", "That is there for .xlsx alone.")


class FormQuery(Schema):
    """How a table is to be written."""

    dialect: Dialect | None = Field(
        default=None,
        description="Of `csv` alone: `excel-de` is for a German Excel, with semicolons, decimal commas, local times, German "
        "words and names beside ids; without it the file is for programs.",
    )
    language: Language | None = Field(
        default=None, description="Of `xlsx` alone: the language of words; by default that of Accept-Language."
    )


class Chosen(NamedTuple):
    """The form of a table; the language is said where the file speaks to people."""

    suffix: Suffix
    dialect: Dialect | None = None
    language: Language | None = None


def chosen(suffix: Suffix, wanted: Any, headers: Headers) -> Chosen:
    """The form that a caller chose; raises Invalid for what does not go with it."""
    if wanted.dialect and suffix != "csv":
        raise Invalid(errors=[FieldError("parameter", "dialect", "wrong_form", ONLY_WITH_CSV)])
    if wanted.language and suffix != "xlsx":
        raise Invalid(errors=[FieldError("parameter", "language", "wrong_form", ONLY_WITH_XLSX)])
    if suffix == "xlsx":
        return Chosen(suffix, None, wanted.language or language_of(headers))
    return Chosen(suffix, wanted.dialect, "de" if wanted.dialect else None)


def whole(query: type[Schema], name: str, **more: Any) -> type[Schema]:
    """What a whole table can be asked for: what the pages of a list can, but for the pages, and its form."""
    pages = {"limit", "cursor", "include_total"}
    fields: dict[str, Any] = {
        field: (about.annotation, about) for field, about in query.model_fields.items() if field not in pages
    }
    own = {field: (about.annotation, about) for field, about in FormQuery.model_fields.items()}
    made: type[Schema] = create_model(name, __base__=Schema, **(fields | more | own))
    return made


def of_list(query: type[Schema], wanted: Schema) -> Any:
    """What is asked of the list itself, without what a whole table adds."""
    asked = wanted.model_dump(exclude_unset=True, include=set(query.model_fields))
    return query.model_validate(asked)


def told(wanted: Schema, language: Language) -> Mapping[str, str]:
    """What was selected, in words."""
    asked = {name: value for name, value in wanted if name in wanted.model_fields_set and value is not None}
    return {
        str(getattr(label_of(name), language)): ", ".join(
            str(getattr(each.label, language)) if isinstance(each, Term) else str(each)
            for each in (value if isinstance(value, list) else [value])
        )
        for name, value in asked.items()
        if name not in FormQuery.model_fields
    }
