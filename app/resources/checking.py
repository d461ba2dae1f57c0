"""Whether a write keeps to the rules of its kind."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Table, select

from app.access.visibility import Visibility
from app.changes.log import Transaction
from app.database.tables import table_of
from app.http.errors import Invalid
from app.http.messages import MESSAGES, errors_in
from app.http.problems import FieldError, at
from app.language import Text
from app.resources.errors import Frozen, TransitionNotAllowed
from app.resources.kind import KINDS, Kind, Write
from app.resources.parts import ChildList
from app.resources.references import wrong_references
from app.schema.base import Schema

Entries = Sequence[Mapping[str, Any]]
STEP = Text(
    "Dieser Schritt ist niemandem allein möglich: {step}.", "This is no step that anybody can take alone: {step}."
)
FIRST_STATE = Text("So kann kein neuer Eintrag beginnen.", "No new resource can begin with this.")
TOO_VISIBLE = Text(
    "Das darf nicht sichtbarer sein als der Eintrag, zu dem es gehört.",
    "This cannot be more visible than the resource that it belongs to.",
)
IN_FUTURE = Text(
    "Das kann erst geschehen sein, wenn der Tag da ist.", "This cannot have happened before the day is here."
)


def validated(kind: Kind[Any], after: Mapping[str, Any]) -> Schema:
    """The content after a patch, validated as a whole."""
    return content_of(kind, {name: after[name] for name in kind.create.model_fields})


def content_of(kind: Kind[Any], said: Mapping[str, Any]) -> Schema:
    """What is said of something new, validated as a whole."""
    try:
        return kind.create.model_validate(said)
    except ValidationError as error:
        raise Invalid(errors=errors_in(error, "body")) from None


def check_transitions(write: Write[Any]) -> None:
    """Refuse a status that cannot follow the present one, of the resource or of an entry in its lists.

    Raises TransitionNotAllowed, and Frozen for an entry that stays in its list.
    """
    kind = write.kind
    if kind.transitions is not None and write.changes(kind.state):
        check_step(kind.transitions, write.before[kind.state], write.after[kind.state])
    for name, child in kind.lists.items():
        if child.transitions is not None and write.changes(name):
            check_entries(name, child, write.before[name], write.after[name])


def check_step(transitions: Mapping[Any, frozenset[Any]], before: Any, after: Any, of: Text | None = None) -> None:
    """Refuse a step that is not among these; `of` says what takes it, where that is not the resource."""
    if after not in transitions[before]:
        raise TransitionNotAllowed(of, allowed=sorted(transitions[before]))


def check_entries(name: str, child: ChildList, before: Entries, after: Entries) -> None:
    """Refuse steps of entries, and that one is taken out that stays."""
    key, state = str(child.unique), child.state
    there = {entry[key]: entry[state] for entry in after}
    for entry in before:
        now = there.get(entry[key])
        if now is None and entry[state] in child.kept:
            raise Frozen(fields=[name])
        if now is not None and now != entry[state]:
            step = f"{name}, {entry[key]}: {entry[state]} → {now}"
            check_step(child.transitions or {}, entry[state], now, STEP.format(step=step))


def check_no_entry_stays(kind: Kind[Any], content: Mapping[str, Any]) -> None:
    """Refuse to delete what has entries that stay in their lists; raises Frozen."""
    for name, child in kind.lists.items():
        if child.kept and any(entry[child.state] in child.kept for entry in content[name]):
            raise Frozen(fields=[name])


async def check(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Refuse content that breaks a rule between its fields or refers to nothing, naming every place at once.

    Raises Invalid; of several writes, the pointers begin with the number of the write: `#/3/goal_id`.
    """
    hidden = await hidden_above(session, writes)
    unknown = await wrong_references(session, writes)
    errors: list[FieldError] = []
    for number, write in enumerate(writes):
        found = [*write.errors, *check_first_state(write), *write.kind.check(write.content)]
        found += check_past(session, write)
        for name, child in write.kind.lists.items():
            if child.unique:
                found += repeated(name, child.unique, write.values[name])
        found += unknown[number]
        if is_public(write) and above_in(write) in hidden:
            found.append(at("visibility", code="too_visible", detail=TOO_VISIBLE))
        errors += found if len(writes) == 1 else [numbered(number, each) for each in found]
    if errors:
        raise Invalid(errors=errors)


def numbered(number: int, error: FieldError) -> FieldError:
    """An error of one of several writes."""
    return replace(error, name=f"#/{number}{error.name.removeprefix('#')}")


def check_first_state(write: Write[Any]) -> list[FieldError]:
    """The error of something new in a state that only something old can be in."""
    kind = write.kind
    if not write.is_new or kind.first_states is None or write.values[kind.state] in kind.first_states:
        return []
    return [at(kind.state, code="not_a_first_state", detail=FIRST_STATE)]


def check_past(session: Transaction, write: Write[Any]) -> list[FieldError]:
    """The errors of what is said to have happened on a day that is not here yet in the city."""
    errors: list[FieldError] = []
    for place, time in write.kind.happened(write.content):
        day = time.astimezone(session.zone).date() if isinstance(time, datetime) else time
        if day > session.today:
            errors.append(at(*place, code="in_future", detail=IN_FUTURE))
    return errors


def is_public(write: Write[Any]) -> bool:
    """Whether something is to be public."""
    return write.values["visibility"] is Visibility.public


def above_in(write: Write[Any]) -> tuple[Table, UUID] | None:
    """What a resource is never more visible than: what it stands below, or its subject."""
    if write.kind.has_subject:
        return table_of(KINDS[write.values["subject_type"]].table), write.values["subject_id"]
    return None if write.kind.within is None else (write.kind.above, write.values[write.kind.within])


async def hidden_above(session: Transaction, writes: Sequence[Write[Any]]) -> set[tuple[Table, UUID]]:
    """What is for partners only, of that above what is to be public."""
    wanted: dict[Table, set[UUID]] = defaultdict(set)
    for write in writes:
        above = above_in(write) if is_public(write) else None
        if above is not None:
            wanted[above[0]].add(above[1])
    found: set[tuple[Table, UUID]] = set()
    for table, ids in wanted.items():
        hidden = select(table.c.id).where(table.c.id.in_(ids), table.c.visibility == Visibility.partners)
        found |= {(table, id) for id in (await session.execute(hidden)).scalars()}
    return found


def repeated(name: str, key: str, entries: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """The entries whose key stands in the list before."""
    seen: set[UUID] = set()
    errors: list[FieldError] = []
    for position, entry in enumerate(entries):
        if entry[key] in seen:
            errors.append(at(name, position, key, code="repeated", detail=MESSAGES["repeated"]))
        seen.add(entry[key])
    return errors
