"""Whether the process runs, and whether it can serve."""

import asyncio
import logging

from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.responses import JSONResponse, Response

from app.database.errors import described
from app.http.failures import Unavailable
from app.http.runtime import Running, check_schema
from app.language import Text

logger = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)

UNREACHABLE = Text("Die Datenbank ist nicht erreichbar.", "The database cannot be reached.")
READY_SECONDS = 2.0
NO_STORE = {"Cache-Control": "no-store"}


@router.get("/healthz")
async def get_health() -> Response:
    """Say that the process runs."""
    return JSONResponse({"status": "ok"}, headers=NO_STORE)


@router.get("/readyz")
async def get_readiness(runtime: Running) -> Response:
    """Say that requests can be served, or why not, within two seconds."""
    checking = asyncio.ensure_future(check_schema(runtime))
    # Broken off, it would wait for the server that it was to stop waiting for; so it ends by itself, later.
    checking.add_done_callback(lambda done: done.cancelled() or done.exception())
    done, _ = await asyncio.wait([checking], timeout=READY_SECONDS)
    if not done:
        raise Unavailable(UNREACHABLE)
    try:
        await checking
    except (DBAPIError, PoolTimeout, OSError) as error:
        logger.warning("not ready: %s", described(error))
        raise Unavailable(UNREACHABLE) from None
    return JSONResponse({"status": "ready"}, headers=NO_STORE)
