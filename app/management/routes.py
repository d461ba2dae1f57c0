"""The management port: health, readiness and figures for the operator, and nothing of the record."""

import asyncio

from fastapi import APIRouter, FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.database.errors import DATABASE_ERRORS
from app.http.handlers import install_error_handlers
from app.http.health import router as health
from app.http.runtime import Running
from app.management.figures import note_use
from app.management.state import State, read_state
from app.places import NoPlace
from app.runtime import Runtime

SECONDS_TO_READ = 2.0

router = APIRouter()


@router.get("/metrics")
async def get_metrics(runtime: Running) -> Response:
    """The figures, in Prometheus' text format."""
    note_use(runtime)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package has no types for it
    registry.register(await state_of(runtime))
    text = await run_in_threadpool(generate_latest, registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


async def state_of(runtime: Runtime) -> State:
    """The figures of the record; without them where the database does not answer in time."""
    now = runtime.clock()
    try:
        async with asyncio.timeout(SECONDS_TO_READ):
            families = await runtime.database.read(lambda connection: read_state(connection, now))
    except (*DATABASE_ERRORS, NoPlace, TimeoutError):
        return State([], is_up=False)
    return State(families, is_up=True)


def management_app(runtime: Runtime) -> FastAPI:
    """What answers on the management port."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.runtime = runtime
    app.include_router(health)
    app.include_router(router)
    install_error_handlers(app)
    return app
