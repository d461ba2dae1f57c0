"""Puts the parts together: the only module that knows them all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.responses import Response

from app.access.caller import GUARDS
from app.catalogue import ROUTERS, TAGS, examples
from app.changes.routes import MOST_WAITING
from app.contract.document import Contract
from app.database import Database
from app.http.body import BodyGuard
from app.http.envelope import Envelope
from app.http.handlers import install_error_handlers
from app.http.health import router as health
from app.http.rate_limit import RateLimit
from app.http.retrying import Retry
from app.resources.idempotency import Replay
from app.settings import Settings
from app.site.routes import install_assets
from app.site.routes import router as pages


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the database of the app's settings, and close it when the app ends."""
    settings: Settings = app.state.settings
    app.state.database = Database(
        settings.database, pool_size=settings.database_pool_size, pool_timeout=settings.database_pool_timeout
    )
    app.state.waiting = asyncio.Semaphore(MOST_WAITING)
    yield
    await app.state.database.close()


def create_app(settings: Settings) -> FastAPI:
    """The service with these settings; it opens its database when it starts."""
    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    # Set when the process is asked to end, for answers that would otherwise go on.
    app.state.ending = asyncio.Event()
    app.state.settings = settings
    for router in (*ROUTERS, health, pages):
        app.include_router(router)
    install_assets(app)
    app.openapi = Contract(app, TAGS, examples(), GUARDS)  # type: ignore[method-assign]  # the way that FastAPI's docs name
    install_error_handlers(app)

    @app.exception_handler(Replay)
    async def answer_again(_request: Request, replay: Replay) -> Response:
        return replay.response

    app.add_middleware(Retry)
    app.add_middleware(BodyGuard)
    app.add_middleware(RateLimit, limit=settings.rate_limit)
    app.add_middleware(Envelope)
    return app
