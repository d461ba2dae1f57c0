"""What a kind of resource is declared with: its lists, what of it stays once it is on record, how it is counted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import SQLModel

from app.resources.words import Rights


@dataclass(frozen=True)
class ChildList:
    """A list in a resource that is kept in a table of its own, in order.

    `parent` is the column that refers to the resource. With `value` an entry is the content of that one column
    (`topic_ids`), without it an object of all other columns (`participants`). `owner` is the column that names the
    partner whose own an entry is, with the `rights` in an entry and its own `state`; `unique` then tells entries apart.
    `transitions` says what each value of that state can become; an entry in one of the states in which it is `kept` is
    not taken out. `of_kind` is the kind of the resources, where those of several kinds share the table.
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

    Without `fields` that is all of them but the ids of other systems. `holds` says what stays of others with it. What
    is on record, or held by what is, is not deleted either. Only a proposal that another side confirmed changes it.
    """

    when: ColumnElement[bool]
    fields: tuple[str, ...] | None = None
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True)
class Tallied:
    """How resources of a kind are counted for reports and totals: day by day, by the column `on`, in each of its states.

    Each is counted as one of all, by its `columns` of these names, and by the names and values that `by` gives for its
    columns and lists.
    """

    on: str
    columns: tuple[str, ...]
    by: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]
