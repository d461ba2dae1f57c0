"""What the shared functions must know of a kind of resource, its rules included: every write of the kind passes them."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import ColumnElement, Select, Table
from sqlmodel import SQLModel

from app.changes.log import Transaction
from app.changes.models import RESOURCE_TYPES
from app.database import table_of
from app.http.problems import FieldError
from app.resources.external_ids import EXTERNAL_IDS, SubjectExternalId
from app.resources.schema import Stamped, Stored
from app.resources.words import BY_COORDINATORS, Rights
from app.schema.base import Patch, Schema

Row = TypeVar("Row", bound=Stored)
Row_co = TypeVar("Row_co", bound=Stored, covariant=True)


@dataclass(frozen=True)
class ChildList:
    """A list in a resource that is kept in a table of its own, in order.

    `parent` is the column that refers to the resource. With `value` an entry is the content of that one column
    (`topic_ids`), without it an object of all other columns (`participants`). `owner` is the column that names the partner
    whose own an entry is, with the `rights` in an entry and its own `state`; `unique` then tells entries apart. `transitions`
    says what each value of that state can become; an entry in one of the states in which it is `kept` is not taken out.
    `of_kind` is the kind of the resources, where those of several kinds share the table.
    """

    table: type[SQLModel]
    parent: str
    value: str | None = None
    unique: str | None = None
    owner: str | None = None
    rights: Rights | None = None
    state: str = "status"
    transitions: Mapping[Any, frozenset[Any]] | None = None
    kept: frozenset[Any] = frozenset()
    of_kind: str | None = None

    def rows(self, parent: object, entries: Iterable[Any]) -> list[dict[str, Any]]:
        """The rows that hold these entries."""
        shared = {} if self.of_kind is None else {"kind": self.of_kind}
        return [
            {self.parent: parent, "position": position, **shared, **({self.value: entry} if self.value else entry)}
            for position, entry in enumerate(entries)
        ]

    def entry(self, row: Mapping[str, Any]) -> Any:
        """The entry that a row holds."""
        if self.value:
            return row[self.value]
        own = (self.parent, "position") if self.of_kind is None else (self.parent, "position", "kind")
        return {name: value for name, value in row.items() if name not in own}


@dataclass
class Write(Generic[Row]):
    """One resource on its way into the record: what it is to be, and what there is of it.

    `content` is what was asked for, validated; `values` are its fields and whatever the rules of the kind add. `row` is
    what is there, None for what is new until it is stored; `above` is what it stands below in its address, held by the
    transaction. `before` and `after` are the representations, as far as callers write them; nothing was before what is new.
    `home` is the agreement of what is new, once its references were looked up. `errors` is what is wrong with it. `is_allowed`
    is set where its caller was found to be one who may make it, and nobody was waited for since.
    """

    kind: "Kind[Row]"
    content: Schema
    row: Row | None = None
    above: Any = None
    values: dict[str, Any] = field(init=False)
    before: Mapping[str, Any] = field(init=False)
    after: Mapping[str, Any] = field(init=False)
    home: UUID | None = None
    errors: list[FieldError] = field(default_factory=list)
    is_allowed: bool = False

    def __post_init__(self) -> None:
        self.values = self.content.model_dump()
        self.before = json.loads(self.row.representation) if self.row is not None else {}
        self.after = self.content.model_dump(mode="json")

    def settle(self, **values: Any) -> None:
        """Say what was not said."""
        self.content = self.content.model_copy(update=values)
        self.values = {**self.values, **values}
        self.after = {**self.after, **to_jsonable_python(values)}

    @property
    def is_new(self) -> bool:
        """Whether there was nothing before."""
        return not self.before

    def changes(self, name: str) -> bool:
        """Whether a field gets another value than it had; true for every field of what is new."""
        return name not in self.before or self.before[name] != self.after[name]


@dataclass(frozen=True)
class HeldEntries:
    """What stays of a list: `fields` of those entries whose `key` is one of what `among`, a field of the holder, names."""

    name: str
    key: str
    among: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Hold:
    """What stays of the resources that something on record refers to by `by`, a column or a list, for as long as it does."""

    by: str
    fields: tuple[str, ...] = ()
    entries: tuple[HeldEntries, ...] = ()


@dataclass(frozen=True)
class Freeze:
    """What is on record: where `when` holds for a stored row, these fields stay as they are.

    Without `fields` that is all of them but the ids of other systems. `holds` says what stays of others with it. What is on record, or held by what is,
    is not deleted either. Only a proposal that another side confirmed changes it.
    """

    when: ColumnElement[bool]
    fields: tuple[str, ...] | None = None
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True)
class Tallied:
    """How resources of a kind are counted for reports: day by day, by the column `on`, in each of its states.

    `by` gives the names and values by which one with these columns and lists is counted, beside being one of all.
    """

    on: str
    by: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]


Step = Callable[[Transaction, Sequence[Write[Any]]], Awaitable[None]]
Place = tuple[str | int, ...]
"""Where something stands in a body: names of fields, and numbers in lists."""


def no_rules(_content: Any) -> Iterable[FieldError]:
    """For kinds whose fields are free of each other."""
    return ()


def no_past(_content: Any) -> Iterable[tuple[Place, date]]:
    """For kinds that do not say that anything has happened."""
    return ()


def nothing(_values: Mapping[str, Any]) -> Mapping[str, Any]:
    """For kinds that are found by their own fields alone."""
    return {}


def no_memory(_before: Mapping[str, Any], _data: Mapping[str, Any]) -> Mapping[str, Any]:
    """For kinds that remember nothing of what they were."""
    return {}


async def no_step(_session: Transaction, _writes: Sequence[Write[Any]]) -> None:
    """For kinds that need nothing from elsewhere."""


async def no_ties(_session: Transaction, _id: UUID) -> None:
    """For kinds that nothing but resources refers to."""


@dataclass(frozen=True, eq=False)
class Kind(Generic[Row_co]):
    """One kind of resource: its name in URLs, its table and schemas, its lists, its rules.

    `named_by` is the field that people know it by, `searched` are those that `q` looks through, `sorts` the columns
    behind a sort key that is not a column itself. `within` is the column that refers to the resource above it in its
    address, than which it is never more visible; `key` is the field that ends its address there, and `id_of` makes the id
    from both. `derived` gives columns that are computed from the content, for filters and reports; `remembered` those that
    follow from it and from what was remembered before, which `process` fills and verifying replays. `belongs_by` are the
    columns of which one leads to
    the agreement that it belongs to: `agreement_id` itself, or what refers to something that belongs to one. `leads_out`
    are the references to something of another agreement; they do not say what the resource is about. What `has_subject`
    is about something of any kind in its agreement, which `subject_type` and `subject_id` name. `authors` are the columns that
    name whose words a field is, where any party can say it. What is `kept` is never deleted. `correction` is what proposals can change, where that is not `update`. `found_through` are the filters of its list
    that many of its fields, or the entries of its lists, can meet: for each the fields, as `organiser_id`, `topic_ids` and
    `participants.partner_id`; `listed_by` are the columns of the order in which its list is read when none is asked for, where it has such filters.
    What is `tallied` is counted day by day for reports.

    The rules, in the order in which a write meets them:

    - `rights` say whose words its fields are, and whose to say its states; what is deleted is unsaid. `owner` is the
      column that names the partner that it belongs to. Where that is in another table, `find_owner` selects it; where callers
      do not write it, what is new is the caller's own. Only parties of the agreement speak for a side or for themselves.
    - `frozen` is what stays as it is.
    - `transitions` says what each value of the field `state` can become, `first_states` which ones it can begin with; entries
      of lists have their own.
    - `process` sees all that is written together: it completes the `values` and adds to the `errors` of each.
    - `check` gives what is wrong between the fields.
    - `happened` gives the places that say that something has happened, each with its day or time: none is in the future.
    - `follow` does what a write brings with it, in the same transaction; `let_go` what a deletion does, before it.

    `refuses` names the problems with which its own rules refuse what the present state stands against.
    """

    path: str
    table: type[Row_co]
    create: type[Schema]
    public: type[Stamped]
    update: type[Patch] | None = None
    correction: type[Patch] | None = None
    named_by: str = "title"
    searched: tuple[str, ...] = ("title", "description")
    sorts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    found_through: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed_by: tuple[str, ...] = ()
    lists: Mapping[str, ChildList] = field(default_factory=dict)
    tallied: Tallied | None = None
    within: str | None = None
    key: str = "id"
    id_of: Callable[[Any], UUID] | None = None
    derived: Callable[[Mapping[str, Any]], Mapping[str, Any]] = nothing
    remembered: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] = no_memory
    belongs_by: tuple[str, ...] = ()
    leads_out: tuple[str, ...] = ()
    has_subject: bool = False
    authors: Mapping[str, str] = field(default_factory=dict)
    kept: bool = False
    rights: Rights = BY_COORDINATORS
    owner: str | None = None
    find_owner: Callable[[Any], Select[Any]] | None = None
    frozen: Freeze | None = None
    state: str = "status"
    transitions: Mapping[Any, frozenset[Any]] | None = None
    first_states: frozenset[Any] | None = None
    process: Step = no_step
    check: Callable[[Any], Iterable[FieldError]] = no_rules
    happened: Callable[[Any], Iterable[tuple[Place, date]]] = no_past
    follow: Step = no_step
    let_go: Callable[[Transaction, UUID], Awaitable[None]] = no_ties
    refuses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = ChildList(SubjectExternalId, parent="subject_id", of_kind=self.type)
        # Every kind has it, and none has to say so.
        object.__setattr__(self, "lists", {**self.lists, EXTERNAL_IDS: known})
        KINDS[self.type] = self
        RESOURCE_TYPES.add(self.type)

    @property
    def type(self) -> str:
        """The kind in the singular, as in `sub_measure`: the `resource_type` of changes, and the name of its table."""
        return str(self.table.__tablename__)

    @property
    def above(self) -> Table:
        """The table of the resource that this one stands below, by `within`."""
        [key] = table_of(self.table).c[str(self.within)].foreign_keys
        return key.column.table


KINDS: dict[str, Kind[Any]] = {}
"""Every kind of resource by its type, filled as they are defined, just as SQLModel knows every table."""
