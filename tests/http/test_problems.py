"""Problem documents: one shape for every error, in two languages."""

import json
import logging
import re
from collections.abc import Iterator
from html import unescape
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.routing import Mount

from app.catalogue import FEATURES
from app.http.messages import MESSAGES, field_error
from app.http.problem_schema import document_of_all_kinds
from app.http.problems import ERRORS_SHOWN, LONGEST_POINTER, Problem, at
from app.language import Text
from app.main import ROUTERS, create_app
from app.oparl.objects import PREFIX as OPARL
from app.resources.lists import ListQuery
from app.schema.fields import Id
from app.settings import Settings
from tests.conftest import client_of, running, settings_for
from tests.databases import any_database
from tests.factories import CARITAS, CITY, NOWHERE, body_of, errors_of, make
from tests.problems import detail_of, problem_of

KINDS = tuple(feature.kind for feature in FEATURES)

GERMAN = {"Accept-Language": "de"}

FILLED = {
    "{id}": NOWHERE,
    "{partner_id}": CITY,
    "{on}": "2025-02-28",
    "{slug}": "gone",
    "{segment}": "meeting",
    "{name}": "meeting",
    "{key}": "1",
    "{system}": "sap",
    "{identifier:path}": "1",
    "{suffix}": "csv",
}
PAGES = ("/decisions/", "/indicators/")
"""What is for people: there, an id that is none is a page that is not."""
WITHOUT_DATABASE = ("/v1/vocabularies", "/v1/log/key", "/v1/calendar-feeds/")
"""What is answered, or known not to be there, before a database is asked."""
ASKED = {"/v1/log/proofs/consistency": {"from": 1, "to": 2}, "/v1/log/proofs/inclusion": {"position": 1, "size": 2}}


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """The method and path of every route."""
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            yield method, str(route.path)


def all_routes() -> list[tuple[str, str]]:
    """The method and path of every route of the service."""
    return sorted(set(routes_of(create_app(settings_for("sqlite:////nowhere/register.db")))))


