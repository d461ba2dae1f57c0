"""Whether the process runs, and whether it can serve."""

from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.responses import JSONResponse, Response

from app.http.problems import Unavailable
from app.http.runtime import Reading
from app.language import Text
from app.revisions import current_revision, newest_revision

router = APIRouter(include_in_schema=False)

UNREACHABLE = Text("Die Datenbank ist nicht erreichbar.", "The database cannot be reached.")
OUTDATED = Text(
    "Das Schema der Datenbank ist nicht das dieser Version: bitte `register migrate` ausführen.",
    "The database's schema is not that of this version: run `register migrate`.",
)
NO_STORE = {"Cache-Control": "no-store"}


@router.get("/healthz")
async def get_health() -> Response:
    """Say that the process runs."""
    return JSONResponse({"status": "ok"}, headers=NO_STORE)


@router.get("/readyz")
async def get_readiness(database: Reading) -> Response:
    """Say that requests can be served, or why not."""
    try:
        revision = await database.read(current_revision)
    except (DBAPIError, PoolTimeout, OSError):
        raise Unavailable(UNREACHABLE) from None
    if revision != newest_revision():
        raise Unavailable(OUTDATED)
    return JSONResponse({"status": "ready"}, headers=NO_STORE)
