"""`/v1/keys`"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from app.access.caller import Caller
from app.access.errors import KEY_NEEDED, Unauthorized
from app.access.guards import Admin, Reader
from app.access.routing import Router
from app.http.errors import NotFound
from app.http.responses import conflicts
from app.http.runtime import Reading, Today
from app.keys import service
from app.keys.models import KeyCreate, KeyCreated, KeyCurrent, KeyPage, KeyPublic, KeyQuery, KeyRotation
from app.keys.queries import agreements_on, by_id, page_of, partner_of
from app.resources.answers import json_of
from app.resources.idempotency import NEVER_KEPT
from app.resources.paging import paged
from app.resources.transactions import ByAdmin, ByReader
from app.schema.fields import Id

router = Router(prefix="/v1/keys", tags=["keys"])


@router.get("", response_model=KeyPage)
async def list_keys(database: Reading, caller: Admin, wanted: Annotated[KeyQuery, Query()]) -> Response:
    """List the keys of the caller's partner, revoked ones too, in the order in which they were made; for operators all."""
    rows = await database.read(lambda connection: connection.execute(page_of(caller, wanted)).mappings().all())
    items, cursor = paged(rows, KeyPublic, wanted.limit)
    return json_of(KeyPage(items=items, next_cursor=cursor))


@router.post("", status_code=201, dependencies=[NEVER_KEPT], response_model=KeyCreated)
async def create_key(session: ByAdmin, content: KeyCreate) -> Response:
    """Make a key for the caller's partner, or for one that has none to make others with, as operators do.

    The answer shows it, and nothing ever does again.
    """
    return shown_once(await service.give(session, content))


@router.get("/current", response_model=KeyCurrent)
async def get_current_key(database: Reading, caller: Reader, today: Today) -> Response:
    """Read the key that the request is sent with: whether it works, whose it is, and in which agreements it writes."""
    row, partner, agreements = await database.read(lambda connection: current(connection, caller, today))
    return json_of(KeyCurrent.model_validate({**row, "partner": partner, "agreements": agreements}))


@router.post("/current/rotation", status_code=201, dependencies=[NEVER_KEPT], response_model=KeyCreated)
async def rotate_current_key(session: ByReader, rotation: KeyRotation) -> Response:
    """Replace the key that the request is sent with by one with the same rights; the old one ends after an overlap."""
    return shown_once(await service.rotate(session, own(session.by), timedelta(hours=rotation.overlap_hours)))


@router.delete("/current", status_code=204, responses=conflicts("last-operator"))
async def revoke_current_key(session: ByReader) -> Response:
    """Revoke the key that the request is sent with: for whoever finds that others know it."""
    await service.revoke(session, own(session.by))
    return Response(status_code=204)


@router.get("/{id}", response_model=KeyPublic)
async def get_key(database: Reading, caller: Admin, id: Id) -> Response:
    """Read one key."""
    row = await database.read(
        lambda connection: connection.execute(by_id(caller, id)).mappings().first(), is_quick=True
    )
    if row is None:
        raise NotFound
    return json_of(KeyPublic.model_validate(dict(row)))


@router.post("/{id}/rotation", status_code=201, dependencies=[NEVER_KEPT], response_model=KeyCreated)
async def rotate_key(session: ByAdmin, id: Id, rotation: KeyRotation) -> Response:
    """Make a key with the same rights as one of the caller's partner, and let that one end after an overlap."""
    return shown_once(await service.rotate(session, id, timedelta(hours=rotation.overlap_hours)))


@router.delete("/{id}", status_code=204, responses=conflicts("last-operator"))
async def revoke_key(session: ByAdmin, id: Id) -> Response:
    """Revoke a key of the caller's partner, for operators any: the next request with it is refused, by every process."""
    await service.revoke(session, id)
    return Response(status_code=204)


def own(caller: Caller) -> UUID:
    """The id of the caller's key; raises Unauthorized where there is no key."""
    if caller.key_id is None:
        raise Unauthorized(KEY_NEEDED, lacks="missing")
    return caller.key_id


def current(connection: Connection, caller: Caller, today: date) -> tuple[RowMapping, RowMapping, Sequence[RowMapping]]:
    """The rows of the caller's key, of its partner and of its agreements; raises Unauthorized where there is no key."""
    row = connection.execute(by_id(caller, own(caller))).mappings().one()
    partner = connection.execute(partner_of(row["partner_id"])).mappings().one()
    return row, partner, connection.execute(agreements_on(row["partner_id"], today)).mappings().all()


def shown_once(made: service.Made) -> Response:
    """The answer that holds a new key."""
    public = KeyPublic.model_validate(made.row, from_attributes=True)
    return json_of(KeyCreated(**public.model_dump(), key=made.key), 201, {"Location": f"/v1/keys/{made.row.id}"})