@any_database
class TestEveryError:
    @pytest.mark.parametrize(("method", "path"), all_routes())
    async def test_has_one_shape_on_every_route(self, offline: httpx.AsyncClient, method: str, path: str) -> None:
        """Without a database, with an id that is none and a method that is none: nothing but problem documents."""
        address = re.sub(r"\{[\w:]+\}", lambda part: FILLED[part[0]], path)
        answer = await offline.request("REPORT", address)
        document = problem_of(answer, 405, "method-not-allowed")
        assert method in answer.headers["allow"].split(", ")
        assert document["instance"] == address
        if "{id}" in path and not path.startswith(PAGES):
            answer = await offline.request(method, address.replace(NOWHERE, "none", 1), json=None)
            assert ("id", "uuid_format") in errors_of(answer)
            if not path.startswith(OPARL):
                # Whose errors are those of its own specification, too.
                problem_of(answer, 422, "validation-error")
        is_asked = path.startswith("/v1/") and "openapi" not in path and not path.startswith(WITHOUT_DATABASE)
        if is_asked and method == "GET":
            asked = ASKED.get(path, {})
            problem_of(await offline.get(address, params=asked), 503, "unavailable")
            answer = await offline.get(address, params=asked, headers={"Authorization": "Bearer crk_none"})
            problem_of(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"

    def test_walks_more_than_the_routes_of_the_resources(self) -> None:
        assert len(all_routes()) > 5 * len(ROUTERS)

    def test_has_a_status_a_title_and_a_text_of_its_own(self) -> None:
        for slug, kind in Problem.kinds.items():
            assert re.fullmatch("[a-z]+(-[a-z]+)*", slug)
            assert 400 <= HTTPStatus(kind.status) < 600
            for text in (kind.title, kind.about, kind.remedy):
                assert text.de
                assert text.en
                assert text.de != text.en
            assert kind.__doc__

    def test_has_no_member_that_its_kind_does_not_declare(self) -> None:
        """The contract is composed from what the kinds declare."""
        with pytest.raises(TypeError, match="not-found does not declare"):
            Problem.kinds["not-found"](allowed=["x"])

    @pytest.mark.parametrize(
        ("header", "language"),
        [
            ("de", "de"),
            ("de-DE,de;q=0.9,en;q=0.8", "de"),
            ("en;q=0.8, de;q=0.9", "de"),
            ("en, de", "en"),
            ("de;q=0, en;q=0.1", "en"),
            ("fr, de;q=0.3", "de"),
            ("fr", "en"),
            ("*", "en"),
            ("", "en"),
            (";;;,,,q=,de;q=x", "en"),
            ("de;q=nan", "en"),
            ("\N{SNOWMAN}".encode().decode("latin-1"), "en"),
        ],
    )
    async def test_speaks_the_language_that_the_caller_prefers(
        self, offline: httpx.AsyncClient, header: str, language: Any
    ) -> None:
        answer = await offline.get("/nowhere", headers=[(b"Accept-Language", header.encode("latin-1"))])
        document = problem_of(answer, 404, "not-found", language)
        assert document["detail"] == getattr(Problem.kinds["not-found"].about, language)

    async def test_speaks_english_to_those_who_do_not_say(self, offline: httpx.AsyncClient) -> None:
        problem_of(await offline.get("/nowhere"), 404, "not-found", "en")

    async def test_carries_the_id_of_the_request(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.get("/nowhere", headers={"X-Request-ID": "nightly-push.17"})
        assert problem_of(answer, 404, "not-found")["request_id"] == "nightly-push.17"

    @pytest.mark.parametrize(
        ("path", "instance"),
        [
            ("/nö", "/n%C3%B6"),
            ("/a%20b", "/a%20b"),
            ("/%00%1b[31m%0d%0aX: y", "/%00%1B%5B31m%0D%0AX%3A%20y"),
            ("/<script>alert(1)</script>", "/%3Cscript%3Ealert%281%29%3C/script%3E"),
            ("/%ff", "/%EF%BF%BD"),
            ("/" + "a" * 5000, "/" + "a" * 2047),
        ],
    )
    async def test_names_the_path_without_its_dangers(
        self, offline: httpx.AsyncClient, path: str, instance: str
    ) -> None:
        assert problem_of(await offline.get(path), 404, "not-found")["instance"] == instance

    async def test_never_repeats_control_characters_of_the_request(self, offline: httpx.AsyncClient) -> None:
        body = body_of("goals") | {"\x1b[31m/~\u0085\u202e": 1}
        answers = (
            await offline.get("/v1/goals", params={"\x1b[31m\r\n\u202e": "x"}),
            await offline.post("/v1/goals", json=body),
            await offline.get("/v1/goals/%1b%0d%00"),
        )
        for answer in answers:
            problem_of(answer, 422, "validation-error")
            assert not [letter for letter in answer.text if not letter.isprintable()]
        assert errors_of(answers[0]) == [("?[31m???", "extra_forbidden")]
        assert errors_of(answers[1]) == [("#/%1B%5B31m~1~0%C2%85%E2%80%AE", "extra_forbidden")]

    async def test_shows_the_first_hundred_mistakes(self, offline: httpx.AsyncClient) -> None:
        body = body_of("goals") | {f"unknown_{number}": 1 for number in range(500)}
        assert len(errors_of(await offline.post("/v1/goals", json=body))) == ERRORS_SHOWN

    async def test_shortens_names_that_are_too_long_to_repeat(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.post("/v1/goals", json=body_of("goals") | {"x" * 5000: 1})
        assert errors_of(answer) == [("#/" + "x" * (LONGEST_POINTER - 2), "extra_forbidden")]
        answer = await offline.get("/v1/goals", params={"x" * 5000: "1"})
        assert errors_of(answer) == [("x" * 200, "extra_forbidden")]


@any_database
class TestNotFound:
    @pytest.mark.parametrize(
        "path", ["/nowhere", "/v1/", "/v1/goals/", "//v1/goals", "/V1/goals", "/v1/goals/x/y", "/v2/goals"]
    )
    async def test_is_the_answer_for_every_unknown_address(self, offline: httpx.AsyncClient, path: str) -> None:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            problem_of(await offline.request(method, f"http://register.test{path}"), 404, "not-found")

    async def test_is_the_answer_for_files_that_are_not_there(self, offline: httpx.AsyncClient) -> None:
        mounted = [
            route.path for route in create_app(settings_for("sqlite:///x.db")).routes if isinstance(route, Mount)
        ]
        assert len(mounted) == 2
        for path in mounted:
            for name in ("none.css", "../pages.py", "%2e%2e/pages.py", ""):
                problem_of(await offline.get(f"{path}/{name}"), 404, "not-found")


@any_database
class TestMethodNotAllowed:
    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PUT", "/v1/goals", "GET, HEAD, POST"),
            ("DELETE", "/v1/goals", "GET, HEAD, POST"),
            ("OPTIONS", "/v1/goals", "GET, HEAD, POST"),
            ("POST", f"/v1/goals/{NOWHERE}", "DELETE, GET, HEAD, PATCH"),
            ("PUT", f"/v1/goals/{NOWHERE}", "DELETE, GET, HEAD, PATCH"),
            ("POST", "/", "GET, HEAD"),
            ("BREW", "/healthz", "GET, HEAD"),
            ("DELETE", "/openapi.json", "GET, HEAD"),
            ("PATCH", "/problems/gone", "GET, HEAD"),
        ],
    )
    async def test_names_every_method_that_the_address_has(
        self, offline: httpx.AsyncClient, method: str, path: str, allowed: str
    ) -> None:
        answer = await offline.request(method, path)
        document = problem_of(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == allowed
        assert allowed in document["detail"], "who calls by curl sees no headers"

    async def test_names_the_methods_of_files_too(self, offline: httpx.AsyncClient) -> None:
        page = (await offline.get("/docs")).text
        (script,) = re.findall(r'src="([^"]+docs\.js)"', page)
        answer = await offline.delete(script)
        problem_of(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == "GET, HEAD"


@any_database
class TestHead:
    @pytest.mark.parametrize(
        "path", ["/", "/docs", "/openapi.json", "/healthz", "/readyz", "/v1/goals", f"/v1/partners/{CARITAS}"]
    )
    async def test_is_get_without_its_body(self, client: httpx.AsyncClient, path: str) -> None:
        got, headed = await client.get(path), await client.head(path)
        assert (headed.status_code, headed.content) == (200, b"")
        for name in got.headers.keys() - {"x-request-id", "ratelimit-remaining", "ratelimit-reset"}:
            assert headed.headers[name] == got.headers[name]
        assert got.content

    async def test_of_a_problem_has_no_body_either(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.head("/nowhere")
        assert (answer.status_code, answer.content) == (404, b"")
        assert answer.headers["content-type"] == "application/problem+json"


@any_database
class TestInvalid:
    def test_says_every_mistake_that_a_schema_can_find_in_both_languages(self) -> None:
        """An error without a text of ours would reach a German reader in English."""
        found = set(mistakes())
        assert len(found) > 20
        assert {code for code, _ in found} <= MESSAGES.keys()
        for code, detail in found:
            assert detail.de
            assert detail.en
            assert detail.de != detail.en
            assert not re.search(r"\b(or|and|the|is)\b", detail.de), detail.de
            assert "{" not in detail.de + detail.en or code == "string_pattern_mismatch"

    def test_has_a_text_for_every_code_of_our_own_validators(self) -> None:
        sources = "".join(path.read_text("utf-8") for path in Path("app").rglob("*.py"))
        codes = set(re.findall(r'PydanticCustomError\(\s*"(\w+)"', sources))
        assert codes
        assert codes <= MESSAGES.keys()

    def test_has_no_text_with_places_that_only_one_language_fills(self) -> None:
        for text in MESSAGES.values():
            assert re.findall(r"\{\w*\}", text.de) == re.findall(r"\{\w*\}", text.en)

    @pytest.mark.parametrize("email", ["a@b{c}.de", "a@{0}.de", "a@{", "{}", "%s@%(x)s"])
    async def test_takes_no_value_for_a_template(self, offline: httpx.AsyncClient, email: str) -> None:
        answer = await offline.post("/v1/partners", json=body_of("partners", email=email), headers=GERMAN)
        problem_of(answer, 422, "validation-error", "de")
        assert errors_of(answer) == [("#/email", "email_format")]
        assert detail_of(answer) == "Erwartet wird eine E-Mail-Adresse wie kontakt@example.org."

    async def test_fills_the_limits_into_its_text(self, offline: httpx.AsyncClient) -> None:
        body = body_of("goals", title="x" * 301)
        answer = await offline.post("/v1/goals", json=body, headers=GERMAN)
        assert detail_of(answer) == "Der Text darf höchstens 300 Zeichen haben."
        assert detail_of(await offline.post("/v1/goals", json=body)) == "The string may have 300 characters at most."

    async def test_lists_what_is_allowed_in_the_language_of_the_reader(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.get("/v1/partners?visibility=all", headers=GERMAN)
        assert detail_of(answer) == "Erlaubt ist nur: 'public' oder 'partners'."
        assert detail_of(await offline.get("/v1/partners?visibility=all")) == (
            "Only these are allowed: 'public' or 'partners'."
        )

    async def test_says_which_names_are_known(self, offline: httpx.AsyncClient) -> None:
        """In parameters and in bodies: a filter has another name than one thinks."""
        answer = await offline.get("/v1/topics?tilte=x", headers=GERMAN)
        assert detail_of(answer).startswith(
            "Diese Angabe ist hier nicht bekannt; bekannt sind: agreement_id, created_at_before,"
        )
        answer = await offline.post("/v1/topics", json=body_of("topics", tilte="x"))
        known = "agreement_id, external_ids, name, slug, translations, visibility"
        assert detail_of(answer) == f"This name is not known here; known are: {known}."
        answer = await offline.post(
            "/v1/webhook-endpoints", json={"url": "https://example.org/", "event_types": ["needs"]}
        )
        assert "'need.created', 'need.deleted'" in detail_of(answer)

    async def test_names_the_place_of_each_mistake(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.patch(
            "/v1/goals/none?x=1", json={"title": 5, "a/b~c": 1}, headers={"If-Match": "x" * 1001}
        )
        problem_of(answer, 422, "validation-error")
        assert sorted(errors_of(answer)) == [
            ("#/a~1b~0c", "extra_forbidden"),
            ("#/title", "string_type"),
            ("If-Match", "string_too_long"),
            ("id", "uuid_format"),
        ]

    def test_points_into_arrays_and_escapes_as_rfc_6901_says(self) -> None:
        error = at("participants", 0, "a/b~c d", code="x", detail=Text("x", "x"))
        assert error.name == "#/participants/0/a~1b~0c%20d"


class TestInternalError:
    @pytest.fixture
    async def broken(self, settings: Settings) -> Any:
        """A client of an app with a route that fails, before and after its answer began."""
        async with running(settings) as app:

            @app.get("/broken")
            async def fail() -> None:
                raise RuntimeError("the password is hunter2")

            async with client_of(app) as client:
                yield client

    async def test_leaks_nothing_and_logs_everything(
        self, broken: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = await broken.get("/broken", headers=GERMAN | {"X-Request-ID": "find-me"})
        document = problem_of(answer, 500, "internal-error", "de")
        assert document["detail"] == Problem.kinds["internal-error"].about.de
        for secret in ("hunter2", "RuntimeError", "Traceback", "test_problems"):
            assert secret not in answer.text + str(answer.headers)
        (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert record.exc_info
        assert "hunter2" in str(record.exc_info[1])
        assert (await broken.get("/healthz")).status_code == 200

    async def test_is_the_answer_when_a_statement_is_wrong(
        self, client: httpx.AsyncClient, app: FastAPI, caplog: pytest.LogCaptureFixture
    ) -> None:
        goal = await make(client, "goals")
        async with app.state.runtime.database.transaction() as session:
            await (await session.connection()).exec_driver_sql("ALTER TABLE goal RENAME COLUMN representation TO lost")
        answer = await client.get(f"/v1/goals/{goal['id']}")
        problem_of(answer, 500, "internal-error")
        for secret in ("representation", "SELECT", "sql"):
            assert secret not in answer.text
        assert [each for each in caplog.records if each.levelno == logging.ERROR]


class TestProblemPages:
    @pytest.mark.parametrize("slug", sorted(Problem.kinds))
    async def test_describe_every_kind(self, offline: httpx.AsyncClient, slug: str) -> None:
        kind = Problem.kinds[slug]
        answer = await offline.get(f"/problems/{slug}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json() == {
            "problems": [
                {
                    "type": f"/problems/{slug}",
                    "status": kind.status,
                    "title": kind.title.en,
                    "description": kind.about.en,
                    "remedy": kind.remedy.en,
                }
            ]
        }
        answer = await offline.get(f"/problems/{slug}", headers={"Accept": "text/html,*/*;q=0.8", **GERMAN})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.headers["content-language"] == "de"
        assert f"<title>{kind.title.de} " in answer.text
        assert kind.about.de in answer.text
        assert kind.remedy.de in answer.text
        shown = json.loads(unescape(answer.text.partition('<pre tabindex="0">')[2].partition("</pre>")[0]))
        document_of_all_kinds().model_validate(shown)
        assert (shown["type"], shown["status"]) == (f"/problems/{slug}", kind.status)
        assert shown.keys() >= kind.own.keys()

    async def test_list_all_kinds(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.get("/problems", headers=GERMAN)
        assert [each["type"] for each in answer.json()["problems"]] == [f"/problems/{slug}" for slug in Problem.kinds]
        assert [each["title"] for each in answer.json()["problems"]] == [
            kind.title.de for kind in Problem.kinds.values()
        ]
        page = (await offline.get("/problems", headers={"Accept": "text/html"})).text
        assert sorted(re.findall(r'href="/problems/([a-z-]+)"', page)) == sorted(Problem.kinds)

    async def test_of_no_kind_are_not_found(self, offline: httpx.AsyncClient) -> None:
        problem_of(await offline.get("/problems/none"), 404, "not-found")


WRONG: tuple[Any, ...] = (
    *(None, True, "", " ", "x", "x" * 30_000, "\u202e", 1.5, -1, 0, 10**9, 10**30, 1e300, [], {}),
    *([None], [{}], [[]], ["x", "x"], [1] * 300, {"a": 1}, {"xx": "y" * 999}, {f"x{n}": "y" for n in range(99)}),
    *("2024-02-30", "2024-13-45T25:61:00Z", "2024-02-30T10:00:00Z", "2024-01-01T10:00:00+25:00"),
    *("0000-01-01T10:00:00Z", "0999-01-01", "2024-01-01T23:59:60Z", "a@b{c}.de", "Nowhere/Zone", "ftp://x.de"),
    *([{"title": 1, "name": 1, "partner_id": 1, "role": 1, "url": 1, "duration_minutes": 0}],),
)


def mistakes() -> Iterator[tuple[str, Text]]:
    """The code and text of whatever can be wrong with any field of what callers send."""
    schemas: list[type[BaseModel]] = [
        *(each.create for each in KINDS),
        *(kind.update for kind in KINDS if kind.update),
        *queries(ListQuery),
    ]
    for schema in schemas:
        for name in schema.model_fields:
            for value in WRONG:
                yield from mistakes_of(schema.model_validate, {name: value})
    for value in WRONG:
        yield from mistakes_of(TypeAdapter(Id).validate_python, value)
        yield from mistakes_of(TypeAdapter(KINDS[0].create).validate_python, value)


def mistakes_of(validate: Any, value: Any) -> Iterator[tuple[str, Text]]:
    """The code and text of what is wrong with one value."""
    try:
        validate(value)
    except ValidationError as error:
        for each in error.errors():
            said = field_error({**each, "loc": ("body", *each["loc"])})
            yield said.code, said.detail


def queries(schema: type[ListQuery]) -> Iterator[type[ListQuery]]:
    """The query of every list."""
    for each in schema.__subclasses__():
        yield each
        yield from queries(each)
