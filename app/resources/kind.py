"""What the shared functions must know of a kind of resource."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlmodel import SQLModel

from app.access.roles import Role
from app.http.problems import FieldError
from app.resources.schema import Stamped, Stored
from app.schema.base import Schema

Row = TypeVar("Row", bound=Stored)
Row_co = TypeVar("Row_co", bound=Stored, covariant=True)


@dataclass(frozen=True)
class ChildList:
    """A list in a resource that is kept in a table of its own, in order.

    `parent` is the column that refers to the resource. With `value` an entry is the content of that one column
    (`topic_ids`), without it an object of all other columns (`participants`).
    """

    table: type[SQLModel]
    parent: str
    value: str | None = None
    unique: str | None = None

    def rows(self, parent: object, entries: Iterable[Any]) -> list[dict[str, Any]]:
        """The rows that hold these entries."""
        return [
            {self.parent: parent, "position": position, **({self.value: entry} if self.value else entry)}
            for position, entry in enumerate(entries)
        ]

    def entry(self, row: Mapping[str, Any]) -> Any:
        """The entry that a row holds."""
        if self.value:
            return row[self.value]
        return {name: value for name, value in row.items() if name not in (self.parent, "position")}


def no_rules(_content: Any) -> Iterable[FieldError]:
    """For resources whose fields are free of each other."""
    return ()


def nothing(_values: Mapping[str, Any]) -> Mapping[str, Any]:
    """For resources that are found by their own fields alone."""
    return {}


@dataclass(frozen=True)
class Kind(Generic[Row_co]):
    """One kind of resource: its name in URLs, its table and schemas, its lists, its rules.

    `named_by` is the field that people know it by, `searched` are those that `q` looks through, `sorts` the columns behind
    a sort key that is not a column itself. `writer` is the role that writes all of the kind; with `owner`, a column that
    refers to a partner, contributors write those of their own partner. `check` gives what is wrong between fields, `transitions`
    what each status can become, which is the field `state`. `derived` gives columns that are computed from the content,
    for filters and reports. `within` is the column that refers to the resource above it in its address, than which it is
    never more visible.
    """

    path: str
    table: type[Row_co]
    create: type[Schema]
    public: type[Stamped]
    named_by: str = "title"
    searched: tuple[str, ...] = ("title", "description")
    sorts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: Mapping[str, ChildList] = field(default_factory=dict)
    writer: Role = Role.coordinator
    owner: str | None = None
    check: Callable[[Any], Iterable[FieldError]] = no_rules
    transitions: Mapping[Any, frozenset[Any]] | None = None
    state: str = "status"
    within: str | None = None
    derived: Callable[[Mapping[str, Any]], Mapping[str, Any]] = nothing

    def __post_init__(self) -> None:
        KINDS[self.type] = self

    @property
    def type(self) -> str:
        """The name of the kind in the singular, as in `sub_measure`: the `resource_type` of changes, and the name of its table."""
        return str(self.table.__tablename__)


KINDS: dict[str, Kind[Any]] = {}
"""Every kind of resource by its name, filled as they are defined, just as SQLModel knows every table."""
