"""Create, change and delete: the one way that any resource is written."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Select, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from app.access.caller import Caller
from app.access.visibility import Visibility, visible
from app.changes.log import Written, record
from app.changes.models import Action, Subject
from app.database import table_of
from app.http.messages import MESSAGES, field_errors
from app.http.problems import FieldError, Gone, Invalid, NotFound, at
from app.language import Text
from app.resources.constraints import violated
from app.resources.errors import InUse, TransitionNotAllowed
from app.resources.ids import new_id
from app.resources.kind import KINDS, Kind, Row
from app.resources.ownership import authorise
from app.resources.references import check_references, referrers_of
from app.resources.rendering import render
from app.resources.schema import Stored
from app.resources.text import searchable, sortable
from app.schema.base import Patch, Schema

STAMPS = frozenset({"version", "updated_at"})

Owners = Sequence[UUID | None]

TOO_VISIBLE = Text(
    "Das darf nicht sichtbarer sein als der Eintrag, zu dem es gehört.",
    "This cannot be more visible than the resource that it belongs to.",
)


async def create(
    session: AsyncSession,
    caller: Caller,
    kind: Kind[Row],
    content: Schema,
    *,
    id: UUID | None = None,
    computed: Mapping[str, Any] | None = None,
    owners: Owners | None = None,
) -> Row:
    """Store a new resource and return its row; `computed` holds the columns that no caller sets.

    `owners` says whose right decides, where no column of the resource does. A resource that stands at an address of its
    own (`id`) and was deleted comes back with the version after its last one.

    Raises Invalid for references to nothing and broken rules, Duplicate for values that are taken.
    """
    values = {**content.model_dump(), **(computed or {})}
    authorise(caller, kind, *(owners or [owner_in(kind, values)]))
    await check(session, caller, kind, content, values)
    now = datetime.now(UTC)
    version = 1 if id is None else await last_version(session, id) + 1
    server = {"id": id or new_id(), "version": version, "created_at": now, "updated_at": now, "representation": ""}
    row = kind.table.model_validate(columns(kind, values) | server)
    row.representation = render(kind, row, {name: values[name] for name in kind.lists})
    session.add(row)
    await flush(session, kind)
    for name in kind.lists:
        await insert_list(session, kind, name, row.id, values[name])
    fields = [name for name, value in content.model_dump().items() if value not in (None, [], {})]
    await record(session, logged(kind, row, Action.created, fields))
    return row


async def change(
    session: AsyncSession,
    caller: Caller,
    kind: Kind[Row],
    row: Row,
    changes: Patch,
    *,
    computed: Mapping[str, Any] | None = None,
    owners: Owners | None = None,
) -> Row:
    """Apply a merge patch to a locked row and return it; a patch that changes nothing keeps the version.

    Raises what `create` raises, and TransitionNotAllowed for a status that cannot follow the present one.
    """
    asked = changes.model_dump(mode="json")
    after = patched(json.loads(row.representation), asked)
    return await rewrite(session, caller, kind, row, after, computed=computed, owners=owners)


async def rewrite(
    session: AsyncSession,
    caller: Caller,
    kind: Kind[Row],
    row: Row,
    after: Mapping[str, Any],
    *,
    computed: Mapping[str, Any] | None = None,
    owners: Owners | None = None,
) -> Row:
    """Make a locked row what its representation is to be, and return it; raises what `change` raises."""
    before = json.loads(row.representation)
    if after == before:
        return row
    content = validated(kind, after)
    values = {**content.model_dump(), **(computed or {})}
    authorise(caller, kind, *(owners or [owner_of(kind, row), owner_in(kind, values)]))
    check_transition(kind, before, values)
    await check(session, caller, kind, content, values)
    previous_visibility = row.visibility
    server = {"version": row.version + 1, "updated_at": datetime.now(UTC)}
    row.sqlmodel_update(columns(kind, values) | server)
    row.representation = render(kind, row, {name: values[name] for name in kind.lists})
    await flush(session, kind)
    for name in (each for each in kind.lists if after[each] != before.get(each)):
        await delete_list(session, kind, name, row.id)
        await insert_list(session, kind, name, row.id, values[name])
    fields = changed_fields(before, row)
    await record(session, logged(kind, row, Action.updated, fields, previous_visibility))
    if previous_visibility is Visibility.public and row.visibility is Visibility.partners:
        await narrow(session, caller, kind, row.id)
    return row


def changed_fields(before: Mapping[str, Any], row: Stored) -> list[str]:
    """The fields in which a resource differs from what it was."""
    after = json.loads(row.representation)
    return [
        name for name, value in after.items() if name not in STAMPS and (name not in before or before[name] != value)
    ]


def logged(kind: Kind[Row], row: Row, action: Action, fields: list[str], previous: Visibility | None = None) -> Written:
    """What the log says of a change."""
    data = None if action is Action.deleted else row.representation
    return Written(action, kind.type, row.id, row.version, row.visibility, previous, fields, data)


def owner_in(kind: Kind[Row], values: Mapping[str, Any]) -> UUID | None:
    """The owner that a resource gets with these values."""
    return values[kind.owner] if kind.owner else None


def owner_of(kind: Kind[Row], row: Row) -> UUID | None:
    """The owner that a resource has."""
    return getattr(row, kind.owner) if kind.owner else None


async def last_version(session: AsyncSession, id: UUID) -> int:
    """The last version that a resource with this id had; 0 for one that never was."""
    found = await session.execute(select(col(Subject.version)).where(col(Subject.id) == id))
    return found.scalar_one_or_none() or 0


async def remove(session: AsyncSession, kind: Kind[Row], row: Row) -> None:
    """Delete a locked row; its history stays. Raises InUse when other resources refer to it."""
    referrers = await referrers_of(session, kind, row.id)
    if referrers:
        raise InUse(referrers=referrers)
    for name in kind.lists:
        await delete_list(session, kind, name, row.id)
    await session.delete(row)
    await flush(session, kind, in_use=True)
    row.version += 1
    await record(session, logged(kind, row, Action.deleted, [], row.visibility))


async def locked(session: AsyncSession, caller: Caller, kind: Kind[Row], id: UUID) -> Row:
    """The row of a resource, held until the transaction ends; raises NotFound or Gone."""
    table = kind.table
    statement = select(table).where(table.id == id, visible(table_of(table), caller)).with_for_update()  # type: ignore[arg-type]
    row: Row | None = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise NotFound if (await session.execute(remains(caller, kind, id))).first() is None else Gone
    return row


async def check_there(session: AsyncSession, caller: Caller, kind: Kind[Any], id: UUID) -> None:
    """Raise NotFound where what an address names is not there for the caller."""
    table = table_of(kind.table)
    if (await session.execute(select(table.c.id).where(table.c.id == id, visible(table, caller)))).first() is None:
        raise NotFound


def remains(caller: Caller, kind: Kind[Any], id: UUID) -> Select[tuple[UUID]]:
    """Finds what is left of a deleted resource, as far as the caller could see it."""
    subject = table_of(Subject)
    return select(subject.c.id).where(
        subject.c.id == id,
        subject.c.kind == kind.type,
        subject.c.deleted_at.is_not(None),
        visible(subject, caller),
    )


def patched(before: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The representation after a merge patch (RFC 7396): members of an object are merged too, and null removes one."""
    after = {**before, **asked}
    for name, value in asked.items():
        if isinstance(value, dict):
            members = {**before[name], **value}
            after[name] = {key: member for key, member in members.items() if member is not None}
    return after


