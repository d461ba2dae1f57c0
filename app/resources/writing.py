"""Create, change and delete: the one way that any resource is written."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Select, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from app.access.caller import Caller
from app.access.visibility import Visibility, visible
from app.changes.log import Written, record
from app.changes.models import Action, Subject
from app.database import table_of
from app.http.messages import MESSAGES, field_errors
from app.http.problems import FieldError, Gone, Invalid, NotFound, at
from app.resources.constraints import violated
from app.resources.errors import InUse, TransitionNotAllowed
from app.resources.ids import new_id
from app.resources.ownership import authorise
from app.resources.references import check_references, referrers_of
from app.resources.rendering import render
from app.resources.resource import Resource, Row
from app.resources.schema import Stored
from app.resources.text import searchable, sortable
from app.schema.base import Patch, Schema

STAMPS = frozenset({"version", "updated_at"})


async def create(
    session: AsyncSession,
    caller: Caller,
    resource: Resource[Row],
    content: Schema,
    *,
    id: UUID | None = None,
    computed: Mapping[str, Any] | None = None,
) -> Row:
    """Store a new resource and return its row; `computed` holds the columns that no caller sets.

    Raises Invalid for references to nothing and broken rules, Duplicate for values that are taken.
    """
    values = {**content.model_dump(), **(computed or {})}
    authorise(caller, resource, owner_in(resource, values))
    await check(session, caller, resource, content, values)
    now = datetime.now(UTC)
    server = {"id": id or new_id(), "version": 1, "created_at": now, "updated_at": now, "representation": ""}
    row = resource.table.model_validate(columns(resource, values) | server)
    row.representation = render(resource, row, {name: values[name] for name in resource.lists})
    session.add(row)
    await flush(session, resource)
    for name in resource.lists:
        await insert_list(session, resource, name, row.id, values[name])
    fields = [name for name, value in content.model_dump().items() if value not in (None, [], {})]
    await record(session, logged(resource, row, Action.created, fields))
    return row


async def change(
    session: AsyncSession,
    caller: Caller,
    resource: Resource[Row],
    row: Row,
    changes: Patch,
    *,
    computed: Mapping[str, Any] | None = None,
) -> Row:
    """Apply a merge patch to a locked row and return it; a patch that changes nothing keeps the version.

    Raises what `create` raises, and TransitionNotAllowed for a status that cannot follow the present one.
    """
    before = json.loads(row.representation)
    asked = changes.model_dump(mode="json")
    after = patched(before, asked)
    if after == before:
        return row
    content = validated(resource, after)
    values = {**content.model_dump(), **(computed or {})}
    authorise(caller, resource, owner_of(resource, row), owner_in(resource, values))
    check_step(resource, before, values)
    await check(session, caller, resource, content, values)
    previous_visibility = row.visibility
    server = {"version": row.version + 1, "updated_at": datetime.now(UTC)}
    row.sqlmodel_update(columns(resource, values) | server)
    row.representation = render(resource, row, {name: values[name] for name in resource.lists})
    await flush(session, resource)
    for name in resource.lists.keys() & asked.keys():
        await delete_list(session, resource, name, row.id)
        await insert_list(session, resource, name, row.id, values[name])
    fields = changed_fields(before, row)
    await record(session, logged(resource, row, Action.updated, fields, previous_visibility))
    return row


def changed_fields(before: Mapping[str, Any], row: Stored) -> list[str]:
    """The fields in which a resource differs from what it was."""
    after = json.loads(row.representation)
    return [
        name for name, value in after.items() if name not in STAMPS and (name not in before or before[name] != value)
    ]


def logged(
    resource: Resource[Row], row: Row, action: Action, fields: list[str], previous: Visibility | None = None
) -> Written:
    """What the log says of a change."""
    data = None if action is Action.deleted else row.representation
    return Written(action, resource.kind, row.id, row.version, row.visibility, previous, fields, data)


def owner_in(resource: Resource[Row], values: Mapping[str, Any]) -> UUID | None:
    """The owner that a resource gets with these values."""
    return values[resource.owner] if resource.owner else None


def owner_of(resource: Resource[Row], row: Row) -> UUID | None:
    """The owner that a resource has."""
    return getattr(row, resource.owner) if resource.owner else None


async def remove(session: AsyncSession, resource: Resource[Row], row: Row) -> None:
    """Delete a locked row; its history stays. Raises InUse when other resources refer to it."""
    referrers = await referrers_of(session, resource, row.id)
    if referrers:
        raise InUse(referrers=referrers)
    for name in resource.lists:
        await delete_list(session, resource, name, row.id)
    await session.delete(row)
    await flush(session, resource, in_use=True)
    row.version += 1
    await record(session, logged(resource, row, Action.deleted, [], row.visibility))


async def locked(session: AsyncSession, caller: Caller, resource: Resource[Row], id: UUID) -> Row:
    """The row of a resource, held until the transaction ends; raises NotFound or Gone."""
    table = resource.table
    statement = select(table).where(table.id == id, visible(table_of(table), caller)).with_for_update()  # type: ignore[arg-type]
    row: Row | None = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise NotFound if (await session.execute(remains(caller, resource, id))).first() is None else Gone
    return row


def remains(caller: Caller, resource: Resource[Any], id: UUID) -> Select[tuple[UUID]]:
    """Finds what is left of a deleted resource, as far as the caller could see it."""
    subject = table_of(Subject)
    return select(subject.c.id).where(
        subject.c.id == id,
        subject.c.kind == resource.kind,
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


def validated(resource: Resource[Row], after: Mapping[str, Any]) -> Schema:
    """The content after a patch, validated as a whole."""
    try:
        return resource.create.model_validate({name: after[name] for name in resource.create.model_fields})
    except ValidationError as error:
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise Invalid(errors=field_errors(errors)) from None


def check_step(resource: Resource[Row], before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse a status that cannot follow the present one."""
    if resource.steps is None or values["status"] == before["status"]:
        return
    allowed = resource.steps[type(values["status"])(before["status"])]
    if values["status"] not in allowed:
        raise TransitionNotAllowed(allowed=sorted(allowed))


