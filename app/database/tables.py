"""What tables are made of: how their constraints are named, the types of their columns."""

import re
from enum import StrEnum
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import JSON, Enum, String, Table, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a table class, for statements that do not need its objects."""
    return model.metadata.tables[str(model.__tablename__)]


class Closed(Enum):
    """A closed vocabulary whose codes are texts for the driver as they are; what is none of them, the CHECK refuses."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 (the base class names it so)
        return None


def closed(vocabulary: type[StrEnum], constraint: str | None = None) -> Any:
    """The column type of a closed vocabulary: its codes as text, held by a CHECK on both databases.

    The CHECK is named after the vocabulary; a second column of the same one in a table needs a name of its own.
    """
    return Closed(
        vocabulary,
        name=constraint or re.sub(r"(?<!^)(?=[A-Z])", "_", vocabulary.__name__).lower(),
        native_enum=False,
        create_constraint=True,
        values_callable=lambda terms: [term.value for term in terms],
        length=40,
    )


def ordered_text(length: int) -> Any:
    """Text that both databases compare by code point, so that keyset pages are in the same order on each."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class Json(TypeDecorator[Any]):
    """A JSON column that takes what a validated schema holds."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 (the base class names it so)
        return to_jsonable_python(value)
