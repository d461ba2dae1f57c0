"""The pages that people see in a browser, and the same as JSON for programs."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from app.catalogue import FEATURES
from app.http.base import base_at, outward
from app.http.envelope import API_VERSION
from app.http.errors import NotFound
from app.http.forwarded import prefix_of
from app.http.negotiation import language_of
from app.http.problems import Problem, example
from app.language import Text
from app.settings import Settings
from app.site import charts, collections, reports
from app.site.frame import OWN_ASSETS, answer, chosen_language, still, varying, wants_html
from app.site.kept import Kept, Pages
from app.site.overview import overview
from app.site.words import WORDS

router = APIRouter(include_in_schema=False)
for part in (collections, reports, charts):
    router.include_router(part.router)

SWAGGER_ASSETS = f"/assets/swagger-ui-{version('fastapi-offline')}"

SECURITY_HOLDS = timedelta(days=182)
START = "/v1"
MOST_CONTRACTS = 4
"""One for each path below which a proxy says that the register is reached."""
TITLE = WORDS["title"]
DOCS = Text("Schnittstelle", "API")
KEPT_OF_PROBLEMS = frozenset({"allow", "retry-after", "www-authenticate", "cache-control"})
LINKS = (
    ("/docs", Text("Schnittstelle im Browser ausprobieren", "Try the API in the browser")),
    ("/openapi.json", Text("Vertrag der Schnittstelle (OpenAPI 3.1)", "Contract of the API (OpenAPI 3.1)")),
    (START, Text("Anfang der Schnittstelle", "Start of the API")),
    *((f"/v1/{feature.kind.path}", feature.label) for feature in FEATURES if feature.about),
    ("/v1/reports/progress", Text("Bericht: Fortschritt der Ziele", "Report: progress of the goals")),
    (
        "/v1/reports/progress/sub-measures",
        Text("Bericht: Fortschritt der Teilmaßnahmen", "Report: progress of the sub-measures"),
    ),
    ("/v1/reports/early-involvement", Text("Bericht: frühzeitige Beteiligung", "Report: early involvement")),
    (
        "/v1/reports/early-involvement/decisions",
        Text("Bericht: Beteiligung an jeder Entscheidung", "Report: involvement in each decision"),
    ),
    (
        "/v1/reports/early-involvement/partners",
        Text("Bericht: Beteiligung jedes Partners", "Report: involvement of each partner"),
    ),
    ("/v1/reports/indicators", Text("Bericht: Kennzahlen", "Report: indicators")),
    ("/v1/reports/exchange", Text("Bericht: Austausch", "Report: exchange")),
    ("/v1/reports/upcoming", Text("Bericht: was ansteht", "Report: what is due")),
    ("/v1/calendar.ics", Text("Termine als Kalender", "Dates as a calendar")),
    ("/v1/vocabularies", Text("Begriffe und was sie bedeuten", "Terms and what they mean")),
    ("/catalog.jsonld", Text("Katalog der Daten (DCAT-AP.de)", "Catalogue of the data (DCAT-AP.de)")),
    ("/v1/changes", Text("Was sich geändert hat", "What has changed")),
    ("/v1/redactions", Text("Was gelöscht wurde und warum", "What was erased, and why")),
    ("/v1/log/leaves", Text("Prüfsummen des Protokolls", "Hashes of the log")),
    ("/oparl/v1.1", Text("OParl 1.1", "OParl 1.1")),
    ("/problems", Text("Arten von Fehlern", "Kinds of problems")),
    ("/.well-known/api-catalog", Text("API-Katalog (RFC 9727)", "API catalogue (RFC 9727)")),
    ("/readyz", Text("Bereitschaft", "Readiness")),
)


class Assets(StaticFiles):
    """Files under a path that carries their version, so browsers may keep them for a year; each is compressed once."""

    def __init__(self, package: str, folder: str) -> None:
        super().__init__(packages=[(package, folder)])
        self.kept: dict[str, Kept] = {}

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,  # noqa: ARG002 (Starlette passes it)
        scope: Scope,
        status_code: int = 200,  # noqa: ARG002 (the same)
    ) -> Response:
        """The file in the form that the caller takes."""
        path = str(full_path)
        if path not in self.kept:
            media_type = guess_type(path)[0] or "application/octet-stream"
            self.kept[path] = Kept(Path(path).read_bytes(), media_type, "public, max-age=31536000, immutable")
        return self.kept[path].answer(Headers(scope=scope))


def install_assets(app: FastAPI) -> None:
    """Serve the files of the pages: our own, and those of Swagger UI from its package."""
    app.state.contracts = {}
    app.state.pages = Pages()
    app.mount(OWN_ASSETS, Assets("app.site", "assets"))
    app.mount(SWAGGER_ASSETS, Assets("fastapi_offline", "static"))


@router.get("/")
async def get_index(request: Request) -> Response:
    """Lead to everything that is here."""
    language = language_of(request.headers)
    links = [{"href": outward(request, href), "title": getattr(text, language)} for href, text in LINKS]
    if not wants_html(request):
        return JSONResponse({"title": getattr(TITLE, language), "links": links}, headers=varying(language))
    return await answer(request, "overview.html", overview)


@router.get("/docs")
async def get_docs(request: Request) -> Response:
    """The API in the browser: Swagger UI, without anything from elsewhere."""
    return still(
        request,
        "docs.html",
        {"title": getattr(DOCS, chosen_language(request)), "current": "/docs", "swagger": SWAGGER_ASSETS},
    )


@router.get("/favicon.ico")
async def get_icon() -> Response:
    """The icon of the pages."""
    return FileResponse(str(files("app.site") / "assets/icon.svg"), media_type="image/svg+xml")


@router.get("/openapi.json")
@router.get("/v1/openapi.json")
async def get_contract(request: Request) -> Response:
    """The contract of the API."""
    kept: dict[str, asyncio.Future[Kept]] = request.app.state.contracts
    prefix = prefix_of(request.scope)
    before = kept.get(prefix)
    if before is None or (before.done() and before.exception()):
        while len(kept) >= MOST_CONTRACTS:
            del kept[next(iter(kept))]
        # It takes a second to make, which nobody else is to wait for; whoever asks meanwhile waits for the same one.
        kept[prefix] = asyncio.ensure_future(run_in_threadpool(kept_contract, request.app, prefix))
    return (await asyncio.shield(kept[prefix])).answer(request.headers)


def kept_contract(app: FastAPI, prefix: str) -> Kept:
    """The contract as it is sent below a path."""
    contract: Any = app.openapi
    content = json.dumps(contract.below(prefix), ensure_ascii=False, separators=(",", ":")).encode()
    return Kept(content, "application/json", "no-cache")


@router.get("/v1")
async def get_start(request: Request) -> Response:
    """Where everything of the API is, for programs and for whoever tries the base URL."""
    language = language_of(request.headers)
    settings: Settings = request.app.state.runtime.settings
    links = [
        {"href": outward(request, href), "title": getattr(text, language)} for href, text in LINKS if href != START
    ]
    about = {"title": getattr(TITLE, language), "version": API_VERSION, "operator": settings.operator}
    told = {"contact": settings.contact_url, "terms": settings.terms_url, "data_licence": settings.data_licence}
    return JSONResponse({**about, **told, "links": links}, headers=varying(language))


@router.get("/.well-known/security.txt")
async def get_security(request: Request) -> Response:
    """Whom to tell of a weakness (RFC 9116); 404 where the settings name nobody."""
    settings: Settings = request.app.state.runtime.settings
    mail = f"mailto:{settings.contact_email}" if settings.contact_email else None
    contacts = [each for each in (mail, settings.contact_url) if each]
    if not contacts:
        raise NotFound
    lines = [f"Contact: {each}" for each in contacts]
    # It must end within a year; whoever looks each day sees one that is good for half of one.
    expires = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + SECURITY_HOLDS
    lines += [f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: de, en"]
    if settings.public_url:
        lines.append(f"Canonical: {base_at(request)}/.well-known/security.txt")
    text = "".join(f"{line}\n" for line in lines)
    return PlainTextResponse(text, headers={"Cache-Control": "no-cache"})


@router.get("/problems")
async def list_problems(request: Request) -> Response:
    """Every kind of problem that an answer can be."""
    return problems_page(request, [*Problem.kinds.values()], WORDS["problems"])


@router.get("/problems/{slug}")
async def get_problem(request: Request, slug: str) -> Response:
    """What one kind of problem means."""
    kind = Problem.kinds.get(slug)
    if kind is None:
        raise NotFound
    return problems_page(request, [kind], kind.title)


@router.get("/.well-known/api-catalog")
async def get_catalogue(request: Request) -> Response:
    """Where the API, its contract, its docs and its state are (RFC 9727, as a link set of RFC 9264)."""
    base = base_at(request)
    links = {
        "anchor": f"{base}/v1",
        "service-desc": [{"href": f"{base}/openapi.json", "type": "application/vnd.oai.openapi+json;version=3.1"}],
        "service-doc": [{"href": f"{base}/docs", "type": "text/html"}],
        "status": [{"href": f"{base}/readyz", "type": "application/json"}],
    }
    profile = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
    # The answer to HEAD has no body: its Link says that this is the catalogue (RFC 9727, section 2).
    headers = {"Cache-Control": "no-cache", "Link": '</.well-known/api-catalog>; rel="api-catalog"'}
    return JSONResponse({"linkset": [links]}, media_type=profile, headers=headers)


def problems_page(request: Request, kinds: Sequence[type[Problem]], title: Text) -> Response:
    """Descriptions of problems, for people or for programs; one alone has an example."""
    language = chosen_language(request) if wants_html(request) else language_of(request.headers)
    described = [
        {
            "type": f"/problems/{kind.slug}",
            "status": kind.status,
            "title": getattr(kind.title, language),
            "description": getattr(kind.about, language),
            "remedy": getattr(kind.remedy, language),
        }
        for kind in kinds
    ]
    told = [each | {"type": outward(request, each["type"])} for each in described]
    if not wants_html(request):
        return JSONResponse({"problems": told}, headers=varying(language))
    led = {"type": told[0]["type"], "instance": outward(request, "/v1/goals")}
    shown = json.dumps(example(kinds[0], language) | led, ensure_ascii=False, indent=2) if len(kinds) == 1 else None
    content = {"title": getattr(title, language), "problems": described, "example": shown}
    return still(request, "problems.html", {**content, "programs": request.url.path})


def install_pages_of_problems(app: FastAPI) -> None:
    """Let a browser that ends in a problem outside of the API see a page that leads home."""
    for kind in (Problem, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, leading_home(app.exception_handlers[kind]))


def leading_home(answered: Any) -> Callable[[Request, Exception], Awaitable[Response]]:
    """The problem document that there is already, as a page for whoever prefers that."""

    async def lead_home(request: Request, error: Exception) -> Response:
        document: Response = await answered(request, error)
        if request.url.path.startswith(f"{START}/") or not wants_html(request):
            return document
        said = json.loads(bytes(document.body))
        content = {"title": said["title"], "detail": said["detail"], "errors": said.get("errors", ())}
        page = still(request, "problem.html", content, document.status_code)
        kept = {name: value for name, value in document.headers.items() if name in KEPT_OF_PROBLEMS}
        page.headers.update(kept)
        return page

    return lead_home
