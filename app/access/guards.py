"""Who calls, as routes ask for it: the key of a request, and the role that an operation needs."""

import hmac
import logging
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Connection, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import col

from app.access.caller import ANONYMOUS, Caller, require
from app.access.errors import Unauthorized
from app.access.keys import digest, is_well_formed
from app.access.models import ApiKey, CalendarFeed
from app.access.roles import Role
from app.access.validity import lack_of, selecting
from app.database.engines import Database
from app.http.answered import answered_of
from app.http.body import ADMITTED
from app.http.clients import client_of
from app.http.runtime import Running, check_schema_once
from app.places import Asker, asking

logger = logging.getLogger(__name__)


async def identify(request: Request, runtime: Running) -> Caller:
    """The caller of a request; raises Unauthorized for a key that is not valid now, Unavailable where no key can be.

    Whom a guard let in before the body was read is the caller once, and looked up again whenever that is asked for later.
    """
    await check_schema_once(runtime)
    admitted = request.scope.pop(ADMITTED, None)
    if isinstance(admitted, Caller):
        return admitted
    asking.set(Asker(client_of(request.scope), has_key=False))
    headers = request.headers.getlist("authorization")
    if not headers:
        return ANONYMOUS
    scheme, _, key = headers[0].partition(" ")
    # One space or more stands between them (RFC 9110, section 11.4).
    key = key.lstrip(" ")
    if len(headers) > 1 or scheme.lower() != "bearer" or not is_well_formed(key):
        raise Unauthorized(lacks="misspelt")
    database, now = runtime.database, runtime.clock()
    row = await find(database, key)
    lacking = "unknown" if row is None else lack_of(row, now, runtime.today)
    if lacking is not None:
        raise Unauthorized(lacks=lacking)
    await note_use(database, ApiKey, row, now.date())
    asking.set(Asker(str(row.id), has_key=True))
    told = answered_of(request.scope)
    told.key_id, told.partner_id = row.id, row.partner_id
    return caller_of(row)


def caller_of(key: Any) -> Caller:
    """Whom a stored key speaks for."""
    return Caller(role=key.role, partner_id=key.partner_id, key_id=key.id)


async def find(database: Database, key: str) -> Any:
    """The stored row of a key, with the day on which its partner ended; None for a key that there is not."""
    wanted = digest(key)

    def work(connection: Connection) -> Any:
        return selecting("digest").first(connection, {"wanted": wanted})

    row = await database.read(work, is_quick=True)
    return row if row is not None and hmac.compare_digest(row.digest, wanted) else None


async def note_use(database: Database, table: type[ApiKey | CalendarFeed], row: Any, today: date) -> None:
    """Remember that a key or a secret address was used today: one write a day, outside of the request's own transaction.

    A database that is busy or cannot be written does not stop the request: the next one tries again.
    """
    if row.last_used_on == today:
        return
    try:
        async with database.transaction() as session:
            await session.execute(update(table).where(col(table.id) == row.id).values(last_used_on=today))
    except (DBAPIError, PoolTimeout, OSError) as error:
        logger.warning("the use of %s %s was not noted: %s", table.__tablename__, row.id, type(error).__name__)


Anyone = Annotated[Caller, Depends(identify)]


async def require_reader(caller: Anyone) -> Caller:
    """A caller with any key."""
    return require(caller, Role.reader)


async def require_contributor(caller: Anyone) -> Caller:
    """A caller that may write what belongs to its partner."""
    return require(caller, Role.contributor)


async def require_coordinator(caller: Anyone) -> Caller:
    """A caller that may write everything about the cooperation."""
    return require(caller, Role.coordinator)


async def require_admin(caller: Anyone) -> Caller:
    """A caller that may also keep its partner's keys and profile."""
    return require(caller, Role.admin)


async def require_operator(caller: Anyone) -> Caller:
    """A caller that may also keep agreements, partners and their first keys."""
    return require(caller, Role.operator)


GUARDS = (require_reader, require_contributor, require_coordinator, require_admin, require_operator)
"""The dependencies that refuse callers without a key."""

Reader = Annotated[Caller, Depends(require_reader)]
Contributor = Annotated[Caller, Depends(require_contributor)]
Coordinator = Annotated[Caller, Depends(require_coordinator)]
Admin = Annotated[Caller, Depends(require_admin)]
Operator = Annotated[Caller, Depends(require_operator)]
