"""Create or replace a resource under the id by which another system knows it."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from app.access.caller import Caller
from app.access.visibility import visible
from app.changes.log import Transaction
from app.database.engines import one_at_a_time
from app.database.tables import table_of
from app.http.conditional import Preconditions
from app.http.errors import Invalid, NotFound
from app.interchange.bodies import Intake, said_in
from app.interchange.content import identified, replaced
from app.interchange.resolving import asked, known_in, with_own_ids
from app.language import Text
from app.resources.changing import authorise_early
from app.resources.checking import content_of
from app.resources.errors import Duplicate
from app.resources.external_ids import EXTERNAL_IDS, ExternalId, named
from app.resources.kind import Kind, Write
from app.resources.ownership import authorise, authorise_first, standing_of
from app.resources.schema import Stored
from app.resources.writing import at_address, create, rewrite
from app.schema.base import Schema

OTHER_ID = Text(
    "Was dort steht, hat in diesem System schon eine andere Id.",
    "What is there has another id in that system already.",
)


async def put(
    session: Transaction, intake: Intake, own: ExternalId, body: Schema, preconditions: Preconditions
) -> tuple[Stored, bool]:
    """Create or replace what a system knows by this id; returns its row and whether it is new.

    What stands at an address of its own is found by that, too, and gets the id. Raises Invalid for references to nothing,
    Duplicate where what is there has another id of that system, and what creating and changing a resource raises.
    """
    kind = intake.kind
    said, id = await session.database.read(lambda connection: look_up(connection, intake, own, body), is_quick=True)
    if id is None:
        await authorise_first(session, Write(kind, as_new(kind, said, own)))
    else:
        await authorise_early(session, kind, id)
    await one_at_a_time(session, f"{kind.type} {own.system} {own.id}")
    row = await row_of(session, kind, own)
    if row is None:
        content = await placed(session, kind, as_new(kind, said, own))
        row = None if kind.id_of is None else await at_address(session, kind, content)
    if row is None:
        await authorise(session, kind, content)
        preconditions.check(None)
        return await create(session, kind, content), True
    await authorise(session, kind, row)
    preconditions.check(row.version)
    ids = identified(said, free_for(row, own), own)
    after = replaced(kind, row, {**said, EXTERNAL_IDS: ids}, await standing_of(session, kind, row))
    return await rewrite(session, kind, row, after), False


def look_up(
    connection: Connection, intake: Intake, own: ExternalId, body: Schema
) -> tuple[dict[str, Any], UUID | None]:
    """What a body says with the register's own ids, and the id of what is there; raises Invalid."""
    said = said_in(body)
    known = known_in(connection, (each.key for each in asked(intake, said)))
    with_ids, errors = with_own_ids(intake, said, known)
    if errors:
        raise Invalid(errors=errors)
    id: Any = connection.execute(named(intake.kind.type, own)).scalar_one_or_none()
    return with_ids, id


def id_of(connection: Connection, caller: Caller, kind: Kind[Any], own: ExternalId) -> UUID:
    """The register's own id of what a system knows by this one; raises NotFound for what is not there for the caller."""
    table = table_of(kind.table)
    there = select(table.c.id).where(table.c.id.in_(named(kind.type, own)), visible(table, caller))
    id: UUID | None = connection.execute(there).scalar_one_or_none()
    if id is None:
        raise NotFound
    return id


async def row_of(session: Transaction, kind: Kind[Any], own: ExternalId) -> Stored | None:
    """The row of what a system knows by this id, held until the transaction ends."""
    table = kind.table
    wanted = select(table).where(table_of(table).c.id.in_(named(kind.type, own)))
    row: Stored | None = (await session.execute(wanted.with_for_update())).scalar_one_or_none()
    return row


def as_new(kind: Kind[Any], said: Mapping[str, Any], own: ExternalId) -> Schema:
    """The content of something new; raises Invalid."""
    return content_of(kind, {**said, EXTERNAL_IDS: identified(said, (), own)})


async def placed(session: Transaction, kind: Kind[Any], content: Schema) -> Schema:
    """The content of something new, as visible as what it stands below unless it says otherwise; that is held.

    So of two that are new at one address, one waits for the other.
    """
    if kind.within is None:
        return content
    above = kind.above.c
    wanted = select(above.visibility).where(above.id == getattr(content, kind.within)).with_for_update()
    visibility = (await session.execute(wanted)).scalar_one_or_none()
    is_said = visibility is None or "visibility" in content.model_fields_set
    return content if is_said else content.model_copy(update={"visibility": visibility})


def free_for(row: Stored, own: ExternalId) -> list[Any]:
    """The ids by which a resource is known; raises Duplicate where it has another one of the same system."""
    ids: list[Any] = json.loads(row.representation)[EXTERNAL_IDS]
    others = [each for each in ids if each["system"] == own.system]
    if others and own.model_dump() not in others:
        raise Duplicate(OTHER_ID, fields=[EXTERNAL_IDS])
    return ids