async def check(
    session: AsyncSession, caller: Caller, resource: Resource[Row], content: Schema, values: Mapping[str, Any]
) -> None:
    """Refuse content that breaks a rule between its fields or refers to nothing, naming every place at once."""
    errors = list(resource.check(content))
    for name, child in resource.lists.items():
        if child.unique:
            errors += repeated(name, child.unique, values[name])
    errors += await check_references(session, caller, resource, values)
    if errors:
        raise Invalid(errors=errors)


def repeated(name: str, key: str, entries: list[dict[str, Any]]) -> list[FieldError]:
    """The entries whose key stands in the list before."""
    seen: set[Any] = set()
    errors: list[FieldError] = []
    for position, entry in enumerate(entries):
        if entry[key] in seen:
            errors.append(at(name, position, key, code="repeated", detail=MESSAGES["repeated"]))
        seen.add(entry[key])
    return errors


def columns(resource: Resource[Row], values: Mapping[str, Any]) -> dict[str, Any]:
    """What the row holds of the values, and what it is sorted and searched by."""
    own = {name: values[name] for name in resource.table.model_fields.keys() & values.keys()}
    return own | {
        "sort_name": sortable(values[resource.name]),
        "search_text": searchable(*(values[field] for field in resource.searched)),
    }


async def flush(session: AsyncSession, resource: Resource[Row], *, in_use: bool = False) -> None:
    """Send what is pending, and say it in the API's words when a constraint refuses it."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise (InUse() if in_use else violated(resource, error)) from error


async def insert_list(
    session: AsyncSession, resource: Resource[Row], name: str, parent: UUID, entries: list[Any]
) -> None:
    """Store the entries of one list."""
    child = resource.lists[name]
    if entries:
        try:
            await session.execute(insert(child.table), child.rows(parent, entries))
        except IntegrityError as error:
            raise violated(resource, error) from error


async def delete_list(session: AsyncSession, resource: Resource[Row], name: str, parent: UUID) -> None:
    """Drop the entries of one list."""
    child = resource.lists[name]
    table: type[SQLModel] = child.table
    await session.execute(delete(table).where(getattr(table, child.parent) == parent))
