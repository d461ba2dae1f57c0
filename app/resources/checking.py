"""Whether a write keeps to the rules of its kind."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select

from app.access.visibility import Visibility
from app.changes.log import Transaction
from app.http.messages import MESSAGES, field_errors
from app.http.problems import FieldError, Invalid, at
from app.language import Text
from app.resources.errors import Frozen, TransitionNotAllowed
from app.resources.kind import Kind, Write
from app.resources.references import wrong_references
from app.schema.base import Schema

FIRST_STATE = Text("So kann kein neuer Eintrag beginnen.", "No new resource can begin with this.")
TOO_VISIBLE = Text(
    "Das darf nicht sichtbarer sein als der Eintrag, zu dem es gehört.",
    "This cannot be more visible than the resource that it belongs to.",
)


def validated(kind: Kind[Any], after: Mapping[str, Any]) -> Schema:
    """The content after a patch, validated as a whole."""
    try:
        return kind.create.model_validate({name: after[name] for name in kind.create.model_fields})
    except ValidationError as error:
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise Invalid(errors=field_errors(errors)) from None


def check_frozen(write: Write[Any]) -> None:
    """Refuse a change of what is on record, naming it."""
    freeze = write.kind.frozen
    if freeze is None or not freeze.when(write.row, write.above):
        return
    if freeze.fields is None:
        raise Frozen
    changed = [name for name in freeze.fields if write.changes(name)]
    if changed:
        raise Frozen(fields=changed)


def check_removable(kind: Kind[Any], row: Any, above: Any) -> None:
    """Refuse to delete what is on record."""
    if kind.frozen is not None and kind.frozen.when(row, above):
        raise Frozen


def check_transition(write: Write[Any]) -> None:
    """Refuse a status that cannot follow the present one."""
    kind = write.kind
    if kind.transitions is None or not write.changes(kind.state):
        return
    state = write.values[kind.state]
    allowed = kind.transitions[type(state)(write.before[kind.state])]
    if state not in allowed:
        raise TransitionNotAllowed(allowed=sorted(allowed))


async def check(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Refuse content that breaks a rule between its fields or refers to nothing, naming every place at once.

    Raises Invalid; of several writes, the pointers begin with the number of the write: `#/3/goal_id`.
    """
    hidden = await hidden_above(session, writes)
    unknown = await wrong_references(session, writes)
    errors: list[FieldError] = []
    for number, write in enumerate(writes):
        found = [*write.errors, *check_first_state(write), *write.kind.check(write.content)]
        for name, child in write.kind.lists.items():
            if child.unique:
                found += repeated(name, child.unique, write.values[name])
        found += unknown[number]
        if is_public_below(write) and write.values[str(write.kind.within)] in hidden:
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


def is_public_below(write: Write[Any]) -> bool:
    """Whether something that stands below another resource is to be public."""
    return write.kind.within is not None and write.values["visibility"] is Visibility.public


async def hidden_above(session: Transaction, writes: Sequence[Write[Any]]) -> set[UUID]:
    """The ids of what is for partners only, of that below which something is to be public."""
    wanted = {write.values[str(write.kind.within)] for write in writes if is_public_below(write)}
    if not wanted:
        return set()
    above = writes[0].kind.above
    hidden = select(above.c.id).where(above.c.id.in_(wanted), above.c.visibility == Visibility.partners)
    return set((await session.execute(hidden)).scalars())


def repeated(name: str, key: str, entries: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """The entries whose key stands in the list before."""
    seen: set[UUID] = set()
    errors: list[FieldError] = []
    for position, entry in enumerate(entries):
        if entry[key] in seen:
            errors.append(at(name, position, key, code="repeated", detail=MESSAGES["repeated"]))
        seen.add(entry[key])
    return errors
