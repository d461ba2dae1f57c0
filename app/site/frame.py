"""What every page for people is made in: one state of the register, one language, one layout, one ETag."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.access.caller import ANONYMOUS, Caller
from app.catalogue import FEATURES, Feature
from app.changes.feed import head_of
from app.http.base import outward
from app.http.conditional import Preconditions
from app.http.negotiation import HTML, JSON, acceptable, language_of
from app.labels import label_of
from app.language import LANGUAGES, Language, Text
from app.runtime import Runtime
from app.settings import Settings
from app.site.kept import Pages
from app.site.words import words
from app.site.written import Written, language_of_record

VERSION = version("cooperation-register")
OWN_ASSETS = f"/assets/register-{VERSION}"
OWN_ADDRESS = re.compile(r"( (?:href|src)=\")/(?!/)")
LANGUAGE = "language"
DAY_FORMATS: Mapping[Language, str] = {"de": "%d.%m.%Y", "en": "%-d %B %Y"}
TIME_FORMATS: Mapping[Language, str] = {"de": "%d.%m.%Y, %H:%M Uhr", "en": "%-d %B %Y, %H:%M"}

# No inline script or style anywhere: what is not served from here does not run.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# A picture brings its own style and nothing else.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
SVG = "image/svg+xml"
NAVIGATION: tuple[Feature, ...] = tuple(feature for feature in FEATURES if feature.about)

TEMPLATES = Environment(
    loader=PackageLoader("app.site"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


@dataclass(frozen=True)
class Reader:
    """Who reads a page, in which language, and where the links of the page lead."""

    request: Request
    settings: Settings
    language: Language
    today: date

    def say(self, text: Text) -> str:
        """A text in the language of the page."""
        said: str = getattr(text, self.language)
        return said

    def label(self, field: str) -> str:
        """What people call a field."""
        return self.say(label_of(field))

    def day(self, value: date) -> str:
        """A day as people write it."""
        return value.strftime(DAY_FORMATS[self.language])

    def moment(self, value: datetime, zone: str | None = None) -> str:
        """A time as the clocks of a place show it, the city's where none is named."""
        return value.astimezone(ZoneInfo(zone or self.settings.timezone)).strftime(TIME_FORMATS[self.language])

    def link(self, path: str, **parameters: Any) -> str:
        """An address of a page that stays in the language that was chosen."""
        chosen = self.request.query_params.get(LANGUAGE)
        asked = {**parameters, **({LANGUAGE: chosen} if chosen in LANGUAGES else {})}
        return f"{path}?{urlencode(asked, doseq=True)}" if asked else path

    def file(self, path: str, **parameters: Any) -> str:
        """An address of the API whose answer is for people, in the language of the page where it has one."""
        asked = {**parameters, **({LANGUAGE: self.language} if path.endswith(".xlsx") else {})}
        return f"{path}?{urlencode(asked, doseq=True)}" if asked else path

    @property
    def other_language(self) -> str:
        """The address of the same page in the other language."""
        [other] = (each for each in LANGUAGES if each != self.language)
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name != LANGUAGE]
        return f"{self.request.url.path}?{urlencode([*kept, (LANGUAGE, other)])}"


@dataclass(frozen=True)
class Look(Reader):
    """A reader before one state of the register; pages show what anyone may see, whoever asks."""

    connection: Connection
    position: int
    caller: Caller = ANONYMOUS

    @cached_property
    def usual(self) -> str | None:
        """The language in which people write, where it is one."""
        return language_of_record(self.connection, self.caller)

    def written(self, text: str, tag: str | None = None) -> str:
        """What people wrote, marked with its language where that is not the one of the page; the usual one where none is named."""
        language = tag or self.usual
        if language is None or language.partition("-")[0].lower() == self.language:
            return text
        marked = Written(text)
        marked.language = language
        return marked


Content = Mapping[str, Any]


async def answer(request: Request, template: str, show: Callable[[Look], Content]) -> Response:
    """A page for people; raises what `show` raises."""

    def write(look: Look) -> bytes:
        return rendered(look, template, show(look)).encode()

    return await of_one_state(request, write, HTML, PAGE_POLICY)


async def drawn(request: Request, draw: Callable[[Look], bytes]) -> Response:
    """A picture on a page; raises what `draw` raises."""
    return await of_one_state(request, draw, SVG, PICTURE_POLICY)


async def of_one_state(request: Request, make: Callable[[Look], bytes], media_type: str, policy: str) -> Response:
    """What is made of one state of the register, once on one day; 304 for who has it."""
    runtime: Runtime = request.app.state.runtime
    pages: Pages = request.app.state.pages
    language = chosen_language(request)
    preconditions = Preconditions.of(request.headers)
    address = (outward(request, "/"), request.url.path, request.url.query, language)

    def work(connection: Connection) -> tuple[str, bytes | None]:
        # After a restore the log may come to the same position by other entries.
        position, leaf = head_of(connection)
        state = f"{VERSION}-{position}-{leaf}-{runtime.today}"
        tag = f'W/"{state}-{language}"'
        if preconditions.is_known_as(tag):
            return tag, None
        content = pages.find(state, address)
        if content is None:
            content = make(Look(request, runtime.settings, language, runtime.today, connection, position))
            pages.keep(state, address, content)
        return tag, content

    tag, content = await runtime.database.read_state(work)
    headers = {"ETag": tag, "Content-Security-Policy": policy, **varying(language)}
    if content is None:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def rendered(reader: Reader, template: str, content: Content) -> str:
    """A page as HTML."""
    navigation = [(f"/{feature.kind.path}", reader.say(feature.label)) for feature in NAVIGATION]
    page = TEMPLATES.get_template(template).render(
        look=reader,
        language=reader.language,
        settings=reader.settings,
        t=words(reader.language),
        assets=OWN_ASSETS,
        navigation=navigation,
        position=reader.position if isinstance(reader, Look) else None,
        **{"current": "", "programs": None, **content},
    )
    # What people wrote has no quotes in HTML, so nothing of it is taken for an address.
    return OWN_ADDRESS.sub(f"\\1{outward(reader.request, '/')}", page)


def still(request: Request, template: str, content: Content, status_code: int = 200) -> Response:
    """A page about nothing in the record, which is there without the database, too."""
    runtime: Runtime = request.app.state.runtime
    reader = Reader(request, runtime.settings, chosen_language(request), runtime.today)
    headers = {**varying(reader.language), "Content-Security-Policy": PAGE_POLICY}
    return HTMLResponse(rendered(reader, template, content), status_code, headers)


def chosen_language(request: Request) -> Language:
    """The language that the address names, else the one that the browser prefers."""
    return LANGUAGES.get(request.query_params.get(LANGUAGE, "")) or language_of(request.headers)


def varying(language: Language) -> dict[str, str]:
    """The headers of an answer that depends on who asks."""
    return {"Content-Language": language, "Vary": "Accept, Accept-Language", "Cache-Control": "no-cache"}


def wants_html(request: Request) -> bool:
    """Whether a person asks: browsers name HTML, programs do not."""
    return acceptable(request.headers.getlist("accept"), (JSON, HTML)) == HTML
