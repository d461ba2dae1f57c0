"""Pages of a list: keyset paging, which repeats and skips nothing while rows are inserted."""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import MISSING, BaseModel, Field
from pydantic_core import to_jsonable_python
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    RowMapping,
    Table,
    and_,
    bindparam,
    literal,
    or_,
    tuple_,
    type_coerce,
)
from sqlalchemy.types import NullType

from app.database.tables import table_of
from app.http.errors import Invalid
from app.http.messages import MESSAGES
from app.http.problems import FieldError
from app.resources.kind import Kind
from app.resources.lists import MAX_LIMIT
from app.schema.base import Schema

LARGEST_INTEGER = 2**31 - 1
MOST_COUNTED = 10_000
"""How many entries of a list are counted for its total: to look at all of a million would take seconds."""
MOST_LOOKED_AT = 20_000
"""How many entries that one filter matches are looked at to count those that the others match, too."""

Item = TypeVar("Item")
Entry = TypeVar("Entry", bound=BaseModel)


# Not an SQLModel: that would forget what the entries are.
class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item] = Field(max_length=MAX_LIMIT, description="The entries, in order.")
    next_cursor: str | None = Field(
        max_length=2000, pattern=r"^[A-Za-z0-9_-]+$", description="Cursor of the next page; null on the last one."
    )
    total: Annotated[int, Field(ge=0, le=MOST_COUNTED)] | MISSING = Field(
        default=MISSING,
        description=f"How many entries match, {MOST_COUNTED:,} where it is that or more; only with `include_total=true`, and "
        f"not where more than {MOST_LOOKED_AT:,} of what each filter matches would have to be looked at to count them.",
    )

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """The name of the schema in the contract: `SubMeasurePage` for the page of `SubMeasurePublic`."""
        return f"{params[0].__name__.removesuffix('Public')}{cls.__name__}"


def paged(rows: Sequence[RowMapping], entry: type[Entry], limit: int) -> tuple[list[Entry], str | None]:
    """The entries of a page, and the cursor behind the last one, of rows by their ids of which one more was asked for."""
    entries = [entry.model_validate(dict(row)) for row in rows[:limit]]
    return entries, str(rows[limit - 1]["id"]) if len(rows) > limit else None


class Order:
    """The total order of a list: the columns of its sort key, then the id."""

    def __init__(self, kind: Kind[Any], sort: str) -> None:
        key = sort.removeprefix("-")
        names = ("sort_name",) if key == kind.named_by else kind.sorts.get(key, (key,))
        table: Table = table_of(kind.table)
        self.descending = sort.startswith("-")
        self.columns: list[Column[Any]] = [table.c[name] for name in (*names, "id")]

    def clauses(self) -> list[ColumnElement[Any]]:
        """What to order by; what is not known stands last in both directions."""
        clauses: list[ColumnElement[Any]] = []
        for column in self.columns:
            if column.nullable:
                clauses.append(column.is_(None))
            clauses.append(column.desc() if self.descending else column.asc())
        return clauses

    def marks(self) -> list[ColumnElement[Any]]:
        """The columns as the driver gives them: of all the rows of a page only the last becomes a cursor."""
        return [type_coerce(column, NullType()) for column in self.columns]

    def parameters(self, unknown: Sequence[bool]) -> list[BindParameter[Any] | None]:
        """What stands for values in a statement that is kept, as `after_0` and so on; None for those that are not known."""
        return [
            None if is_unknown else bindparam(f"after_{number}", type_=column.type)
            for number, (is_unknown, column) in enumerate(zip(unknown, self.columns, strict=True))
        ]

    def after(self, values: Sequence[Any]) -> ColumnElement[bool]:
        """The condition for what stands behind these values, or behind what stands for them."""
        if not any(column.nullable for column in self.columns):
            row, bound = tuple_(*self.columns), tuple_(*map(self.bound, values, self.columns))
            return row < bound if self.descending else row > bound
        (column, id_column), (value, id) = self.columns, values
        later_id = id_column < id if self.descending else id_column > id
        if value is None:
            return and_(column.is_(None), later_id)
        later = column < value if self.descending else column > value
        return or_(later, and_(column == value, later_id), column.is_(None))

    def bound(self, value: Any, column: Column[Any]) -> ColumnElement[Any]:
        """A value with the type of its column, which a tuple does not give it: asyncpg refuses a time without zone."""
        return value if isinstance(value, BindParameter) else literal(value, column.type)


def fingerprint(kind: str, wanted: Schema) -> str:
    """What a cursor is bound to: the list, its filters and its order."""
    asked = wanted.model_dump(mode="json", exclude={"limit", "cursor", "include_total"}, exclude_none=True)
    # Any of the values is meant: neither their order nor how often each is given makes another list.
    filters = {name: sorted(set(value)) if isinstance(value, list) else value for name, value in asked.items()}
    return hashlib.sha256(f"{kind} {json.dumps(filters)}".encode()).hexdigest()[:12]


def encode(mark: str, values: Sequence[Any]) -> str:
    """The cursor behind a row with these values in the order's columns."""
    text = json.dumps([mark, *to_jsonable_python(list(values))])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, mark: str, columns: Sequence[Column[Any]]) -> list[Any]:
    """The values in a cursor; raises Invalid for one that is not of this list."""
    try:
        found, *values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        pairs = list(zip(values, columns, strict=True))
        if found == mark:
            return [typed(value, column) for value, column in pairs]
    except (ValueError, TypeError, RecursionError):
        pass
    raise Invalid(errors=[FieldError("parameter", "cursor", "invalid_cursor", MESSAGES["invalid_cursor"])])


def typed(value: Any, column: Column[Any]) -> Any:
    """A value from a cursor as its column's type; raises TypeError or ValueError when it is of no such type."""
    if value is None and column.nullable:
        return None
    # A decorated type such as that of times does not say itself what it decorates.
    kind = getattr(column.type, "impl_instance", column.type).python_type
    if kind is int:
        return whole(value)
    if not isinstance(value, str):
        raise TypeError
    if issubclass(kind, datetime):
        # SQLite keeps UTC without saying so.
        return kind.fromisoformat(value).replace(tzinfo=UTC)
    if issubclass(kind, date):
        return kind.fromisoformat(value)
    return kind(value) if issubclass(kind, UUID | StrEnum) else storable(value)


def whole(value: Any) -> int:
    """A number that every integer column can be compared with; `true` is none."""
    if type(value) is not int or abs(value) > LARGEST_INTEGER:
        raise ValueError(value)
    return value


def storable(text: str) -> str:
    """A text that a database can be asked for: without NUL and halves of surrogate pairs, which JSON can spell."""
    if "\0" in text:
        raise ValueError(text)
    text.encode()
    return text
