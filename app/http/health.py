"""Whether the process runs, and whether it can serve."""

from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.responses import JSONResponse, Response

from app.http.problems import Unavailable
from app.http.runtime import Running, check_schema
from app.language import Text

router = APIRouter(include_in_schema=False)

UNREACHABLE = Text("Die Datenbank ist nicht erreichbar.", "The database cannot be reached.")
NO_STORE = {"Cache-Control": "no-store"}


@router.get("/healthz")
async def get_health() -> Response:
    """Say that the process runs."""
    return JSONResponse({"status": "ok"}, headers=NO_STORE)


@router.get("/readyz")
async def get_readiness(runtime: Running) -> Response:
    """Say that requests can be served, or why not."""
    try:
        await check_schema(runtime)
    except (DBAPIError, PoolTimeout, OSError):
        raise Unavailable(UNREACHABLE) from None
    return JSONResponse({"status": "ready"}, headers=NO_STORE)