def validated(kind: Kind[Row], after: Mapping[str, Any]) -> Schema:
    """The content after a patch, validated as a whole."""
    try:
        return kind.create.model_validate({name: after[name] for name in kind.create.model_fields})
    except ValidationError as error:
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise Invalid(errors=field_errors(errors)) from None


def check_transition(kind: Kind[Row], before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse a status that cannot follow the present one."""
    if kind.transitions is None or values[kind.state] == before[kind.state]:
        return
    allowed = kind.transitions[type(values[kind.state])(before[kind.state])]
    if values[kind.state] not in allowed:
        raise TransitionNotAllowed(allowed=sorted(allowed))


async def check(
    session: AsyncSession, caller: Caller, kind: Kind[Row], content: Schema, values: Mapping[str, Any]
) -> None:
    """Refuse content that breaks a rule between its fields or refers to nothing, naming every place at once."""
    errors = list(kind.check(content))
    for name, child in kind.lists.items():
        if child.unique:
            errors += repeated(name, child.unique, values[name])
    errors += await check_references(session, caller, kind, values)
    errors += await check_audience(session, kind, values)
    if errors:
        raise Invalid(errors=errors)


async def check_audience(session: AsyncSession, kind: Kind[Row], values: Mapping[str, Any]) -> list[FieldError]:
    """The error of being for more people than what stands above."""
    if kind.within is None or values["visibility"] is Visibility.partners:
        return []
    above = above_of(kind)
    statement = select(above.c.visibility).where(above.c.id == values[kind.within])
    if (await session.execute(statement)).scalar_one_or_none() != Visibility.partners:
        return []
    return [at("visibility", code="too_visible", detail=TOO_VISIBLE)]


async def narrow(session: AsyncSession, caller: Caller, above: Kind[Row], id: UUID) -> None:
    """Take what stands below a resource out of the public's view together with it."""
    for each in KINDS.values():
        if each.within is None or above_of(each) is not table_of(above.table):
            continue
        columns = table_of(each.table).c
        statement = select(each.table).where(columns[each.within] == id, columns.visibility == Visibility.public)
        for row in (await session.execute(statement)).scalars().all():
            after = {**json.loads(row.representation), "visibility": Visibility.partners}
            await rewrite(session, caller, each, row, after, owners=[caller.partner_id])


def above_of(kind: Kind[Any]) -> Table:
    """The table of the resource that another one stands below."""
    [key] = table_of(kind.table).c[str(kind.within)].foreign_keys
    return key.column.table


def repeated(name: str, key: str, entries: list[dict[str, Any]]) -> list[FieldError]:
    """The entries whose key stands in the list before."""
    seen: set[Any] = set()
    errors: list[FieldError] = []
    for position, entry in enumerate(entries):
        if entry[key] in seen:
            errors.append(at(name, position, key, code="repeated", detail=MESSAGES["repeated"]))
        seen.add(entry[key])
    return errors


def columns(kind: Kind[Row], values: Mapping[str, Any]) -> dict[str, Any]:
    """What the row holds of the values, and what it is sorted and searched by."""
    own = {name: values[name] for name in kind.table.model_fields.keys() & values.keys()}
    return {
        **own,
        **kind.derived(values),
        "sort_name": sortable(str(values[kind.named_by])),
        "search_text": searchable(*(values[field] for field in kind.searched)),
    }


async def flush(session: AsyncSession, kind: Kind[Row], *, in_use: bool = False) -> None:
    """Send what is pending, and say it in the API's words when a constraint refuses it."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise (InUse() if in_use else violated(kind, error)) from error


async def insert_list(session: AsyncSession, kind: Kind[Row], name: str, parent: UUID, entries: list[Any]) -> None:
    """Store the entries of one list."""
    child = kind.lists[name]
    if entries:
        try:
            await session.execute(insert(child.table), child.rows(parent, entries))
        except IntegrityError as error:
            raise violated(kind, error) from error


async def delete_list(session: AsyncSession, kind: Kind[Row], name: str, parent: UUID) -> None:
    """Drop the entries of one list."""
    child = kind.lists[name]
    table: type[SQLModel] = child.table
    await session.execute(delete(table).where(getattr(table, child.parent) == parent))
