"""What the shared functions must know of a kind of resource, its rules included: every write of the kind passes them."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import ColumnElement, Select, Table

from app.access.caller import Caller
from app.changes.log import Transaction
from app.changes.models import RESOURCE_TYPES
from app.database.tables import table_of
from app.http.problems import FieldError
from app.resources.external_ids import EXTERNAL_IDS, SubjectExternalId
from app.resources.parts import ChildList, Freeze, Tallied
from app.resources.schema import Stamped, Stored
from app.resources.words import BY_COORDINATORS, Rights
from app.schema.base import Patch, Schema

Row = TypeVar("Row", bound=Stored)
Row_co = TypeVar("Row_co", bound=Stored, covariant=True)


@dataclass
class Write(Generic[Row]):
    """One resource on its way into the record: what it is to be, and what there is of it.

    `content` is what was asked for, validated; `values` are its fields and whatever the rules of the kind add. `row` is
    what is there, None for what is new until it is stored; `above` is what it stands below in its address, held by the
    transaction. `before` and `after` are the representations, as far as callers write them; nothing was before what is
    new. `home` is the agreement of what is new, once its references were looked up. `errors` is what is wrong with it.
    `is_allowed` is set where its caller was found to be one who may make it, and nobody was waited for since.
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


Conditions = Mapping[str, Callable[[Any], ColumnElement[bool]]]
"""The conditions that filters are, by their names, each made of the values that are asked for."""
Hook = Callable[[Transaction, Sequence[Write[Any]]], Awaitable[None]]
FieldPath = tuple[str | int, ...]
"""Where something stands in a body: names of fields, and numbers in lists."""


def no_rules(_content: Any) -> Iterable[FieldError]:
    """For kinds whose fields are free of each other."""
    return ()


def no_past(_content: Any) -> Iterable[tuple[FieldPath, date]]:
    """For kinds that do not say that anything has happened."""
    return ()


def nothing(_values: Mapping[str, Any]) -> Mapping[str, Any]:
    """For kinds that are found by their own fields alone."""
    return {}


def no_memory(_before: Mapping[str, Any], _data: Mapping[str, Any]) -> Mapping[str, Any]:
    """For kinds that remember nothing of what they were."""
    return {}


async def no_hook(_session: Transaction, _writes: Sequence[Write[Any]]) -> None:
    """For kinds that need nothing from elsewhere."""


async def no_ties(_session: Transaction, _id: UUID) -> None:
    """For kinds that nothing but resources refers to."""


def nowhere_else(_wanted: Any, _caller: Caller) -> Conditions:
    """For kinds whose lists have no filters that look into other tables."""
    return {}


@dataclass(frozen=True, eq=False)
class Kind(Generic[Row_co]):
    """One kind of resource: its name in URLs, its table and schemas, how it is found, its rules.

    A plain kind says the first four or five; all else is said where a kind needs it.
    """

    path: str
    table: type[Row_co]
    create: type[Schema]
    public: type[Stamped]
    update: type[Patch] | None = None
    """None for what is put at its own address, and not changed."""
    correction: type[Patch] | None = None
    """What proposals can change, where that is not `update`."""

    # How it is named, listed and found.
    named_by: str = "title"
    """The field that people know it by."""
    searched: tuple[str, ...] = ("title", "description")
    """The fields that `q` looks through."""
    sorts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns behind a sort key that is not a column itself."""
    conditions: Callable[[Any, Caller], Conditions] = nowhere_else
    """Those filters of its list that look into other tables, for what is asked, and for whom."""
    found_through: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The filters of its list that many of its fields, or entries of its lists, can meet, each with these: `organiser_id`,
    `topic_ids`, `participants.partner_id`."""
    listed_by: tuple[str, ...] = ()
    """The columns of the order in which its list is read when none is asked for, where it has such filters."""
    lists: Mapping[str, ChildList] = field(default_factory=dict)
    tallied: Tallied | None = None
    derived: Callable[[Mapping[str, Any]], Mapping[str, Any]] = nothing
    """Gives columns that are computed from the content, for filters and reports."""
    remembered: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] = no_memory
    """Gives columns that follow from what was remembered before and the content: `process` fills and verifying replays them."""

    # Where it belongs.
    belongs_by: tuple[str, ...] = ()
    """The columns of which one leads to its agreement: `agreement_id`, or what refers to something that belongs to one."""
    leads_out: tuple[str, ...] = ()
    """References to something of another agreement; they do not say what the resource is about."""
    has_subject: bool = False
    """Whether it is about something of any kind in its agreement, which `subject_type` and `subject_id` name."""
    within: str | None = None
    """The column that refers to the resource above it in its address, than which it is never more visible."""
    key: str = "id"
    """The field that ends its address there."""
    id_of: Callable[[Any], UUID] | None = None
    """Makes the id of what stands below another from both."""

    # Its rules, in the order in which a write meets them.
    rights: Rights = BY_COORDINATORS
    """Whose words its fields are, and whose to say its states; what is deleted is unsaid. Parties of the agreement alone speak
    for a side or for themselves."""
    owner: str | None = None
    """The column that names the partner that it belongs to; where callers do not write it, what is new is the caller's own."""
    find_owner: Callable[[Any], Select[Any]] | None = None
    """Selects the owner, where that is in another table."""
    authors: Mapping[str, str] = field(default_factory=dict)
    """The columns that name whose words a field is, where any party can say it."""
    frozen: Freeze | None = None
    kept: bool = False
    """Whether it is never deleted."""
    state: str = "status"
    transitions: Mapping[Any, frozenset[Any]] | None = None
    """What each value of `state` can become; entries of lists have their own."""
    first_states: frozenset[Any] | None = None
    """The values of `state` that something new can have; None for all."""
    process: Hook = no_hook
    """Sees all that is written together: it completes the `values` and adds to the `errors` of each."""
    check: Callable[[Any], Iterable[FieldError]] = no_rules
    """Gives what is wrong between the fields."""
    happened: Callable[[Any], Iterable[tuple[FieldPath, date]]] = no_past
    """Gives the places that say that something has happened, each with its day or time: none is in the future."""
    follow: Hook = no_hook
    """Does what a write brings with it, in the same transaction."""
    let_go: Callable[[Transaction, UUID], Awaitable[None]] = no_ties
    """Does what a deletion brings with it, before it."""
    refuses: tuple[str, ...] = ()
    """The problems with which its own rules refuse what the present state stands against."""

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
    def plural(self) -> str:
        """The last word of its path, as in `statements`: what it is called where it does not stand below anything."""
        return self.path.rpartition("/")[2]

    @property
    def above(self) -> Table:
        """The table of the resource that this one stands below, by `within`."""
        [key] = table_of(self.table).c[str(self.within)].foreign_keys
        return key.column.table


KINDS: dict[str, Kind[Any]] = {}
"""Every kind of resource by its type, filled as they are defined, just as SQLModel knows every table."""
