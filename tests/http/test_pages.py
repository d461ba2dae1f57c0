"""What people open in a browser, and what machines look for at well-known addresses."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app import migrating
from app.access.guards import identify
from app.http.failures import LEFT_TO_OPERATOR
from app.settings import Settings
from app.site import routes
from app.site.frame import OWN_ASSETS, PAGE_POLICY
from app.site.kept import Kept
from app.site.routes import LINKS, SWAGGER_ASSETS
from tests.conftest import Cluster, as_command, client_of, running, settings_for
from tests.databases import any_database
from tests.problems import problem_of

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = ("/docs", "/problems", "/problems/gone")


class Elements(HTMLParser):
    """The elements of a page: their names, their attributes, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in ("script", "style"):
            self.inline.append(data)

    def links(self, tag: str, attribute: str) -> list[str]:
        """The addresses that elements lead to."""
        return [
            str(attributes[attribute]) for name, attributes in self.found if name == tag and attribute in attributes
        ]


@any_database
class TestIndex:
    @pytest.mark.parametrize(
        ("language", "title", "first"),
        [
            ("de", "Kooperationsregister", "Schnittstelle im Browser ausprobieren"),
            ("en", "Cooperation register", "Try the API in the browser"),
        ],
    )
    async def test_leads_everywhere_in_both_languages(
        self, offline: httpx.AsyncClient, language: str, title: str, first: str
    ) -> None:
        answer = await offline.get("/", headers={"Accept-Language": language})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers["content-language"] == language
        assert answer.headers["vary"] == "Accept, Accept-Language"
        assert answer.json()["title"] == title
        assert answer.json()["links"][0] == {"href": "/docs", "title": first}

    async def test_has_no_link_that_leads_nowhere(self, client: httpx.AsyncClient) -> None:
        links = (await client.get("/")).json()["links"]
        assert len(links) == len(LINKS)
        for link in links:
            for headers in (BROWSER, {}):
                assert (await client.get(link["href"], headers=headers)).status_code == 200, link

    async def test_names_every_collection_of_the_contract(self, offline: httpx.AsyncClient) -> None:
        links = {each["href"] for each in (await offline.get("/")).json()["links"]}
        contract = (await offline.get("/openapi.json")).json()
        collections = {f"/v1{path}" for path in contract["paths"] if "{" not in path}
        # What needs a key is for its owner; the stream is a form of the changes; the hashes stand for all of the log's proofs.
        own = {
            "/v1/keys",
            "/v1/keys/current",
            "/v1/keys/current/rotation",
            "/v1/calendar-feeds",
            "/v1/imports",
            "/v1/webhook-endpoints",
        }
        proofs = {each for each in collections if each.startswith("/v1/log/") and not each.endswith("/leaves")}
        assert collections - proofs - own - {"/v1/changes/stream"} <= links


class TestPages:
    @pytest.mark.parametrize("path", PAGES)
    async def test_run_nothing_that_is_not_served_from_here(self, offline: httpx.AsyncClient, path: str) -> None:
        answer = await offline.get(path, headers=BROWSER)
        assert answer.headers["content-security-policy"] == PAGE_POLICY
        assert "unsafe" not in PAGE_POLICY
        elements = Elements(answer.text)
        assert "".join(elements.inline).strip() == ""
        for tag, attributes in elements.found:
            assert tag != "style"
            assert not [name for name in attributes if name == "style" or name.startswith("on")]
        addresses = [*elements.links("script", "src"), *elements.links("link", "href"), *elements.links("a", "href")]
        assert addresses
        assert [each for each in addresses if not re.match("/([^/]|$)|#", each)] == []

    @pytest.mark.parametrize("path", PAGES)
    async def test_find_all_their_files(self, offline: httpx.AsyncClient, path: str) -> None:
        elements = Elements((await offline.get(path, headers=BROWSER)).text)
        files = [*elements.links("script", "src"), *elements.links("link", "href")]
        assert any(file.endswith("site.css") for file in files)
        for file in files:
            answer = await offline.get(file)
            assert answer.status_code == 200, file
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"

    async def test_ask_for_the_contract_that_is_served(self, offline: httpx.AsyncClient) -> None:
        script = (await offline.get(f"{OWN_ASSETS}/docs.js")).text
        (url,) = re.findall(r'fetch\("([^"]+)"\)', script)
        assert (await offline.get(url)).json()["openapi"] == "3.1.0"


