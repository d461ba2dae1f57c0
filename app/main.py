"""Puts the parts together: the only module that knows them all."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

from fastapi import FastAPI, Request
from starlette.responses import Response

from app.access.guards import GUARDS
from app.access.parameters import ONE_EACH
from app.access.routing import Router
from app.agreements.routes import router as agreements
from app.calendar.routes import router as calendar
from app.catalogue import FEATURES
from app.changes.routes import router as changes
from app.consultation_events.routes import router as consultation_events
from app.contract.document import Contract
from app.contract.examples import examples
from app.decisions.routes import router as decisions
from app.goals.routes import router as goals
from app.http.body import BodyGuard
from app.http.city_time import CityTime
from app.http.envelope import Envelope, Refuse
from app.http.forwarded import Forwarded
from app.http.handlers import install_error_handlers
from app.http.health import router as health
from app.http.problems import Problem
from app.http.rate_limit import RateLimit
from app.http.retrying import Retry
from app.http.sending import LargeAnswers
from app.http.turns import Turns
from app.indicators.routes import router as indicators
from app.interchange.exports import router as exports
from app.interchange.external_routes import router as external
from app.interchange.import_routes import router as imports
from app.involvement.routes import router as involvement
from app.keys.routes import router as keys
from app.linked_data.asking import LinkedData
from app.linked_data.routes import contexts
from app.linked_data.routes import documents as linked_documents
from app.linked_data.routes import router as vocabularies
from app.log.routes import router as log
from app.needs.routes import router as needs
from app.objections.routes import router as objections
from app.observations.routes import router as observations
from app.oparl.routes import router as oparl
from app.partners.routes import router as partners
from app.progress_reports.routes import router as progress_reports
from app.proposals.routes import router as proposals
from app.redactions.routes import router as redactions
from app.reports.downloads import router as downloads
from app.reports.routes import router as reports
from app.resources.idempotency import Replay
from app.runtime import Runtime
from app.settings import Settings
from app.site.routes import install_assets, install_pages_of_problems
from app.site.routes import router as pages
from app.statements.routes import router as statements
from app.sub_measures.routes import router as sub_measures
from app.topics.routes import router as topics
from app.upkeep import Backup  # noqa: F401 (its table is known then)
from app.webhooks.routes import router as webhook_endpoints
from app.webhooks.routes import webhooks

# Routers are tried one after the other, so those that are asked for most stand first.
ROUTERS: tuple[Router, ...] = (
    # Before the kinds, for which `external` would be an id.
    external,
    consultation_events,
    sub_measures,
    changes,
    partners,
    goals,
    topics,
    decisions,
    statements,
    needs,
    progress_reports,
    objections,
    proposals,
    indicators,
    observations,
    agreements,
    involvement,
    reports,
    downloads,
    exports,
    calendar,
    vocabularies,
    keys,
    log,
    redactions,
    webhook_endpoints,
    imports,
)

TAGS: Mapping[str, str] = {
    **{feature.tag: feature.about for feature in FEATURES if feature.about},
    "reports": "Figures about the cooperation, as JSON and as files, each with the change position it was computed at.",
    "changes": "Everything that happened, in the one order in which it happened.",
    "log": "What proves that the log of changes is one and has only grown: checkpoints, proofs, cosignatures.",
    "redactions": "What was erased from the record and its history, and on which legal basis.",
    "exports": "Whole lists as files: for programs, and as spreadsheets for people.",
    "calendar": "The consultation events and deadlines for calendars to subscribe to, and secret addresses of a partner's own.",
    "vocabularies": "The closed vocabularies with what their terms mean, in German and English.",
    "imports": "Many resources of one kind in one file.",
    "keys": "The keys by which the systems of partners write; for admins of each, and operators.",
    "webhook-endpoints": "Where the systems of partners have changes sent to (Standard Webhooks).",
}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Close what the app had at hand when it ends."""
    yield
    await app.state.runtime.close()


def create_app(settings: Settings) -> FastAPI:
    """The service with these settings; it connects to its database when it is first asked."""
    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.runtime = Runtime.of(settings)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(oparl, dependencies=[ONE_EACH])
    for other in (health, pages, linked_documents):
        app.include_router(other)
    app.webhooks.include_router(webhooks)
    install_assets(app)
    app.openapi = Contract(app, settings, TAGS, examples(), GUARDS, contexts())  # type: ignore[method-assign]  # the way that FastAPI's docs name
    install_error_handlers(app)
    install_pages_of_problems(app)

    @app.exception_handler(Replay)
    async def answer_again(_request: Request, replay: Replay) -> Response:
        return replay.response

    app.add_middleware(CityTime)
    app.add_middleware(LinkedData)
    app.add_middleware(Retry)
    app.add_middleware(BodyGuard, guards=GUARDS)
    app.add_middleware(LargeAnswers)
    app.add_middleware(RateLimit, limit=settings.rate_limit)
    app.add_middleware(Envelope, refuse=cast("Refuse", app.exception_handlers[Problem]))
    app.add_middleware(Turns)
    app.add_middleware(Forwarded, proxies=settings.proxies, root_path=settings.root_path)
    return app
