"""Verifying by replay: what the tables of resources hold must be what the log says, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Row, select

from app.access.visibility import Visibility
from app.changes.findings import FoundBy
from app.changes.keys import key_faults
from app.changes.models import KEY, Action, Change, Subject, SubjectAbout
from app.changes.tallies import Tallies
from app.changes.verifying import TreeWalk, data_of, entries_by_subject, faults_in
from app.database.tables import table_of
from app.resources.findings import findings_of, read_findings
from app.resources.kind import KINDS, Kind
from app.resources.rendering import found_by, read_lists
from app.resources.scope import AGREEMENT, about_of, kind_at
from app.resources.tallying import cells_of, tally_faults
from app.resources.verifying_redactions import Redacted
from app.resources.verifying_search import SearchWalk
from app.resources.verifying_strangers import Strangers

CHANGE, SUBJECT, ABOUT = table_of(Change), table_of(Subject), table_of(SubjectAbout)


@dataclass
class Told:
    """What the log tells of one subject, up to some entry."""

    id: UUID
    type: str
    version: int = 0
    visibility: Visibility | None = None
    data: str | None = None
    about: set[UUID] = field(default_factory=set)
    home: tuple[Kind[Any], UUID] | None = None
    """What it belongs to by the first version that says so."""
    remembered: Mapping[str, Any] = field(default_factory=dict)
    position: int = 0
    deleted_version: int = 0
    redacted: Redacted = field(default_factory=Redacted)

    @property
    def kind(self) -> Kind[Any]:
        """Its kind."""
        return KINDS[self.type]

    @property
    def name(self) -> str:
        """Its kind and its id."""
        return f"{self.type} {self.id}"

    def follow(self, row: Row[Any], data: dict[str, Any] | None) -> Iterator[str]:
        """Take in the next entry; gives what does not follow from the ones before."""
        is_new = self.data is None
        is_redacted_when_gone = is_new and row.action is Action.redacted and data is None
        if row.version != self.version + 1:
            yield f"version {row.version} follows version {self.version}"
        if (row.action is Action.created) != is_new and not is_redacted_when_gone:
            yield f"{row.action} does not follow from what was before"
        if row.previous_visibility != (None if is_new else self.visibility):
            yield "it says that another circle could read it before"
        if row.resource_type != self.type:
            yield "its resource was of another kind before"
        self.version, self.visibility, self.data, self.position = row.version, row.visibility, row.data, row.position
        if row.action is Action.deleted:
            self.deleted_version = row.version
        if self.type != KEY:
            self.redacted.follow(self.kind, row, data)
        if data is None or self.type == KEY:
            self.remembered = {}
            return
        self.remembered = self.kind.remembered(self.remembered, data)
        # Earlier versions had fewer lists.
        lists = dict.fromkeys(self.kind.lists, ())
        self.about |= {UUID(str(id)) for id in about_of(self.kind, {**lists, **data})}
        self.home = self.home or self.home_in(data)

    def home_in(self, data: Mapping[str, Any]) -> tuple[Kind[Any], UUID] | None:
        """What it belongs to, as its data says."""
        if self.type == AGREEMENT:
            return self.kind, self.id
        ways = [(kind_at(table_of(self.kind.table).c[name]), data.get(name)) for name in self.kind.belongs_by]
        return next(((kind, UUID(id)) for kind, id in ways if id), None)


class LogReplay:
    """Follows the log subject by subject, and compares each with what the tables hold."""

    def __init__(self) -> None:
        self.after: tuple[UUID, int] | None = None
        self.told: Told | None = None
        self.is_done = False
        self.checked = 0
        self.redacted = 0
        self.tallies = Tallies()

    def step(self, connection: Connection) -> list[str] | None:
        """What is wrong with the next entries, and with the subjects that end among them; None behind the end."""
        if self.is_done:
            return None
        faults: list[str] = []
        ended: list[Told] = []
        rows = entries_by_subject(connection, self.after)
        for row in rows:
            if self.told is None or self.told.id != row.resource_id:
                ended += [self.told] if self.told else []
                self.told = Told(row.resource_id, row.resource_type)
            faults += [
                f"the entry at position {row.position} is not as it was written: {each}" for each in self.take(row)
            ]
            self.after = row.resource_id, row.position
        if not rows:
            self.is_done = True
            ended += [self.told] if self.told else []
        faults += self.compared(connection, ended)
        return faults + list(tally_faults(connection, self.tallies) if self.is_done else ())

    def take(self, row: Row[Any]) -> Iterator[str]:
        """Take in an entry."""
        if self.told is None or row.resource_type not in {*KINDS, KEY}:
            yield f"there is no kind {row.resource_type}"
            return
        try:
            data = data_of(row)
            yield from faults_in(row, data)
            yield from self.told.follow(row, data)
        except (ValueError, KeyError, TypeError) as error:
            yield f"it cannot be read: {type(error).__name__}"

    def compared(self, connection: Connection, told: Sequence[Told]) -> Iterator[str]:
        """How what is stored of these subjects differs from what the log tells."""
        for each in told:
            self.redacted += len(each.redacted.left)
            yield from each.redacted.faults()
        yield from subject_faults(connection, told)
        yield from key_faults(connection, {each.id: each.data for each in told if each.type == KEY})
        for type in dict.fromkeys(each.type for each in told if each.type in KINDS):
            of_kind = [each for each in told if each.type == type]
            yield from self.table_faults(connection, KINDS[type], of_kind)

    def table_faults(self, connection: Connection, kind: Kind[Any], told: Sequence[Told]) -> Iterator[str]:
        """How the rows of a kind differ from what the log tells."""
        ids = [each.id for each in told]
        table = table_of(kind.table)
        rows = {row["id"]: dict(row) for row in connection.execute(select(table).where(table.c.id.in_(ids))).mappings()}
        lists, found = read_lists(connection, kind, ids), read_findings(connection, kind, ids)
        for each in told:
            row = rows.get(each.id)
            self.checked += row is not None
            self.tallies.update(() if row is None else cells_of(kind, {**row, **lists[each.id]}))
            if (row is None) != (each.data is None):
                yield f"in the log and not in its table, or the other way round: {each.name}"
            elif row is None and found[each.id]:
                yield f"in its lists and not in its table: {each.name}"
            elif row is not None and (names := list(differences(each, row, lists[each.id], found[each.id]))):
                yield f"not as in the log: {each.name} ({', '.join(names)})"


def differences(
    told: Told, row: Mapping[str, Any], lists: Mapping[str, Sequence[Any]], found: set[FoundBy]
) -> Iterator[str]:
    """In what a stored resource differs from what the log says of it."""
    if row["representation"] != told.data:
        yield "representation"
    try:
        said = stored = told.kind.public.model_validate({**row, **lists})
        # Where columns and lists give the same text, nothing is left to compare.
        if stored.model_dump_json() != told.data:
            said = told.kind.public.model_validate_json(told.data or "")
            if said.model_dump_json() != told.data:
                yield "form"
    except ValidationError:
        yield "fields that this version refuses"
        return
    if said is not stored:
        yield from (name for name in told.kind.public.model_fields if getattr(stored, name) != getattr(said, name))
    data = said.model_dump()
    computed = {**found_by(told.kind, data), **told.remembered}
    yield from (name for name, value in computed.items() if row[name] != value)
    if found != findings_of(told.kind, {**data, **told.remembered}):
        yield "what its lists find it by"


def subject_faults(connection: Connection, told: Sequence[Told]) -> Iterator[str]:
    """How what is known of subjects differs from what the log tells."""
    ids = [each.id for each in told]
    homes = {id for each in told if each.home for id in (each.home[1],)}
    wanted = select(SUBJECT).where(SUBJECT.c.id.in_({*ids, *homes}))
    known = {row.id: row for row in connection.execute(wanted)}
    about: dict[UUID, set[UUID]] = {}
    for row in connection.execute(select(ABOUT).where(ABOUT.c.subject_id.in_(ids))):
        about.setdefault(row.subject_id, set()).add(row.about_id)
    for each in told:
        subject = known.get(each.id)
        if subject is None:
            yield f"in the log and not among the subjects: {each.name}"
            continue
        said: dict[str, Any] = {
            "kind": each.type,
            "version": each.version,
            "visibility": each.visibility,
            "deleted_version": each.deleted_version,
        }
        names = [name for name, value in said.items() if getattr(subject, name) != value]
        names += ["deleted_at"] if (subject.deleted_at is None) != (each.data is not None) else []
        names += ["agreement_id"] if subject.agreement_id != agreement_of(each, known) else []
        names += ["about"] if about.get(each.id, set()) != each.about else []
        if names:
            yield f"the subject is not as in the log: {each.name} ({', '.join(names)})"


def agreement_of(told: Told, known: Mapping[UUID, Any]) -> UUID | None:
    """The agreement that a subject belongs to, by way of what it belongs to."""
    if told.home is None:
        return None
    kind, id = told.home
    if kind.type == AGREEMENT:
        return id
    above = known.get(id)
    return None if above is None else above.agreement_id


class Walk(Protocol):
    """A way through the record, a batch at a time."""

    def step(self, connection: Connection) -> list[str] | None:
        """What is wrong in the next batch; None behind the last one."""


def walks(kinds: Sequence[Kind[Any]], replay: LogReplay | None = None) -> tuple[Walk, ...]:
    """All that is verified of a register with these kinds."""
    return TreeWalk(), replay or LogReplay(), Strangers(kinds), SearchWalk(kinds)