class TestAssets:
    async def test_are_compressed_where_it_pays(self, offline: httpx.AsyncClient) -> None:
        path = f"{SWAGGER_ASSETS}/swagger-ui-bundle.js"
        packed = await offline.get(path, headers={"Accept-Encoding": "gzip"})
        plain = await offline.get(path, headers={"Accept-Encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == "Accept-Encoding"
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content
        assert packed.num_bytes_downloaded < len(plain.content) / 2

    async def test_are_not_sent_again_to_who_has_them(self, offline: httpx.AsyncClient) -> None:
        path = f"{OWN_ASSETS}/site.css"
        tag = (await offline.get(path)).headers["etag"]
        again = await offline.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == "public, max-age=31536000, immutable"

    async def test_carry_the_version_of_what_they_belong_to(self, offline: httpx.AsyncClient) -> None:
        for folder in (OWN_ASSETS, SWAGGER_ASSETS):
            assert re.fullmatch(r"/assets/[a-z-]+-\d+\.\d+\.\d+", folder)
        answer = await offline.get("/assets/register-0.0.0/site.css")
        problem_of(answer, 404, "not-found")

    async def test_include_the_icon_that_browsers_ask_for(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.get("/favicon.ico")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
        assert answer.text.startswith("<svg")


class TestContract:
    async def test_is_served_at_both_addresses(self, offline: httpx.AsyncClient) -> None:
        first, second = await offline.get("/openapi.json"), await offline.get("/v1/openapi.json")
        assert first.headers["content-type"] == "application/json"
        assert first.headers["access-control-allow-origin"] == "*"
        assert first.content == second.content
        assert json.loads(first.text)["openapi"] == "3.1.0"

    async def test_is_made_once_for_all_who_ask_meanwhile(
        self, app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[object] = []

        def make(of: object, _prefix: str) -> Kept:
            made.append(of)
            return Kept(b"{}", "application/json", "no-cache")

        monkeypatch.setattr(routes, "kept_contract", make)
        # The app may have made it before, and is to have that again.
        before, app.state.contracts = app.state.contracts, {}
        try:
            answers = await asyncio.gather(*(client.get("/openapi.json") for _ in range(4)))
        finally:
            app.state.contracts = before
        assert [answer.json() for answer in answers] == [{}] * 4
        assert made == [app]

    @pytest.mark.parametrize(
        ("accepted", "coding"),
        [
            ("gzip", "gzip"),
            ("br, GZIP;q=0.5", "gzip"),
            ("*", "gzip"),
            ("identity", None),
            ("", None),
            ("gzip;q=0", None),
            ("gzip;q=0, *", None),
            ("*;q=0", None),
            ("br", None),
        ],
    )
    async def test_is_compressed_for_who_takes_it(
        self, offline: httpx.AsyncClient, accepted: str, coding: str | None
    ) -> None:
        answer = await offline.get("/openapi.json", headers={"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == coding
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.json()["openapi"] == "3.1.0"

    async def test_has_an_etag_for_each_form(self, offline: httpx.AsyncClient) -> None:
        tags = []
        for accepted in ("identity", "gzip"):
            headers = {"Accept-Encoding": accepted}
            tag = (await offline.get("/openapi.json", headers=headers)).headers["etag"]
            tags.append(tag)
            for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
                again = await offline.get("/openapi.json", headers=headers | {"If-None-Match": known})
                assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert len(set(tags)) == len(tags)
        changed = await offline.get("/openapi.json", headers={"If-None-Match": '"0"'})
        assert changed.status_code == 200
        problem_of(await offline.get("/openapi.json", headers={"If-None-Match": "0"}), 400, "malformed-request")


TOLD = {
    "operator": "Stadt Musterstadt",
    "contact_email": "register@stadt.example",
    "contact_url": "https://stadt.example/kontakt",
    "terms_url": "https://stadt.example/nutzung",
    "data_licence": "https://www.govdata.de/dl-de/by-2-0",
    "public_url": "https://register.stadt.example",
}


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a register that says who runs it."""
    settings = settings_for(f"sqlite:///{tmp_path}/nowhere.db").model_copy(update=TOLD)
    async with running(settings) as app, client_of(app) as client:
        yield client


class TestStart:
    async def test_leads_on_from_the_base_url(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.get("/v1", headers={"Accept-Language": "de"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers["content-language"] == "de"
        start = answer.json()
        assert (start["title"], start["version"]) == ("Kooperationsregister", answer.headers["api-version"])
        assert start["operator"] is start["contact"] is start["terms"] is start["data_licence"] is None
        hrefs = [each["href"] for each in start["links"]]
        assert {"/v1/sub-measures", "/v1/changes", "/docs", "/openapi.json"} <= set(hrefs)
        assert "/v1" not in hrefs

    async def test_says_who_runs_it(self, told: httpx.AsyncClient) -> None:
        start = (await told.get("/v1")).json()
        assert start["operator"] == TOLD["operator"]
        assert [start["contact"], start["terms"], start["data_licence"]] == [
            TOLD["contact_url"],
            TOLD["terms_url"],
            TOLD["data_licence"],
        ]


class TestSecurity:
    async def test_says_whom_to_tell_as_rfc_9116_wants_it(self, told: httpx.AsyncClient) -> None:
        answer = await told.get("/.well-known/security.txt")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        fields = [line.split(": ", 1) for line in answer.text.splitlines()]
        assert [value for name, value in fields if name == "Contact"] == [
            "mailto:register@stadt.example",
            "https://stadt.example/kontakt",
        ]
        assert ["Canonical", "https://register.stadt.example/.well-known/security.txt"] in fields
        (expires,) = [value for name, value in fields if name == "Expires"]
        assert timedelta(days=30) < datetime.fromisoformat(expires) - datetime.now(UTC) < timedelta(days=365)

    async def test_is_not_there_without_a_contact(self, offline: httpx.AsyncClient) -> None:
        problem_of(await offline.get("/.well-known/security.txt"), 404, "not-found")


@any_database
class TestApiCatalogue:
    async def test_is_a_link_set_as_rfc_9727_wants_it(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/.well-known/api-catalog")
        media_type, _, profile = answer.headers["content-type"].partition("; ")
        assert (answer.status_code, media_type) == (200, "application/linkset+json")
        assert profile == 'profile="https://www.rfc-editor.org/info/rfc9727"'
        (links,) = answer.json()["linkset"]
        assert links["anchor"] == "http://register.test/v1"
        for relation in ("service-desc", "service-doc", "status"):
            (link,) = links[relation]
            target = await client.get(link["href"])
            assert target.status_code == 200
            assert target.headers["content-type"].partition(";")[0] in (
                link["type"].partition(";")[0],
                "application/json",
            )

    async def test_answers_head_with_a_link_to_itself(self, offline: httpx.AsyncClient) -> None:
        """RFC 9727, section 2: a HEAD request resolves to the link relation `api-catalog`."""
        answer = await offline.head("/.well-known/api-catalog")
        assert answer.status_code == 200
        assert answer.headers["link"] == '</.well-known/api-catalog>; rel="api-catalog"'


class TestHealth:
    async def test_says_that_the_process_runs_whatever_the_database_does(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer.headers["cache-control"] == "no-store"


class TestReadiness:
    async def test_is_there_with_a_migrated_database(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
        assert answer.headers["cache-control"] == "no-store"

    async def test_says_what_to_do_about_a_schema_that_is_not_the_newest(self, empty_settings: Settings) -> None:
        await migrating.downgrade(empty_settings, "base")
        async with running(empty_settings) as app, client_of(app) as client:
            answer = await client.get("/readyz", headers={"Accept-Language": "de"})
            assert "register migrate" in problem_of(answer, 503, "unavailable", "de", LEFT_TO_OPERATOR)["detail"]
            assert answer.headers["retry-after"] == "10"
            assert (await client.get("/healthz")).status_code == 200
            await migrating.upgrade(empty_settings)
            assert (await client.get("/readyz")).status_code == 200

    async def test_is_missing_while_an_sqlite_file_cannot_be_opened(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.get("/readyz")
        assert problem_of(answer, 503, "unavailable")["detail"] == "The database cannot be reached."
        problem_of(await offline.get("/v1/goals"), 503, "unavailable")

    async def test_is_missing_while_there_is_no_server(self, tmp_path: Path) -> None:
        away = settings_for(f"postgresql://postgres@/register?host={tmp_path}")
        async with running(away) as app, client_of(app) as client:
            app.dependency_overrides[identify] = as_command
            answer = await client.get("/readyz")
            assert problem_of(answer, 503, "unavailable")["detail"] == "The database cannot be reached."
            for answer in (
                await client.get("/v1/goals"),
                await client.post("/v1/partners", json={"slug": "x", "name": "x", "kind": "other"}),
            ):
                problem_of(answer, 503, "unavailable")
                assert answer.headers["retry-after"] == "1"
                assert str(tmp_path) not in answer.text

    async def test_is_missing_while_there_is_no_such_database(self, cluster: Cluster) -> None:
        async with running(settings_for(cluster.database("nowhere"))) as app, client_of(app) as client:
            problem_of(await client.get("/readyz"), 503, "unavailable")
